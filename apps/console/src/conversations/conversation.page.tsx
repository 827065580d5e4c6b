import { chatAiConversationsReadOptions, type ChatAiTurn } from '@switchboard/api-client';
import {
  Badge,
  Button,
  Card,
  type Column,
  Columns,
  DataTable,
  Empty,
  Facts,
  Link,
  Moment,
  Page,
  Row,
  SkeletonLines,
  useFormats,
  useKitTexts,
} from '@switchboard/ui';
import { useInfiniteQuery, type UseInfiniteQueryResult, useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { ChevronDown, LockKeyhole } from 'lucide-react';
import { Suspense, useState } from 'react';
import { BotName } from '../bots/bot-parts';
import { tellProblem } from '../http/api';
import { usePersonNames } from '../person-names/person-names';
import { lazyPart } from '../lazy-part';
import { useReason } from '../reason/reason';
import { PendingPage } from '../pending-page';
import { Outcome, Ratings } from './conversation-parts';
import { useConversationTexts } from './conversations.texts';
import { allTurns } from './turns.api';
import { TurnReport } from './turn-report';
import './conversations.css';

// Nobody has given a reason yet when the page is drawn.
const Talk = lazyPart(() => import('./talk'), 'Talk');

export function ConversationPage() {
  const t = useConversationTexts();
  const kit = useKitTexts();
  const formats = useFormats();
  const { conversationId } = useParams({ from: '/console/conversations/$conversationId' });
  const path = { conversationId };
  const { data, error, refetch } = useQuery(chatAiConversationsReadOptions({ path }));
  const nameOfPerson = usePersonNames();
  const turns = useInfiniteQuery(allTurns(conversationId));
  const [reason, askReason] = useReason(`conversation ${conversationId}`, {
    title: t.openTitle,
    text: t.openText,
    action: t.open,
    label: t.reason,
    hint: t.reasonHint,
  });
  const [chosen, setChosen] = useState<string>();
  const way = [{ title: t.title, href: '/console/conversations' }];
  if (!data) return <PendingPage title={t.conversation} way={way} error={error} refetch={refetch} />;
  const known = turns.data?.pages.flatMap((page) => page.data) ?? [];
  const { hasNextPage, isFetchingNextPage, isFetchNextPageError, fetchNextPage } = turns;
  // What was refused is not asked for again and again: it would be at each drawing.
  const moreTurns =
    hasNextPage && !isFetchingNextPage && !isFetchNextPageError ? () => void fetchNextPage() : undefined;
  const turn = known.find(({ id }) => id === chosen);
  const { botId, userId, startedAt, activeAt, closedAt, messages, good, bad, costMicros, outcomes } = data;
  return (
    <Page
      title={formats.dateTime(startedAt)}
      way={way}
      aside={<BotName botId={botId} />}
      actions={
        reason === undefined && (
          <Button look="primary" icon={<LockKeyhole />} onPress={() => void askReason()}>
            {t.open}
          </Button>
        )
      }
    >
      <Columns
        main={
          reason === undefined ? (
            <>
              <Card flush>
                <Empty icon={<LockKeyhole />} title={t.locked}>
                  {t.lockedText}
                </Empty>
              </Card>
              <Turns turns={turns.data && known} query={turns} chosen={chosen} onChoose={setChosen} />
            </>
          ) : (
            <Suspense fallback={<SkeletonLines lines={8} label={kit.loading} />}>
              <Talk
                conversation={data}
                reason={reason}
                turns={known}
                moreTurns={moreTurns}
                chosen={chosen}
                onChoose={setChosen}
              />
            </Suspense>
          )
        }
        side={
          <>
            <Card>
              <Facts
                facts={[
                  [
                    t.person,
                    userId ? (
                      <Link key="person" href={`/console/people/${userId}`}>
                        {nameOfPerson(userId)}
                      </Link>
                    ) : (
                      t.group
                    ),
                  ],
                  [t.started, <Moment key="started" at={startedAt} />],
                  [t.active, <Moment key="active" at={activeAt} />],
                  [t.closed, closedAt && <Moment key="closed" at={closedAt} />],
                  [t.messages, formats.number(messages)],
                  [t.cost, formats.cost(costMicros)],
                  [t.rating, good + bad > 0 ? <Ratings key="rating" good={good} bad={bad} /> : undefined],
                  [
                    t.outcome,
                    <span key="outcomes" className="ui-row">
                      {outcomes.map(({ outcome, turns: count }) => (
                        <span key={outcome} className="ui-row">
                          <Outcome outcome={outcome} />
                          {count > 1 && <Badge>{count}</Badge>}
                        </span>
                      ))}
                    </span>,
                  ],
                ]}
              />
            </Card>
            {turn && <TurnReport turn={turn} conversationId={conversationId} reason={reason} botId={botId} />}
          </>
        }
      />
    </Page>
  );
}

/** How the answers came about, without their words. */
function Turns({
  turns,
  query: { error, refetch, hasNextPage, isFetchingNextPage, fetchNextPage },
  chosen,
  onChoose,
}: {
  turns: readonly ChatAiTurn[] | undefined;
  query: Pick<
    UseInfiniteQueryResult<unknown, unknown>,
    'error' | 'refetch' | 'hasNextPage' | 'isFetchingNextPage' | 'fetchNextPage'
  >;
  chosen?: string;
  onChoose: (id: string) => void;
}) {
  const t = useConversationTexts();
  const formats = useFormats();
  const columns: Column<ChatAiTurn>[] = [
    { id: 'at', title: t.answers, width: '190px', cell: ({ startedAt }) => formats.dateTime(startedAt) },
    {
      ...{ id: 'outcome', title: t.outcome, width: '150px', phone: 'state' },
      cell: ({ outcome }) => <Outcome outcome={outcome} />,
    },
    { id: 'model', title: t.report.model, cell: ({ model }) => model },
    {
      ...{ id: 'took', title: t.report.took, width: '100px', align: 'end' },
      cell: ({ durationMs }) => formats.duration(durationMs),
    },
    {
      ...{ id: 'cost', title: t.cost, width: '100px', align: 'end' },
      cell: ({ costMicros }) => formats.cost(costMicros),
    },
  ];
  return (
    <>
      <DataTable
        label={t.answers}
        columns={columns}
        rows={turns}
        idOf={({ id }) => id}
        nameOf={({ startedAt }) => formats.dateTime(startedAt)}
        onOpen={({ id }) => onChoose(id)}
        toneOf={({ id }) => (id === chosen ? 'accent' : undefined)}
        error={error}
        onRetry={() => void refetch()}
        empty={<p className="ui-list-none">{t.noTurns}</p>}
      />
      {hasNextPage && (
        <Row>
          <Button
            size="small"
            icon={<ChevronDown />}
            isPending={isFetchingNextPage}
            onPress={() => void fetchNextPage().then(({ error: refused }) => refused && tellProblem(refused))}
          >
            {t.older}
          </Button>
        </Row>
      )}
    </>
  );
}
