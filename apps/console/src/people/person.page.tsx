import {
  botAdapterPersonContactsReadOptions,
  botAdapterPersonProfileReadOptions,
  type BotAdapterPersonContactsReadResponse,
  gatewayPeopleReadOptions,
  type GatewayPersonDetails,
} from '@switchboard/api-client';
import {
  Badge,
  Button,
  ButtonLink,
  Card,
  CodeLine,
  Columns,
  Empty,
  Facts,
  isProblem,
  Moment,
  Page,
  ProblemState,
  SkeletonLines,
  Tabs,
  useFormats,
  useKitTexts,
  wordOf,
} from '@switchboard/ui';
import { useQuery, type UseQueryResult } from '@tanstack/react-query';
import { useParams, useSearch } from '@tanstack/react-router';
import { Eye, UserX } from 'lucide-react';
import { reasonHeader } from '../http/api';
import { BotName } from '../bots/bot-parts';
import { PersonName } from '../person-names/person-names';
import { useReason } from '../reason/reason';
import { lazyPart } from '../lazy-part';
import { PendingPage } from '../pending-page';
import { oneOf, useSetSearch } from '../search';
import { useStaff } from '../session';
import { ContactState } from './person-parts';
import { usePeopleTexts } from './people.texts';
import { PersonTimeline } from './person-timeline';
import './people.css';

const PersonAccess = lazyPart(() => import('./person-access'), 'PersonAccess');
const PersonPurchases = lazyPart(() => import('./person-purchases'), 'PersonPurchases');
const PersonUsage = lazyPart(() => import('./person-usage'), 'PersonUsage');
const PersonDeliveries = lazyPart(() => import('./person-deliveries'), 'PersonDeliveries');

const tabs = ['timeline', 'purchases', 'usage', 'access', 'deliveries'] as const;

export function PersonPage() {
  const t = usePeopleTexts();
  const { userId } = useParams({ from: '/console/people/$userId' });
  const { data, error, refetch } = useQuery(botAdapterPersonContactsReadOptions({ path: { userId } }));
  const way = [{ title: t.title, href: '/console/people' }];
  // Who has only just written is known to the gateway a moment later, and who has signed in only writes to no bot.
  const known = useQuery({ ...gatewayPeopleReadOptions({ path: { userId } }), retry: false });
  const isOfNoBot = data?.contacts.length === 0;
  if (!data || (isOfNoBot && known.isPending)) {
    return <PendingPage title={t.person} way={way} error={error} refetch={refetch} />;
  }
  if (isOfNoBot && isProblem(known.error, 'gateway.user_not_found')) {
    return (
      <Page title={t.person} way={way}>
        <Empty
          icon={<UserX />}
          title={t.unknown}
          action={
            <ButtonLink look="primary" href="/console/people">
              {t.all}
            </ButtonLink>
          }
        >
          {t.unknownText}
        </Empty>
      </Page>
    );
  }
  return <KnownPerson userId={userId} person={data} known={known} way={way} />;
}

