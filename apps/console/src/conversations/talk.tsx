import {
  type ChatAiConversation,
  chatAiConversationsExport,
  type ChatAiMessage,
  chatAiMessagesListInfiniteOptions,
  type ChatAiMessagesListResponse,
  chatAiMessagesSearch,
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
import { Fragment, useState } from 'react';
import { reasonHeader } from '../api';
import { zone } from '../period/days';
import { Outcome } from './conversation-parts';
import { useConversationTexts } from './conversations.texts';
import { firstPage } from './turns.api';

interface TalkProps {
  conversation: ChatAiConversation;
  reason: string;
  turns: readonly ChatAiTurn[];
  chosen?: string;
  onChoose: (turnId: string) => void;
}

/** What was said, the latest at the end; an answer leads to how it came about. */
export function Talk({ conversation: { id }, reason, turns, chosen, onChoose }: TalkProps) {
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
  const search = useMutation({
    mutationFn: async () =>
      (await chatAiMessagesSearch({ headers, query: {}, body: { text: text.trim(), conversationId: id } })).data,
  });
  const save = useMutation({
    mutationFn: async () => {
      const { data: words } = await chatAiConversationsExport({
        ...{ path, headers, query: { locale: language, zone } },
        parseAs: 'text',
      });
      saveAs(`conversation-${id}.txt`, new Blob([words as string], { type: 'text/plain' }));
    },
  });
  const found = new Set(search.data?.matches.map(({ messageId }) => messageId));
  const messages = data?.pages.flatMap((page) => page.data).reverse();
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
          onSubmit={() => text.trim().length >= 2 && search.mutate()}
        />
        {search.data && (
          <p className="soft" role="status">
            {t.found(search.data.matches.length)}
            {search.data.left > 0 && ` · ${t.searchedPart(search.data.searched, search.data.left)}`}
          </p>
        )}
        {search.data && search.data.matches.length > 0 && (
          <ul className="passages">
            {search.data.matches.map(({ messageId, excerpt }) => (
              <li key={messageId}>
                <a href={`#m-${messageId}`}>{excerpt}</a>
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
              onPress={() => void fetchNextPage()}
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
              isFound={found.has(message.id)}
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
