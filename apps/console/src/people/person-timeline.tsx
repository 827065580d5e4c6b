import {
  type BotAdapterContact,
  botAdapterPersonDeliveriesListOptions,
  chatAiConversationsListOptions,
} from '@switchboard/api-client';
import { Ago, Card, Link, ProblemLine, SkeletonLines, useFormats, useKitTexts } from '@switchboard/ui';
import { useQuery } from '@tanstack/react-query';
import { Ban, MessageSquareX, MessagesSquare, UserPlus } from 'lucide-react';
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
export function PersonTimeline({ userId, contacts }: { userId: string; contacts: readonly BotAdapterContact[] }) {
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
