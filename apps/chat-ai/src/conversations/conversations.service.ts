import { Injectable } from '@nestjs/common';
import { RetryLater } from '@switchboard/bus';
import type {
  EventOf,
  MessageEdited,
  MessageReceived,
  ReplyRateRequested,
  ReplyRegenerateRequested,
  ReplyStopRequested,
  TranscriptionCompleted,
  TranscriptionFailed,
} from '@switchboard/contracts';
import { Clock } from '@switchboard/service-kit';
import { type EntityManager, In, MoreThan } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { AssistantsService } from '../assistants/assistants.service';
import { AttachmentsService } from '../attachments/attachments.service';
import { countTokens } from '../models/tokens';
import { Conversation } from './conversation.entity';
import { ConversationChanges } from './conversation-changes';
import { contentOf, type MessageContent, renderForModel } from './message-content';
import { inOneTurn, Message, type MessageState, replyIdOf } from './message.entity';
import { MessageCipher } from './message-cipher';

/** Telegram cuts a pasted text every 4096 characters, a little earlier at a line's end. */
const PROBABLY_CUT_AT = 4000;
const VOICE_RETRY_SECONDS = 2;

/** A conversation in which something waits for an answer. */
export interface Unanswered {
  readonly conversationId: string;
  readonly chatId: string;
  /** More is to be expected within moments: the next part of a pasted text, of an album. */
  readonly isPartOfSeries: boolean;
}

/** What has come of a message. */
export interface Received {
  readonly unanswered: Unanswered | undefined;
  /** Of the conversation, where staff have one to work on. */
  readonly ticketId: string | null;
}

/** A chat, and who wrote or pressed something in it. */
export interface ChatOfPerson {
  readonly chatId: string;
  readonly userId: string;
}

/** The open conversation of a chat: the person may have written in another account of the shop since. */
export const openIn = (chatId: string, userId: string): string =>
  `conversations.closed_at IS NULL AND (conversations.chat_id = ${chatId} OR conversations.user_id = ${userId}
     AND EXISTS (SELECT FROM messages said WHERE said.conversation_id = conversations.id AND said.chat_id = ${chatId}))`;

/** Keeps what is said. Whatever has to be answered because of a change is returned. */
@Injectable()
export class ConversationsService {
  constructor(
    private readonly clock: Clock,
    private readonly cipher: MessageCipher,
    private readonly changes: ConversationChanges,
    private readonly attachments: AttachmentsService,
    private readonly assistants: AssistantsService,
  ) {}

  /** Throws PersonErased. */
  async receive(tx: EntityManager, received: EventOf<typeof MessageReceived>['data']): Promise<Received | undefined> {
    const { chatId, botId, messageId, userId, locale, kind, media, mediaGroup, sentAt } = received;
    const content = contentOf(received);
    const sealed = await this.cipher.seal(tx, { id: messageId, userId }, content);
    const awaits = kind === 'voice';
    const [row] = await tx.query<{ conversationId: string; state: MessageState; ticketId: string | null }[]>(RECEIVE, [
      ...[uuidv7(), chatId, botId, this.clock.now(), awaits ? 0 : 1],
      ...[messageId, awaits ? 'awaiting_transcription' : 'pending', userId, locale],
      ...[sealed.text, sealed.quoted, sealed.senderName, countTokens(renderForModel(content)), sentAt],
      ...[received.inGroup ? null : userId, this.assistants.brandOf(botId)],
    ]);
    if (!row) return undefined;
    const { conversationId, ticketId } = row;
    if (media && !awaits) await this.attachments.remember(tx, received, media);
    if (row.state !== 'pending') return { ticketId, unanswered: undefined };
    this.changes.note(tx, conversationId);
    const isPartOfSeries = mediaGroup !== undefined || content.text.length >= PROBABLY_CUT_AT;
    return { ticketId, unanswered: { conversationId, chatId, isPartOfSeries } };
  }

