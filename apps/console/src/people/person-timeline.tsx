import {
  type BotAdapterContact,
  botAdapterPersonDeliveriesListOptions,
  chatAiConversationsListOptions,
  type GatewayPersonDetails,
} from '@switchboard/api-client';
import { Ago, Card, Link, ProblemLine, SkeletonLines, useFormats, useKitTexts, wordOf } from '@switchboard/ui';
import { useQuery } from '@tanstack/react-query';
import { Ban, Handshake, MessageSquareX, MessagesSquare, ShieldCheck, UserPlus } from 'lucide-react';
import type { ReactNode } from 'react';
import { useBotNames } from '../bots/bots.api';
import { useStaff } from '../session';
import { usePeopleTexts } from './people.texts';

interface Happening {
  id: string;
  at: string;
  icon: ReactNode;
  tone?: 'good' | 'bad' | 'accent';
  title: string;
  about?: string;
  href?: string;
}

const SHOWN = 50;

/** What happened with a person, out of all services that whoever looks may see; the latest first. */
export function PersonTimeline({
  userId,
  contacts,
  known,
}: {
  userId: string;
  contacts: readonly BotAdapterContact[];
  known?: GatewayPersonDetails;
}) {
  const t = usePeopleTexts();
  const kit = useKitTexts();
  const formats = useFormats();
  const staff = useStaff();
  const nameOf = useBotNames();
  const conversations = useQuery({
    ...chatAiConversationsListOptions({ query: { userId, limit: SHOWN } }),
    enabled: staff.can('conversations:read'),
  });
  const failures = useQuery({
    ...botAdapterPersonDeliveriesListOptions({ path: { userId }, query: { state: 'failed', limit: SHOWN } }),
    enabled: staff.can('deliveries:read'),
  });
  const happenings: Happening[] = [
    ...contacts.flatMap(({ contactId, botId, startedAt, blockedAt }): Happening[] => [
      {
        ...{ id: `${contactId} started`, at: startedAt, icon: <UserPlus />, tone: 'good' },
        title: t.timeline.started(nameOf(botId)),
      },
      ...(blockedAt
        ? [
            {
              ...{ id: `${contactId} blocked`, at: blockedAt, icon: <Ban />, tone: 'bad' as const },
              title: t.timeline.blocked(nameOf(botId)),
            },
          ]
        : []),
    ]),
    ...(known ? restrictionsAndConsents(known, t) : []),
    ...(conversations.data?.data ?? []).map(({ id, botId, activeAt, messages, costMicros }): Happening => ({
      ...{ id, at: activeAt, icon: <MessagesSquare />, tone: 'accent' },
      title: t.timeline.talked(nameOf(botId)),
      about: `${t.timeline.messages(messages)} · ${formats.cost(costMicros)}`,
      href: `/console/conversations/${id}`,
    })),
    ...(failures.data?.data ?? []).map(({ id, botId, queuedAt, finishedAt, reason }): Happening => ({
      ...{ id, at: finishedAt ?? queuedAt, icon: <MessageSquareX />, tone: 'bad' },
      title: t.timeline.undelivered(nameOf(botId)),
      about: reason ?? undefined,
    })),
  ].sort((a, b) => Date.parse(b.at) - Date.parse(a.at));
  return (
    <Card flush>
      {conversations.error && <ProblemLine error={conversations.error} />}
      {failures.error && <ProblemLine error={failures.error} />}
      {conversations.isLoading && <SkeletonLines lines={4} label={kit.loading} />}
      {happenings.length === 0 && !conversations.isLoading && <p className="ui-list-none">{t.timeline.none}</p>}
      <ol className="timeline">
        {happenings.map(({ id, at, icon, tone, title, about, href }) => (
          <li key={id} data-tone={tone}>
            <span className="timeline-sign" aria-hidden>
              {icon}
            </span>
            <span className="timeline-words">
              {href ? (
                <Link quiet href={href}>
                  {title}
                </Link>
              ) : (
                <span>{title}</span>
              )}
              {about && <small>{about}</small>}
            </span>
            <Ago at={at} />
          </li>
        ))}
      </ol>
    </Card>
  );
}

function restrictionsAndConsents(
  { restrictions, consents }: GatewayPersonDetails,
  t: ReturnType<typeof usePeopleTexts>,
): Happening[] {
  return [
    ...restrictions.flatMap(({ restrictionId, since, reason, liftedAt, liftedBecause }): Happening[] => [
      {
        ...{ id: `${restrictionId} imposed`, at: since, icon: <Ban />, tone: 'bad' },
        ...{ title: t.timeline.restricted, about: reason ?? undefined },
      },
      ...(liftedAt
        ? [
            {
              ...{ id: `${restrictionId} lifted`, at: liftedAt, icon: <ShieldCheck />, tone: 'good' as const },
              ...{ title: t.timeline.lifted, about: liftedBecause ?? undefined },
            },
          ]
        : []),
    ]),
    ...consents.flatMap(({ consentId, purpose, givenAt, withdrawnAt }): Happening[] => {
      const named = wordOf(t.known.purposes, purpose);
      return [
        { id: `${consentId} given`, at: givenAt, icon: <Handshake />, title: t.timeline.agreed(named) },
        ...(withdrawnAt
          ? [{ id: `${consentId} withdrawn`, at: withdrawnAt, icon: <Handshake />, title: t.timeline.withdrew(named) }]
          : []),
      ];
    }),
  ];
}
