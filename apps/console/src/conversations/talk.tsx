import {
  type ChatAiConversation,
  chatAiConversationsExport,
  type ChatAiMessage,
  chatAiMessagesListInfiniteOptions,
  type ChatAiMessagesListResponse,
  chatAiMessagesSearch,
  type ChatAiMessagesSearchResponse,
  type ChatAiTurn,
} from '@switchboard/api-client';
import {
  Button,
  Card,
  IconButton,
  Markdown,
  ProblemState,
  Row,
  saveAs,
  SearchField,
  SkeletonLines,
  useFormats,
  useKitTexts,
  useLanguage,
} from '@switchboard/ui';
import { useInfiniteQuery, useMutation } from '@tanstack/react-query';
import { ChevronUp, Download } from 'lucide-react';
import { Fragment, useEffect, useState } from 'react';
import { reasonHeader, tellProblem } from '../http/api';
import { zone } from '../period/days';
import { Outcome } from './conversation-parts';
import { useConversationTexts } from './conversations.texts';
import { firstPage } from './turns.api';

interface TalkProps {
  conversation: ChatAiConversation;
  reason: string;
  turns: readonly ChatAiTurn[];
  /** Asks for those further back; undefined when there are none, or they are on their way. */
  moreTurns?: () => void;
  chosen?: string;
  onChoose: (turnId: string) => void;
}

/** All that one search has found so far. */
type Found = ChatAiMessagesSearchResponse & { text: string };

