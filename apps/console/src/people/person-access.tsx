import {
  type GatewayPersonDetails,
  gatewayPersonSessionsEnd,
  gatewayPersonSessionsEndAll,
  gatewayPersonSessionsListOptions,
  type GatewayPersonSession,
  type GatewayRestriction,
  gatewayRestrictionsLift,
} from '@switchboard/api-client';
import {
  Ago,
  Badge,
  Button,
  Card,
  type Column,
  DataTable,
  Facts,
  Moment,
  notify,
  useConfirm,
  useFormats,
  wordOf,
} from '@switchboard/ui';
import { useQuery } from '@tanstack/react-query';
import { Ban, LogOut, ShieldCheck } from 'lucide-react';
import { useState } from 'react';
import { refresh, tellProblem } from '../http/api';
import { useBotNames } from '../bots/bots.api';
import { useBotWords } from '../bots/bot-words.texts';
import { useChannelName } from '../channel-names/channel-names';
import { useStaff } from '../session';
import { usePeopleTexts } from './people.texts';
import { RestrictDialog } from './restrict-dialog';

/** Whether bots listen to a person, and where the person is signed in. */
export function PersonAccess({ person }: { person: GatewayPersonDetails }) {
  return (
    <>
      <Restrictions person={person} />
      <Sessions userId={person.userId} />
      <Known person={person} />
    </>
  );
}

function Restrictions({ person: { userId, restrictions } }: { person: GatewayPersonDetails }) {
  const t = usePeopleTexts();
  const bots = useBotWords();
  const nameOf = useBotNames();
  const confirm = useConfirm();
  const mayRestrict = useStaff().can('people:restrict');
  const [restricting, setRestricting] = useState(false);
  const lift = async ({ restrictionId }: GatewayRestriction) => {
    const reason = await confirm({
      ...{ title: t.restriction.liftTitle, text: t.restriction.liftText, action: t.restriction.lift },
      reason: { label: t.reason, hint: t.restriction.reasonHint },
    });
    if (reason === undefined) return;
    await gatewayRestrictionsLift({ path: { userId, restrictionId }, body: { reason } })
      .then(() => notify({ text: t.restriction.lifted }))
      .catch(tellProblem);
    await refresh('gatewayPeople');
  };
  const columns: Column<GatewayRestriction>[] = [
    {
      id: 'reason',
      title: t.reason,
      cell: ({ reason }) => <span className="wrapped">{reason ?? '—'}</span>,
    },
    {
      ...{ id: 'state', title: t.state, width: '130px', phone: 'state' },
      cell: ({ isActive }) => (
        <Badge dot tone={isActive ? 'bad' : 'neutral'}>
          {isActive ? t.restriction.active : t.restriction.over}
        </Badge>
      ),
    },
    {
      ...{ id: 'bot', title: t.bot, width: '150px' },
      cell: ({ botId }) => (botId === null ? bots.allBots : nameOf(botId)),
    },
    { id: 'since', title: t.since, width: '120px', cell: ({ since }) => <Ago at={since} /> },
    {
      ...{ id: 'until', title: t.restriction.until, width: '150px' },
      cell: ({ until, liftedAt }) =>
        (liftedAt ?? until) ? <Moment at={(liftedAt ?? until)!} /> : t.restriction.forGood,
    },
  ];
  return (
    <Card
      title={t.restriction.title}
      flush
      actions={
        mayRestrict && (
          <Button size="small" icon={<Ban />} onPress={() => setRestricting(true)}>
            {t.restriction.restrict}
          </Button>
        )
      }
    >
      <DataTable
        label={t.restriction.title}
        columns={columns}
        rows={restrictions}
        idOf={({ restrictionId }) => restrictionId}
        nameOf={({ reason, restrictionId }) => reason ?? restrictionId}
        actions={
          mayRestrict
            ? (one) => [
                {
                  id: 'all',
                  entries: one.isActive
                    ? [
                        {
                          ...{ id: 'lift', label: t.restriction.lift, icon: <ShieldCheck /> },
                          onAction: () => void lift(one),
                        },
                      ]
                    : [],
                },
              ]
            : undefined
        }
        empty={<p className="ui-list-none">{t.restriction.none}</p>}
      />
      {restricting && <RestrictDialog userId={userId} onClose={() => setRestricting(false)} />}
    </Card>
  );
}

function Sessions({ userId }: { userId: string }) {
  const t = usePeopleTexts();
  const confirm = useConfirm();
  const mayWrite = useStaff().can('people:write');
  const { data, error, refetch } = useQuery(gatewayPersonSessionsListOptions({ path: { userId } }));
  const act = async (work: Promise<unknown>) => {
    await work.then(() => notify({ text: t.session.ended })).catch(tellProblem);
    await refresh('gatewayPersonSessions');
  };
  const endAll = async () => {
    const question = { title: t.session.endAllTitle, text: t.session.endAllText, action: t.session.endAll };
    if ((await confirm(question)) !== undefined) await act(gatewayPersonSessionsEndAll({ path: { userId } }));
  };
  const columns: Column<GatewayPersonSession>[] = [
    { id: 'device', title: t.session.device, cell: ({ device }) => device },
    { id: 'since', title: t.since, width: '130px', cell: ({ createdAt }) => <Ago at={createdAt} />, phone: 'never' },
    { id: 'seen', title: t.session.seen, width: '130px', cell: ({ seenAt }) => <Ago at={seenAt} /> },
  ];
  return (
    <Card
      title={t.session.title}
      flush
      actions={
        mayWrite &&
        data &&
        data.data.length > 1 && (
          <Button size="small" icon={<LogOut />} onPress={() => void endAll()}>
            {t.session.endAll}
          </Button>
        )
      }
    >
      <DataTable
        label={t.session.title}
        columns={columns}
        rows={data?.data}
        idOf={({ sessionId }) => sessionId}
        nameOf={({ device }) => device}
        error={error}
        onRetry={() => void refetch()}
        actions={
          mayWrite
            ? ({ sessionId }) => [
                {
                  id: 'all',
                  entries: [
                    {
                      ...{ id: 'end', label: t.session.end, icon: <LogOut />, look: 'danger' },
                      onAction: () => void act(gatewayPersonSessionsEnd({ path: { userId, sessionId } })),
                    },
                  ],
                },
              ]
            : undefined
        }
        empty={<p className="ui-list-none">{t.session.none}</p>}
      />
    </Card>
  );
}

/** By what a person is known, and what they agree to. */
function Known({ person: { identities, consents, timeZone, locale, registeredAt } }: { person: GatewayPersonDetails }) {
  const t = usePeopleTexts();
  const formats = useFormats();
  const channelName = useChannelName();
  return (
    <Card title={t.known.title}>
      <Facts
        facts={[
          [t.known.registered, <Moment key="registered" at={registeredAt} />],
          [t.language, formats.language(locale)],
          [t.known.zone, timeZone],
          ...identities.map(
            ({ identityId, channel, label }) =>
              [channelName(channel), label ?? <Badge key={identityId}>{t.known.linked}</Badge>] as const,
          ),
          ...consents.map(
            ({ consentId, purpose, givenAt, withdrawnAt }) =>
              [
                wordOf(t.known.purposes, purpose),
                <Badge key={consentId} tone={withdrawnAt ? 'neutral' : 'good'}>
                  {withdrawnAt ? t.known.withdrawn(formats.date(withdrawnAt)) : t.known.given(formats.date(givenAt))}
                </Badge>,
              ] as const,
          ),
        ]}
      />
    </Card>
  );
}
