import { Injectable } from '@nestjs/common';
import type { Locale } from '@switchboard/contracts';
import { Clock } from '@switchboard/service-kit';
import { DataSource } from 'typeorm';
import {
  type AttachmentReader,
  type AttachmentRow,
  AttachmentsService,
  type OpenAttachment,
} from '../attachments/attachments.service';
import { renderForModel } from '../conversations/message-content';
import { inOneTurn, replyIdOf } from '../conversations/message.entity';
import { type ContentReader, MessageCipher, type StoredContent } from '../conversations/message-cipher';

/** One message that was said earlier or has to be answered. */
export interface TurnMessage {
  readonly id: string;
  readonly role: 'user' | 'assistant';
  /** Who wrote it; of an answer, whom it is for. */
  readonly userId: string;
  readonly text: string;
  /** Of the text. */
  readonly tokens: number;
  /** The file that came with it. */
  readonly attachment?: OpenAttachment | undefined;
  /** Messages of one group go together or not at all: a question with its answer, a tool's call with its results. */
  readonly group: string;
  /** True when the summary covers it. */
  readonly summarised: boolean;
}

/** Whom a reply goes to, and what it answers. */
export interface TurnAddress {
  readonly replyId: string;
  /** The reply in whose place this one is asked for. */
  readonly replaces: string | undefined;
  readonly conversationId: string;
  /** Of the conversation, when it was read. */
  readonly epoch: number;
  readonly chatId: string;
  readonly botId: string;
  /** Who wrote last. */
  readonly userId: string;
  readonly locale: Locale;
  /** Ids of the messages to be answered, oldest first. */
  readonly answers: readonly [string, ...string[]];
  /** Whether others wait as well, for a turn of their own. */
  readonly leavesOthers: boolean;
  /** A human is to answer. */
  readonly isHandedOver: boolean;
}

/** What there is to be answered, and what was said before. */
export interface OpenTurn extends TurnAddress {
  readonly inGroup: boolean;
  /** The person of a private chat; null in a group. */
  readonly ownerId: string | null;
  /** Of the conversation, when it was read. */
  readonly revision: number;
  /** Oldest first. */
  readonly question: readonly [TurnMessage, ...TurnMessage[]];
  /** Oldest first, each answer right after its questions. */
  readonly history: readonly TurnMessage[];
  readonly summary: string | undefined;
  readonly summaryRetryAt: Date | null;
}

/** What was said, as far as a model is told. */
export type Told = Pick<OpenTurn, 'summary' | 'history' | 'question' | 'locale' | 'inGroup'>;

/** More than any context takes; bounds the work of one turn in a conversation of years. */
const HISTORY_MESSAGES = 200;

interface PendingRow {
  readonly id: string;
  readonly regenerated: number;
  readonly userId: string;
  readonly locale: Locale;
  /** The turn whose answer the person wants another one for. */
  readonly turnId: string | null;
}

/** Of the conversation, with each of its messages. */
interface ConversationRow {
  readonly chatId: string;
  readonly botId: string;
  readonly epoch: number;
  readonly isHandedOver: boolean;
}

interface Row extends PendingRow, ConversationRow, Omit<StoredContent, 'id' | 'userId'> {
  /** The person of a private chat. */
  readonly ownerId: string | null;
  readonly revision: number;
  readonly summary: string | null;
  readonly summaryRetryAt: Date | null;
  readonly role: 'user' | 'assistant' | 'staff';
  readonly state: 'pending' | 'answered' | 'handed_over' | 'cancelled';
  readonly tokens: number;
  readonly attachment: AttachmentRow | null;
  readonly summarised: boolean;
}

/** Reads what a turn is about. */
@Injectable()
export class OpenTurnsService {
  constructor(
    private readonly db: DataSource,
    private readonly cipher: MessageCipher,
    private readonly attachments: AttachmentsService,
    private readonly clock: Clock,
  ) {}

  /** Undefined when nothing waits for an answer. One statement: what comes in later is seen as a newer revision. */
  async read(conversationId: string): Promise<OpenTurn | undefined> {
    const rows = await this.db.query<Row[]>(READ, [conversationId, HISTORY_MESSAGES, this.clock.now()]);
    const waiting = rows.filter(({ state }) => state === 'pending');
    const [conversation] = rows;
    if (waiting.length === 0 || !conversation) return undefined;
    const pending = inOneTurn(waiting);
    const tx = this.db.manager;
    const read = await this.cipher.reader(tx, rows);
    const files = await this.attachments.reader(
      tx,
      rows.flatMap(({ attachment }) => attachment ?? []),
    );
    const messageIn = (row: Row) => messageOf(row, read, files);
    const [first, ...rest] = pending.map(messageIn);
    const { chatId, ownerId, summary } = conversation;
    const address = addressOf(conversationId, conversation, waiting);
    // Another answer is given as if the one that stands in the chat had not been.
    const before = rows.filter(({ state, turnId }) => state !== 'pending' && turnId !== address.replaces);
    return {
      ...address,
      inGroup: pending.some(({ senderName }) => senderName !== null),
      ownerId,
      revision: conversation.revision,
      question: [first!, ...rest],
      history: byTurn(before.map(messageIn)),
      summary: await this.cipher.openSummary(tx, { id: conversationId, chatId, userId: ownerId, summary }),
      summaryRetryAt: conversation.summaryRetryAt,
    };
  }