/** What was said, the latest at the end; an answer leads to how it came about. */
export function Talk({ conversation: { id }, reason, turns, moreTurns, chosen, onChoose }: TalkProps) {
  const t = useConversationTexts();
  const kit = useKitTexts();
  const { language } = useLanguage();
  const headers = reasonHeader(reason);
  const path = { conversationId: id };
  const { data, error, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = useInfiniteQuery({
    ...chatAiMessagesListInfiniteOptions({ path, headers, query: { limit: 50 } }),
    initialPageParam: firstPage,
    getNextPageParam: ({ page }: ChatAiMessagesListResponse) => page.next,
  });
  const [text, setText] = useState('');
  // One call looks through so many messages only; the next one goes on where it ended.
  const search = useMutation({
    mutationFn: async (before?: Found): Promise<Found> => {
      const words = before?.text ?? text.trim();
      const { data: part } = await chatAiMessagesSearch({
        ...{ headers, query: { after: before?.next ?? undefined }, body: { text: words, conversationId: id } },
      });
      const matches = [...(before?.matches ?? []), ...part.matches];
      return { ...part, text: words, matches, searched: (before?.searched ?? 0) + part.searched };
    },
  });
  const found = search.data ?? search.variables;
  const save = useMutation({
    mutationFn: async () => {
      const { data: words } = await chatAiConversationsExport({
        ...{ path, headers, query: { locale: language, zone } },
        parseAs: 'text',
      });
      saveAs(`conversation-${id}.txt`, new Blob([words as string], { type: 'text/plain' }));
    },
  });
  const marked = new Set(found?.matches.map(({ messageId }) => messageId));
  const messages = data?.pages.flatMap((page) => page.data).reverse();
  const lacksTurns = messages?.some(
    ({ role, turnId }) => role === 'assistant' && turnId !== null && !turns.some((turn) => turn.id === turnId),
  );
  useEffect(() => {
    if (lacksTurns) moreTurns?.();
  }, [lacksTurns, moreTurns]);
  /** What stands further back is loaded first. */
  const show = async (messageId: string) => {
    const has = (loaded: typeof data) => loaded?.pages.some((page) => page.data.some((one) => one.id === messageId));
    for (let [loaded, more] = [data, hasNextPage]; more && !has(loaded);) {
      const next = await fetchNextPage();
      [loaded, more] = [next.data, next.hasNextPage && !next.isError];
    }
    requestAnimationFrame(() => document.getElementById(`m-${messageId}`)?.scrollIntoView({ block: 'center' }));
  };
  return (
    <Card
      title={t.words}
      flush
      actions={
        <IconButton
          label={t.export}
          icon={<Download />}
          size="small"
          isPending={save.isPending}
          onPress={() => save.mutate()}
        />
      }
    >
      <div className="talk">
        <SearchField
          label={t.search}
          value={text}
          onChange={setText}
          onClear={() => search.reset()}
          onSubmit={() => text.trim().length >= 2 && search.mutate(undefined)}
        />
        {found && (
          <Row>
            <p className="soft" role="status">
              {t.found(found.matches.length)}
              {found.left > 0 && ` · ${t.searchedPart(found.searched, found.left)}`}
            </p>
            {found.next !== null && (
              <Button size="small" isPending={search.isPending} onPress={() => search.mutate(found)}>
                {t.searchOn}
              </Button>
            )}
          </Row>
        )}
        {found && found.matches.length > 0 && (
          <ul className="passages">
            {found.matches.map(({ messageId, excerpt }) => (
              <li key={messageId}>
                <a
                  href={`#m-${messageId}`}
                  onClick={(event) => {
                    event.preventDefault();
                    void show(messageId);
                  }}
                >
                  {excerpt}
                </a>
              </li>
            ))}
          </ul>
        )}
        {hasNextPage && (
          <Row>
            <Button
              size="small"
              icon={<ChevronUp />}
              isPending={isFetchingNextPage}
              onPress={() => void fetchNextPage().then(({ error: refused }) => refused && tellProblem(refused))}
            >
              {t.older}
            </Button>
          </Row>
        )}
        {error && !data && <ProblemState error={error} retry={() => void refetch()} />}
        {!data && !error && <SkeletonLines lines={8} label={kit.loading} />}
        {messages?.map((message, i) => (
          <Fragment key={message.id}>
            <DayLine message={message} before={messages[i - 1]} />
            <Message
              message={message}
              turn={message.role === 'assistant' ? turns.find((turn) => turn.id === message.turnId) : undefined}
              isChosen={chosen !== undefined && message.turnId === chosen}
              isFound={marked.has(message.id)}
              onChoose={onChoose}
            />
          </Fragment>
        ))}
      </div>
    </Card>
  );
}

function DayLine({ message, before }: { message: ChatAiMessage; before?: ChatAiMessage }) {
  const formats = useFormats();
  const day = formats.date(message.sentAt);
  return before && formats.date(before.sentAt) === day ? null : <div className="talk-day">{day}</div>;
}

function Message({
  message: { id, role, text, quoted, senderName, sentAt, editedAt },
  turn,
  isChosen,
  isFound,
  onChoose,
}: {
  message: ChatAiMessage;
  turn?: ChatAiTurn;
  isChosen: boolean;
  isFound: boolean;
  onChoose: (turnId: string) => void;
}) {
  const t = useConversationTexts();
  const formats = useFormats();
  const isAnswer = role === 'assistant';
  return (
    <article
      id={`m-${id}`}
      className="talk-message"
      data-mine={!isAnswer || undefined}
      data-chosen={isChosen || undefined}
      data-found={isFound || undefined}
    >
      <div className="talk-bubble">
        {quoted && <span className="talk-quote">{quoted}</span>}
        {text === null ? <em>{t.unreadable}</em> : isAnswer ? <Markdown text={text} /> : text}
      </div>
      <div className="talk-foot">
        {senderName && <span>{senderName}</span>}
        <time dateTime={sentAt} title={formats.exact(sentAt)}>
          {formats.time(sentAt)}
        </time>
        {editedAt && <span>{t.edited}</span>}
        {turn && turn.outcome !== 'answered' && <Outcome outcome={turn.outcome} />}
        {turn && (
          <button type="button" aria-pressed={isChosen} onClick={() => onChoose(turn.id)}>
            {t.report.show}
          </button>
        )}
      </div>
    </article>
  );
}
