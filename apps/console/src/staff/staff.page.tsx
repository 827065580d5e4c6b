import {
  type GatewayInvitation,
  gatewayRolesListOptions,
  type GatewayStaffMember,
  gatewayStaffListOptions,
  gatewayStaffReinvite,
  gatewayStaffRemove,
  gatewayStaffResume,
  gatewayStaffSuspend,
} from '@switchboard/api-client';
import {
  Ago,
  Avatar,
  Badge,
  Button,
  Card,
  type Column,
  DataTable,
  Empty,
  Filters,
  Grid,
  notify,
  Page,
  ProblemState,
  Stack,
  Tabs,
  type Tone,
  useConfirm,
  wordOf,
} from '@switchboard/ui';
import { useQuery } from '@tanstack/react-query';
import { useSearch } from '@tanstack/react-router';
import {
  Mail,
  MonitorSmartphone,
  Pencil,
  ShieldEllipsis,
  Trash2,
  UserPlus,
  UserRoundCheck,
  UserRoundX,
  Users,
} from 'lucide-react';
import { useState } from 'react';
import { etagOf, refresh, tellProblem } from '../http/api';
import { useList } from '../list';
import { oneOf, useSetSearch } from '../search';
import { useStaff } from '../session';
import { isAboutSomething, usePermissionName } from '../staff-names/permission-texts';
import { useRoleTexts } from '../staff-names/roles.texts';
import { GrantDialog } from './grant-dialog';
import { KeysOfMember } from './keys-of-member';
import { InviteDialog } from './invite-dialog';
import { InvitationLink } from './invitation-link';
import { MemberDialog } from './member-dialog';
import { SessionsDialog } from './sessions-dialog';
import { useStaffTexts } from './staff.texts';
import './staff.css';

const tabs = ['staff', 'roles'] as const;
const tones: Record<string, Tone> = { invited: 'info', active: 'good', suspended: 'bad' };

export function StaffPage() {
  const t = useStaffTexts();
  const set = useSetSearch();
  const { tab } = useSearch({ from: '/console/staff' });
  return (
    <Page title={t.title} about={t.about}>
      <Tabs
        label={t.title}
        selected={oneOf(tabs, tab) ?? 'staff'}
        onSelect={(id) => set({ tab: id === 'staff' ? undefined : id })}
        tabs={[
          { id: 'staff', title: t.tabs.staff, content: <Members /> },
          { id: 'roles', title: t.tabs.roles, content: <Roles /> },
        ]}
      />
    </Page>
  );
}