  /**
   * What was said, for an answer that staff have drafted: the question is what the person wrote last, whoever has answered it since.
   * Undefined where they wrote nothing that can be read.
   */
  async told(conversationId: string): Promise<Told | undefined> {
    const rows = await this.db.query<Row[]>(READ, [conversationId, HISTORY_MESSAGES, this.clock.now()]);
    const last = rows.findLastIndex(({ role }) => role === 'user');
    const [conversation] = rows;
    if (last < 0 || !conversation) return undefined;
    const tx = this.db.manager;
    const read = await this.cipher.reader(tx, rows);
    const files = await this.attachments.reader(
      tx,
      rows.flatMap(({ attachment }) => attachment ?? []),
    );
    const first = rows.slice(0, last).findLastIndex(({ role }) => role !== 'user') + 1;
    const messages = rows.map((row) => messageOf(row, read, files));
    const [question, ...more] = messages.slice(first, last + 1);
    const { chatId, ownerId, summary } = conversation;
    return {
      question: [question!, ...more],
      history: byTurn([...messages.slice(0, first), ...messages.slice(last + 1)]),
      summary: await this.cipher.openSummary(tx, { id: conversationId, chatId, userId: ownerId, summary }),
      locale: rows[last]!.locale,
      inGroup: false,
    };
  }

  /** The address alone, for an apology: it works even when nothing that was said can be read. */
  async address(conversationId: string): Promise<TurnAddress | undefined> {
    const rows = await this.db.query<(PendingRow & ConversationRow)[]>(
      `SELECT c.chat_id AS "chatId", c.bot_id AS "botId", c.epoch, coalesce(c.handed_over_until > $2, false) AS "isHandedOver", m.id, m.regenerated, m.user_id AS "userId", m.locale,
              m.turn_id AS "turnId"
       FROM messages m JOIN conversations c ON c.id = m.conversation_id
       WHERE m.conversation_id = $1 AND m.state = 'pending' ORDER BY m.position`,
      [conversationId, this.clock.now()],
    );
    return rows[0] && addressOf(conversationId, rows[0], rows);
  }
}

function messageOf(row: Row, read: ContentReader, files: AttachmentReader): TurnMessage {
  let text: string | undefined;
  return {
    id: row.id,
    // To a model staff and assistant are one: the shop.
    role: row.role === 'staff' ? 'assistant' : row.role,
    userId: row.userId,
    // Most of a long history is never sent: only what is asked for is decrypted.
    get text() {
      return (text ??= wordsOf(row, read));
    },
    tokens: row.tokens,
    attachment: row.attachment ? files(row.attachment) : undefined,
    group: row.turnId ?? row.id,
    summarised: row.summarised,
  };
}

function wordsOf(row: Row, read: ContentReader): string {
  const content = read(row);
  if (content) return renderForModel(content);
  if (row.state === 'pending') throw new Error('a message that waits for an answer cannot be read');
  // What was said before helps, and is no condition.
  return '';
}

function addressOf(
  conversationId: string,
  { chatId, botId, epoch, isHandedOver }: ConversationRow,
  waiting: readonly PendingRow[],
): TurnAddress {
  const pending = inOneTurn(waiting);
  const [first, last] = [pending[0]!, pending.at(-1)!];
  const [oldest, ...others] = pending.map(({ id }) => id);
  return {
    replyId: replyIdOf(first),
    replaces: first.turnId ?? undefined,
    conversationId,
    epoch,
    chatId,
    botId,
    userId: last.userId,
    locale: last.locale,
    answers: [oldest!, ...others],
    leavesOthers: pending.length < waiting.length,
    isHandedOver,
  };
}

/** Each answer right after its questions, although the next question may have come in while it was written. */
function byTurn(messages: TurnMessage[]): TurnMessage[] {
  const begins = new Map<string, number>();
  for (const [i, { group }] of messages.entries()) if (!begins.has(group)) begins.set(group, i);
  return messages.toSorted((a, b) => begins.get(a.group)! - begins.get(b.group)!);
}

/** A cancelled question that has a turn has the answer that stands in the chat: only another one was stopped. */
const READ = `
  SELECT c.chat_id AS "chatId", c.bot_id AS "botId", c.user_id AS "ownerId", c.revision, c.epoch, c.summary, c.summary_retry_at AS "summaryRetryAt",
    coalesce(c.handed_over_until > $3, false) AS "isHandedOver", m.id, m.role, m.state, m.user_id AS "userId", m.locale, m.text, m.transcript, m.quoted, m.sender_name AS "senderName", m.tokens,
    m.turn_id AS "turnId", m.regenerated, m.position <= c.summarised_up_to AS summarised,
    CASE WHEN a.message_id IS NOT NULL THEN json_build_object('messageId', a.message_id, 'userId', a.user_id, 'mediaId', a.media_id, 'state', a.state,
      'content', a.content, 'bytes', a.bytes, 'problem', a.problem, 'notes', a.notes, 'tokens', a.tokens) END AS attachment
  FROM conversations c, LATERAL (
    (SELECT * FROM messages WHERE conversation_id = c.id AND state = 'pending')
    UNION ALL
    (SELECT * FROM messages WHERE conversation_id = c.id
       AND (state IN ('answered', 'handed_over') OR state = 'cancelled' AND turn_id IS NOT NULL) ORDER BY position DESC LIMIT $2)
  ) AS m LEFT JOIN attachments a ON a.message_id = m.id
  WHERE c.id = $1 ORDER BY m.position`;
