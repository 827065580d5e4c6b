import {
  gatewayAccountChangePassword,
  gatewayAccountEndSession,
  type GatewayAccountReadResponse,
  gatewayAccountRenewRecoveryCodes,
} from '@switchboard/api-client';
import {
  Ago,
  Badge,
  Button,
  Card,
  type Column,
  Columns,
  DataTable,
  Dialog,
  DialogActions,
  DialogBody,
  Facts,
  Form,
  FormProblem,
  notify,
  Page,
  SubmitButton,
  TextField,
  useConfirm,
  useForm,
  useKitTexts,
  wordOf,
} from '@switchboard/ui';
import { useQuery } from '@tanstack/react-query';
import { KeyRound, LogOut, RotateCw } from 'lucide-react';
import { useState } from 'react';
import { refresh, tellProblem } from '../http/api';
import { PendingPage } from '../pending-page';
import { accountQuery } from '../session';
import { Passkeys } from '../passkeys/passkeys';
import { useRoleTexts } from '../staff-names/roles.texts';
import { RecoveryCodes } from '../sign-in/second-factor';
import { useStaffTexts } from '../staff/staff.texts';
import { useAccountTexts } from './account.texts';
import { OwnLog } from './own-log';

type Session = GatewayAccountReadResponse['sessions'][number];

export function AccountPage() {
  const t = useAccountTexts();
  const { rolesOf } = useRoleTexts();
  const staff = useStaffTexts();
  const { data, error, refetch } = useQuery(accountQuery);
  if (!data) return <PendingPage title={t.title} error={error} refetch={refetch} />;
  const { member, recoveryCodesLeft, sessions } = data;
  return (
    <Page title={t.title} about={t.about}>
      <Columns
        main={
          <>
            <Sessions sessions={sessions} />
            <OwnLog />
          </>
        }
        side={
          <>
            <Card title={member.name}>
              <Facts
                facts={[
                  [t.email, member.email],
                  [t.roles, rolesOf(member.grants.map(({ role }) => role))],
                  [t.factors, member.factors.map((factor) => wordOf(staff.factorNames, factor)).join(', ')],
                ]}
              />
            </Card>
            <Passkeys />
            <Password />
            <Codes left={recoveryCodesLeft} />
          </>
        }
      />
    </Page>
  );
}

function Sessions({ sessions }: { sessions: readonly Session[] }) {
  const t = useAccountTexts();
  const end = async (sessionId: string) => {
    await gatewayAccountEndSession({ path: { sessionId } })
      .then(() => notify({ text: t.ended }))
      .catch(tellProblem);
    await refresh('gatewayAccount');
  };
  const columns: Column<Session>[] = [
    {
      ...{ id: 'device', title: t.device },
      cell: ({ device, isThis }) => (
        <span className="ui-row">
          {device}
          {isThis && <Badge tone="good">{t.here}</Badge>}
        </span>
      ),
    },
    { id: 'seen', title: t.seen, width: '130px', cell: ({ seenAt }) => <Ago at={seenAt} /> },
    { id: 'since', title: t.since, width: '130px', cell: ({ createdAt }) => <Ago at={createdAt} />, phone: 'never' },
  ];
  return (
    <Card title={t.sessions} flush>
      <DataTable
        label={t.sessions}
        columns={columns}
        rows={sessions}
        idOf={({ id }) => id}
        nameOf={({ device }) => device}
        actions={({ id, isThis }) => [
          {
            id: 'all',
            entries: isThis
              ? []
              : [{ id: 'end', label: t.end, icon: <LogOut />, look: 'danger', onAction: () => void end(id) }],
          },
        ]}
      />
    </Card>
  );
}

function Password() {
  const t = useAccountTexts();
  const kit = useKitTexts();
  const [open, setOpen] = useState(false);
  const form = useForm({
    send: (values) => gatewayAccountChangePassword({ body: { password: values.exact('password') } }),
    done: () => {
      notify({ text: t.changed });
      setOpen(false);
      void refresh('gatewayAccount');
    },
  });
  return (
    <Card title={t.password}>
      <div>
        <Button icon={<KeyRound />} onPress={() => setOpen(true)}>
          {t.change}
        </Button>
      </div>
      <Dialog width="narrow" title={t.change} about={t.changeAbout} isOpen={open} onOpenChange={setOpen}>
        <Form form={form}>
          <DialogBody>
            <FormProblem form={form} />
            <TextField
              name="password"
              type="password"
              label={t.new}
              hint={t.newHint}
              autoComplete="new-password"
              minLength={12}
              isRequired
              autoFocus
            />
          </DialogBody>
          <DialogActions>
            <Button onPress={() => setOpen(false)}>{kit.cancel}</Button>
            <SubmitButton form={form}>{t.save}</SubmitButton>
          </DialogActions>
        </Form>
      </Dialog>
    </Card>
  );
}

function Codes({ left }: { left: number }) {
  const t = useAccountTexts();
  const confirm = useConfirm();
  const [codes, setCodes] = useState<readonly string[]>();
  const renew = async () => {
    if ((await confirm({ title: t.renewTitle, text: t.renewText, action: t.renew })) === undefined) return;
    await gatewayAccountRenewRecoveryCodes()
      .then(({ data }) => setCodes(data.recoveryCodes))
      .catch(tellProblem);
    await refresh('gatewayAccount');
  };
  return (
    <Card title={t.codes} about={t.codesAbout(left)}>
      <div>
        <Button icon={<RotateCw />} onPress={() => void renew()}>
          {t.renew}
        </Button>
      </div>
      {codes && (
        <Dialog title={t.codesTitle} about={t.codesText} isOpen onOpenChange={(open) => !open && setCodes(undefined)}>
          <DialogBody>
            <RecoveryCodes codes={codes} />
          </DialogBody>
          <DialogActions>
            <Button look="primary" onPress={() => setCodes(undefined)}>
              {t.done}
            </Button>
          </DialogActions>
        </Dialog>
      )}
    </Card>
  );
}