function Members() {
  const t = useStaffTexts();
  const { rolesOf } = useRoleTexts();
  const me = useStaff();
  const confirm = useConfirm();
  const { after } = useSearch({ from: '/console/staff' });
  const [inviting, setInviting] = useState(false);
  const [granting, setGranting] = useState<GatewayStaffMember>();
  const [editing, setEditing] = useState<GatewayStaffMember>();
  const [looking, setLooking] = useState<GatewayStaffMember>();
  const [invitation, setInvitation] = useState<GatewayInvitation>();
  const { list } = useList(gatewayStaffListOptions({ query: { after, limit: 50 } }));
  const mayWrite = me.can('staff:write');

  const act = async (work: () => Promise<unknown>, text: string) => {
    await work()
      .then(() => notify({ text }))
      .catch(tellProblem);
    await refresh('gatewayStaff');
  };
  const suspend = async ({ id, name }: GatewayStaffMember) => {
    const text = (
      <>
        <p>{t.suspendText}</p>
        <KeysOfMember staffId={id} />
      </>
    );
    const question = { title: t.suspendTitle(name), text, action: t.suspend, look: 'danger' as const };
    if ((await confirm(question)) === undefined) return;
    await act(() => gatewayStaffSuspend({ path: { staffId: id } }), t.suspended(name));
  };
  const remove = async ({ id, name, revision }: GatewayStaffMember) => {
    const text = (
      <>
        <p>{t.removeText}</p>
        <KeysOfMember staffId={id} />
      </>
    );
    const question = { title: t.removeTitle(name), text, action: t.remove, look: 'danger' as const };
    if ((await confirm(question)) === undefined) return;
    const headers = { 'If-Match': etagOf(revision) };
    await act(() => gatewayStaffRemove({ path: { staffId: id }, headers }), t.removed(name));
  };
  const reinvite = async ({ id, name }: GatewayStaffMember) => {
    const question = { title: t.reinviteTitle(name), text: t.reinviteText, action: t.reinvite };
    if ((await confirm(question)) === undefined) return;
    await gatewayStaffReinvite({ path: { staffId: id }, headers: { 'Idempotency-Key': crypto.randomUUID() } })
      .then(({ data: made }) => setInvitation(made))
      .catch(tellProblem);
    await refresh('gatewayStaff');
  };

  const columns: Column<GatewayStaffMember>[] = [
    {
      ...{ id: 'name', title: t.name },
      cell: ({ id, name, email }) => (
        <span className="member">
          <Avatar id={id} name={name || email || ''} />
          <span>
            <span>
              {name || email} {id === me.id && <Badge>{t.you}</Badge>}
            </span>
            <small>{email}</small>
          </span>
        </span>
      ),
    },
    {
      ...{ id: 'state', title: t.state, width: '130px', phone: 'state' },
      cell: ({ state }) => (
        <Badge dot tone={tones[state] ?? 'neutral'}>
          {wordOf(t.states, state)}
        </Badge>
      ),
    },
    {
      ...{ id: 'roles', title: t.roles },
      cell: ({ grants }) => (
        <span className="ui-row">
          {grants.map(({ role, botId }) => (
            <Badge key={`${role} ${botId ?? ''}`} tone="accent">
              {rolesOf([role])}
              {botId && ` · ${botId}`}
            </Badge>
          ))}
        </span>
      ),
    },
    {
      ...{ id: 'factors', title: t.factors, width: '190px', phone: 'never' },
      cell: ({ factors }) => factors.map((factor) => wordOf(t.factorNames, factor)).join(', '),
    },
    {
      ...{ id: 'at', title: t.signedIn, width: '140px' },
      cell: ({ signedInAt }) => (signedInAt ? <Ago at={signedInAt} /> : t.never),
    },
  ];
  const inviteButton = mayWrite && (
    <Button look="primary" icon={<UserPlus />} onPress={() => setInviting(true)}>
      {t.invite}
    </Button>
  );
  return (
    <>
      {inviteButton && <Filters end={inviteButton} />}
      <DataTable
        label={t.tabs.staff}
        columns={columns}
        {...list}
        idOf={({ id }) => id}
        nameOf={({ name, email }) => name || email || ''}
        empty={
          <Empty icon={<Users />} title={t.none} action={inviteButton}>
            {t.noneText}
          </Empty>
        }
        actions={(member) => {
          const isOther = member.id !== me.id;
          const mayChange = mayWrite && isOther;
          return [
            {
              id: 'see',
              entries: isOther
                ? [
                    {
                      ...{ id: 'sessions', label: t.sessions, icon: <MonitorSmartphone /> },
                      onAction: () => setLooking(member),
                    },
                  ]
                : [],
            },
            {
              id: 'change',
              entries: mayChange
                ? [
                    {
                      ...{ id: 'grant', label: t.grant, icon: <ShieldEllipsis /> },
                      onAction: () => setGranting(member),
                    },
                    { id: 'rename', label: t.rename, icon: <Pencil />, onAction: () => setEditing(member) },
                    { id: 'reinvite', label: t.reinvite, icon: <Mail />, onAction: () => void reinvite(member) },
                  ]
                : [],
            },
            {
              id: 'end',
              entries: !mayChange
                ? []
                : member.state === 'suspended'
                  ? [
                      {
                        ...{ id: 'resume', label: t.resume, icon: <UserRoundCheck /> },
                        onAction: () =>
                          void act(() => gatewayStaffResume({ path: { staffId: member.id } }), t.resumed(member.name)),
                      },
                    ]
                  : [
                      {
                        ...{ id: 'suspend', label: t.suspend, icon: <UserRoundX />, look: 'danger' },
                        onAction: () => void suspend(member),
                      },
                    ],
            },
            {
              id: 'remove',
              entries: mayChange
                ? [
                    {
                      ...{ id: 'remove', label: t.remove, icon: <Trash2 />, look: 'danger' },
                      onAction: () => void remove(member),
                    },
                  ]
                : [],
            },
          ];
        }}
      />
      {inviting && (
        <InviteDialog
          onClose={() => setInviting(false)}
          onDone={(made) => {
            setInviting(false);
            setInvitation(made);
            void refresh('gatewayStaff');
          }}
        />
      )}
      {granting && <GrantDialog member={granting} onClose={() => setGranting(undefined)} />}
      {editing && <MemberDialog member={editing} onClose={() => setEditing(undefined)} />}
      {looking && <SessionsDialog member={looking} onClose={() => setLooking(undefined)} />}
      {invitation && <InvitationLink invitation={invitation} onClose={() => setInvitation(undefined)} />}
    </>
  );
}

function Roles() {
  const t = useStaffTexts();
  const { rolesOf } = useRoleTexts();
  const { data, error, refetch } = useQuery(gatewayRolesListOptions());
  if (error && !data) return <ProblemState error={error} retry={() => void refetch()} />;
  return (
    <Grid min={300}>
      {data?.roles.map(({ name, scopes, isBuiltIn }) => {
        const known = scopes.filter(isAboutSomething);
        const allowed = known.filter((scope) => !scope.startsWith('!'));
        const forbidden = known.filter((scope) => scope.startsWith('!')).map((scope) => scope.slice(1));
        return (
          <Card key={name} title={rolesOf([name])} about={isBuiltIn ? t.roleBuiltIn : undefined}>
            <Stack gap={10}>
              <ScopeList title={t.may} scopes={allowed} all={t.everything} />
              {forbidden.length > 0 && <ScopeList title={t.mayNot} scopes={forbidden} all={t.everything} />}
            </Stack>
          </Card>
        );
      })}
    </Grid>
  );
}

function ScopeList({ title, scopes, all }: { title: string; scopes: readonly string[]; all: string }) {
  const nameOf = usePermissionName();
  return (
    <div>
      <p className="soft">{title}</p>
      <ul className="scopes">
        {scopes.map((scope) => (
          <li key={scope} title={scope}>
            {scope === '*' ? all : nameOf(scope)}
          </li>
        ))}
      </ul>
    </div>
  );
}