function KnownPerson({
  userId,
  person: { contacts, chats },
  known,
  way,
}: {
  userId: string;
  person: BotAdapterPersonContactsReadResponse;
  /** As the gateway knows them. */
  known: UseQueryResult<GatewayPersonDetails, unknown>;
  way: readonly { title: string; href: string }[];
}) {
  const t = usePeopleTexts();
  const kit = useKitTexts();
  const formats = useFormats();
  const staff = useStaff();
  const set = useSetSearch();
  const { tab } = useSearch({ from: '/console/people/$userId' });
  const [reason, askReason] = useReason(`person ${userId}`, {
    title: t.revealTitle,
    text: t.revealText,
    action: t.reveal,
    label: t.reason,
    hint: t.reasonHint,
  });
  const [first] = contacts;
  return (
    <Page
      title={first?.name ?? t.unnamed}
      way={way}
      aside={
        <>
          {contacts.length > 0 && (
            <ContactState blockedAt={contacts.every((one) => one.blockedAt) ? (first?.blockedAt ?? null) : null} />
          )}
          {known.data?.isRestricted && (
            <Badge dot tone="bad">
              {t.restriction.active}
            </Badge>
          )}
        </>
      }
      actions={
        <>
          {staff.can('conversations:read') && (
            <ButtonLink href={`/console/conversations?person=${userId}`}>{t.toConversations}</ButtonLink>
          )}
          {staff.can('people:reveal') && reason === undefined && (
            <Button icon={<Eye />} onPress={() => void askReason()}>
              {t.reveal}
            </Button>
          )}
        </>
      }
    >
      <Columns
        main={
          <Tabs
            label={t.person}
            selected={oneOf(tabs, tab) ?? 'timeline'}
            onSelect={(id) => set({ tab: id === 'timeline' ? undefined : id })}
            tabs={[
              {
                ...{ id: 'timeline', title: t.tabs.timeline },
                content: <PersonTimeline userId={userId} contacts={contacts} known={known.data} />,
              },
              ...(staff.can('orders:read') || staff.can('subscriptions:read')
                ? [
                    {
                      ...{ id: 'purchases', title: t.tabs.purchases },
                      content: <PersonPurchases userId={userId} />,
                    },
                  ]
                : []),
              { id: 'usage', title: t.tabs.usage, content: <PersonUsage userId={userId} /> },
              {
                ...{ id: 'access', title: t.tabs.access },
                content: known.data ? (
                  <PersonAccess person={known.data} />
                ) : isProblem(known.error, 'gateway.user_not_found') ? (
                  <Empty title={t.notYetKnown}>{t.notYetKnownText}</Empty>
                ) : known.error ? (
                  <ProblemState error={known.error} retry={() => void known.refetch()} />
                ) : (
                  <SkeletonLines lines={6} label={kit.loading} />
                ),
              },
              ...(staff.can('deliveries:read')
                ? [
                    {
                      ...{ id: 'deliveries', title: t.tabs.deliveries },
                      content: <PersonDeliveries userId={userId} />,
                    },
                  ]
                : []),
            ]}
          />
        }
        side={
          <>
            {reason !== undefined && <Profile userId={userId} reason={reason} />}
            <Card title={t.inBots}>
              {contacts.map(({ contactId, botId, name, startedAt, blockedAt }) => (
                <div key={contactId} className="person-contact">
                  <BotName botId={botId} />
                  <Facts
                    facts={[
                      [t.name, <PersonName key="name" userId={userId} name={name} />],
                      [t.since, <Moment key="since" at={startedAt} />],
                      [t.state, <ContactState key="state" blockedAt={blockedAt} />],
                      ...chats
                        .filter((chat) => chat.botId === botId)
                        .flatMap(({ locale, voiceMode, mutedUntil }) => [
                          [t.language, formats.language(locale)] as const,
                          [t.voice, wordOf(t.voiceModes, voiceMode)] as const,
                          [t.muted, mutedUntil && <Moment key="muted" at={mutedUntil} />] as const,
                        ]),
                    ]}
                  />
                </div>
              ))}
              <Facts facts={[[t.id, <CodeLine key="id" text={userId} />]]} />
            </Card>
          </>
        }
      />
    </Page>
  );
}

/** Who it is, in full: after a reason, for as long as the page is open. */
function Profile({ userId, reason }: { userId: string; reason: string }) {
  const t = usePeopleTexts();
  const kit = useKitTexts();
  const { data, error } = useQuery({
    ...botAdapterPersonProfileReadOptions({ path: { userId }, headers: reasonHeader(reason) }),
    gcTime: 0,
  });
  return (
    <Card title={t.reveal} about={reason}>
      {error && <ProblemState error={error} />}
      {!data && !error && <SkeletonLines label={kit.loading} />}
      {data?.profiles.map(({ botId, channel, name, username, externalId }) => (
        <div key={`${botId} ${channel}`} className="person-contact">
          <BotName botId={botId} />
          <Facts
            facts={[
              [t.name, name],
              [t.username, username && <CodeLine key="username" text={`@${username}`} />],
              [t.externalId, externalId && <CodeLine key="id" text={externalId} />],
            ]}
          />
        </div>
      ))}
    </Card>
  );
}