  async edit(
    tx: EntityManager,
    { messageId, chatId, text }: EventOf<typeof MessageEdited>['data'],
  ): Promise<Unanswered | undefined> {
    const message = await tx.findOneBy(Message, { id: messageId });
    // Written before this service knew the chat, or to a part of the bot that is no conversation.
    if (!message) return undefined;
    await this.rewrite(tx, message, { text }, { editedAt: this.clock.now() });
    return message.state === 'pending' ? this.changed(tx, message.conversationId, chatId) : undefined;
  }

  /** The person begins anew. @returns what they talked in until now */
  async close(tx: EntityManager, where: ChatOfPerson): Promise<string | undefined> {
    const conversation = await this.lockOpen(tx, where);
    if (!conversation) return undefined;
    await tx.update(Conversation, conversation.id, { closedAt: this.clock.now(), revision: conversation.revision + 1 });
    await tx.update(
      Message,
      { conversationId: conversation.id, state: In(['pending', 'awaiting_transcription', 'transcription_failed']) },
      { state: 'cancelled' },
    );
    this.changes.interrupt(tx, conversation.id, conversation.chatId);
    return conversation.id;
  }

  /**
   * The person wants to hear no more of the answer being written. Nothing when it is finished already. What was asked after
   * its first word still waits for an answer of its own; before the first word all belongs together.
   */
  async stop(
    tx: EntityManager,
    { chatId, userId, replyId }: EventOf<typeof ReplyStopRequested>['data'],
  ): Promise<Unanswered | undefined> {
    const conversation = await this.lockOpen(tx, { chatId, userId });
    if (!conversation) return undefined;
    const pending = await tx.find(Message, {
      where: { conversationId: conversation.id, state: 'pending' },
      order: { position: 'ASC' },
    });
    const visible = pending.filter(({ id }) => conversation.beingAnswered.includes(id));
    const stopped = visible.length > 0 ? visible : inOneTurn(pending);
    const [first] = stopped;
    if (!first || (replyId && replyId !== replyIdOf(first))) return undefined;
    await tx.update(Message, { id: In(stopped.map(({ id }) => id)) }, { state: 'cancelled' });
    const changed = await this.changed(tx, conversation.id, chatId);
    this.changes.interrupt(tx, conversation.id, chatId);
    return stopped.length < pending.length ? changed : undefined;
  }

  /**
   * The person wants another answer in place of the last one, which stands until there is one.
   * @returns undefined when it is not the last one any more
   */
  async regenerate(
    tx: EntityManager,
    { chatId, userId, replyId }: EventOf<typeof ReplyRegenerateRequested>['data'],
  ): Promise<Unanswered | undefined> {
    const conversation = await this.lockOpen(tx, { chatId, userId });
    if (!conversation || this.isHandedOver(conversation)) return undefined;
    const last = await tx.findOne(Message, {
      where: { conversationId: conversation.id, state: In(['pending', 'answered']) },
      order: { position: 'DESC' },
    });
    if (last?.role !== 'assistant' || last.turnId !== replyId) return undefined;
    const questions = { conversationId: conversation.id, turnId: replyId, role: 'user' as const };
    // Asked for twice: the answer that is being written goes on.
    if (await tx.existsBy(Message, { ...questions, state: 'pending' }))
      return { conversationId: conversation.id, chatId, isPartOfSeries: false };
    await tx.update(Message, questions, { state: 'pending', regenerated: () => 'regenerated + 1' });
    // The answer that was visible while it was written is the one that is replaced.
    await tx.update(Conversation, conversation.id, { beingAnswered: [] });
    return this.changed(tx, conversation.id, chatId);
  }

  async rate(
    tx: EntityManager,
    { chatId, userId, replyId, rating }: EventOf<typeof ReplyRateRequested>['data'],
  ): Promise<void> {
    await tx.query(
      `INSERT INTO ratings (reply_id, user_id, rating, rated_at)
       SELECT t.id, $3, $4, $5 FROM turns t JOIN conversations c ON c.id = t.conversation_id
       WHERE t.id = $1 AND (c.chat_id = $2 OR c.user_id = $3)
       ON CONFLICT (reply_id, user_id) DO UPDATE SET rating = excluded.rating, rated_at = excluded.rated_at`,
      [replyId, chatId, userId, rating, this.clock.now()],
    );
  }

  async transcribed(
    tx: EntityManager,
    { messageId, userId, chatId, text }: EventOf<typeof TranscriptionCompleted>['data'],
  ): Promise<Unanswered | undefined> {
    const message = await this.voiceMessage(tx, messageId, userId);
    // The person may have begun anew meanwhile, or be erased. Words that come after they were given up are better than none.
    if (message?.state !== 'awaiting_transcription' && message?.state !== 'transcription_failed') return undefined;
    const state = await this.stateOfNext(tx, message.conversationId);
    await this.rewrite(tx, message, { transcript: text }, { state });
    return state === 'pending' ? this.changed(tx, message.conversationId, chatId) : undefined;
  }

  /** There are no words to come: of what was said only a caption can be answered. */
  async notTranscribed(
    tx: EntityManager,
    { messageId, userId, chatId }: Pick<EventOf<typeof TranscriptionFailed>['data'], 'messageId' | 'userId' | 'chatId'>,
  ): Promise<Unanswered | undefined> {
    const message = await this.voiceMessage(tx, messageId, userId);
    if (message?.state !== 'awaiting_transcription') return undefined;
    const read = await this.cipher.reader(tx, [message]);
    const hasCaption = !!read(message)?.text;
    const state = hasCaption ? await this.stateOfNext(tx, message.conversationId) : 'transcription_failed';
    await tx.update(Message, messageId, { state });
    return state === 'pending' ? this.changed(tx, message.conversationId, chatId) : undefined;
  }

  /**
   * In a group, what was said with a person who is erased is forgotten as a whole: the answers and quotations of others hold their
   * words. What others still wait for stays, and is to be answered anew.
   */
  async forgetInGroups(tx: EntityManager, userId: string): Promise<Unanswered[]> {
    const groups = await tx.query<{ id: string; chatId: string }[]>(
      `SELECT id, chat_id AS "chatId" FROM conversations WHERE user_id IS NULL
         AND id IN (SELECT conversation_id FROM messages WHERE user_id = $1) ORDER BY id FOR UPDATE`,
      [userId],
    );
    if (groups.length === 0) return [];
    const ids = groups.map(({ id }) => id);
    await tx.query(
      `DELETE FROM messages WHERE conversation_id = ANY ($1) AND state NOT IN ('pending', 'awaiting_transcription')`,
      [ids],
    );
    await tx.query('DELETE FROM turns WHERE conversation_id = ANY ($1)', [ids]);
    await tx.query('DELETE FROM messages WHERE user_id = $1', [userId]);
    await tx.query('UPDATE messages SET quoted = NULL WHERE conversation_id = ANY ($1)', [ids]);
    await tx.query(
      `UPDATE conversations SET summary = NULL, summarised_up_to = 0, being_answered = '{}', epoch = epoch + 1
       WHERE id = ANY ($1)`,
      [ids],
    );
    const unanswered: Unanswered[] = [];
    for (const { id, chatId } of groups) {
      await this.cipher.destroyGroupKey(tx, chatId);
      const changed = await this.changed(tx, id, chatId);
      this.changes.interrupt(tx, id, chatId);
      if (await tx.existsBy(Message, { conversationId: id, state: 'pending' })) unanswered.push(changed);
    }
    return unanswered;
  }

  private async stateOfNext(tx: EntityManager, conversationId: string): Promise<'pending' | 'handed_over'> {
    const handedOver = { id: conversationId, handedOverUntil: MoreThan(this.clock.now()) };
    return (await tx.existsBy(Conversation, handedOver)) ? 'handed_over' : 'pending';
  }

  /** Undefined of a person who was erased. */
  private async voiceMessage(tx: EntityManager, id: string, userId: string): Promise<Message | undefined> {
    const message = await tx.findOne(Message, { where: { id }, lock: { mode: 'pessimistic_write' } });
    if (!message && !(await this.cipher.isErased(tx, userId)))
      throw new RetryLater(VOICE_RETRY_SECONDS, 'the voice message has not been heard of yet');
    return message ?? undefined;
  }

  private async rewrite(
    tx: EntityManager,
    message: Message,
    change: Partial<MessageContent>,
    more: Partial<Message>,
  ): Promise<void> {
    const read = await this.cipher.reader(tx, [message]);
    const content = { text: '', transcript: null, quoted: null, senderName: null, ...read(message), ...change };
    await tx.update(Message, message.id, {
      ...(await this.cipher.seal(tx, message, content)),
      tokens: countTokens(renderForModel(content)),
      ...more,
    });
  }

  private isHandedOver({ handedOverUntil }: Conversation): boolean {
    return handedOverUntil !== null && handedOverUntil > this.clock.now();
  }

  private lockOpen(tx: EntityManager, where: ChatOfPerson): Promise<Conversation | null> {
    return tx
      .createQueryBuilder(Conversation, 'conversations')
      .where(openIn(':chatId', ':userId'), { ...where })
      .setLock('pessimistic_write')
      .getOne();
  }

  private async changed(tx: EntityManager, conversationId: string, chatId: string): Promise<Unanswered> {
    await tx.increment(Conversation, { id: conversationId }, 'revision', 1);
    this.changes.note(tx, conversationId);
    return { conversationId, chatId, isPartOfSeries: false };
  }
}

/**
 * The message, in the open conversation of the group or of the person with the shop, which is made if there is none and stays locked
 * until the commit. Nothing for a message that is known: told of in two events, it would make an answer being written begin anew. Nor
 * does one that a human is to answer. A talk with what is an account of another shop by now is over.
 */
const RECEIVE = `
  WITH former AS (
    UPDATE conversations SET closed_at = $4, revision = revision + 1
    WHERE chat_id = $2 AND closed_at IS NULL AND coalesce(brand_id, bot_id) <> $16 RETURNING id
  ), cancelled AS (
    UPDATE messages SET state = 'cancelled'
    WHERE conversation_id IN (SELECT id FROM former) AND state IN ('pending', 'awaiting_transcription', 'transcription_failed')
  ), conversation AS (
    INSERT INTO conversations (id, chat_id, bot_id, started_at, active_at, user_id, brand_id)
    SELECT $1, $2, $3, $4, $4, $15, $16 FROM (SELECT count(*) FROM former) AS closed
    WHERE NOT EXISTS (SELECT FROM messages WHERE id = $6)
    ON CONFLICT (coalesce(brand_id, bot_id), coalesce(user_id, chat_id)) WHERE closed_at IS NULL DO UPDATE SET
      chat_id = excluded.chat_id, bot_id = excluded.bot_id, brand_id = excluded.brand_id,
      revision = conversations.revision + CASE WHEN conversations.handed_over_until > $4 THEN 0 ELSE $5 END,
      active_at = CASE WHEN excluded.active_at >= conversations.active_at + interval '1 minute'
        THEN excluded.active_at ELSE conversations.active_at END
    RETURNING id, handed_over_until > $4 AND $7 = 'pending' AS handed_over
  )
  INSERT INTO messages (id, conversation_id, role, state, user_id, locale, text, quoted, sender_name, tokens, sent_at, chat_id, bot_id,
    awaiting_since)
  SELECT $6, id, 'user', CASE WHEN handed_over THEN 'handed_over' ELSE $7 END, $8, $9, $10, $11, $12, $13, $14, $2, $3,
    CASE WHEN $7 = 'awaiting_transcription' THEN $4::timestamptz END FROM conversation
  ON CONFLICT (id) DO NOTHING RETURNING conversation_id AS "conversationId", state,
    (SELECT id FROM desk_tickets WHERE conversation_id = messages.conversation_id AND closed_at IS NULL) AS "ticketId"`;
