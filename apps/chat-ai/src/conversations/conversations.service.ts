import { Inject, Injectable } from '@nestjs/common';
import { RetryLater } from '@switchboard/bus';
import type { EventOf, MessageEdited, MessageReceived, TranscriptionCompleted } from '@switchboard/contracts';
import { Clock, CONFIG, Jobs } from '@switchboard/service-kit';
import { type EntityManager, In, IsNull } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import type { ChatAiConfig } from '../chat-ai.config';
import { countTokens } from '../context/tokens';
import { askForAnswer } from '../turns/answer-turn.job';
import { Arrivals } from './arrivals';
import { Conversation } from './conversation.entity';
import { Message } from './message.entity';
import { MessageCipher } from './message-cipher';
import { asModelReads, wordsOf } from './message-text';

type Received = EventOf<typeof MessageReceived>['data'];

/** Telegram cuts a pasted text every 4096 characters, a little earlier at a line's end. */
const PROBABLY_CUT_AT = 4000;
const WORDS_BEFORE_VOICE_SECONDS = 2;

/** Keeps what is said, and asks for an answer. */
@Injectable()
export class ConversationsService {
  constructor(
    private readonly clock: Clock,
    private readonly cipher: MessageCipher,
    private readonly jobs: Jobs,
    private readonly arrivals: Arrivals,
    @Inject(CONFIG) private readonly config: ChatAiConfig,
  ) {}

  async receive(tx: EntityManager, received: Received): Promise<void> {
    const conversationId = await this.openFor(tx, received);
    const words = {
      text: wordsOf(received),
      quoted: received.replyToText ?? null,
      senderName: received.inGroup ? (received.senderName ?? null) : null,
    };
    const awaits = received.kind === 'voice' && words.text === '';
    await tx
      .createQueryBuilder()
      .insert()
      .into(Message)
      .values({
        id: received.messageId,
        conversationId,
        role: 'user',
        state: awaits ? 'awaiting_transcription' : 'pending',
        userId: received.userId,
        locale: received.locale,
        ...this.cipher.seal(words),
        tokens: countTokens(asModelReads(words)),
        sentAt: new Date(received.sentAt),
      })
      // Told of in two events: an error here would hold up the whole chat.
      .orIgnore()
      .updateEntity(false)
      .execute();
    if (awaits) return;
    const isPartOfSeries = received.mediaGroup !== undefined || words.text.length >= PROBABLY_CUT_AT;
    await this.answerLater(tx, conversationId, received.chatId, isPartOfSeries);
  }

  async edit(tx: EntityManager, { messageId, chatId, text }: EventOf<typeof MessageEdited>['data']): Promise<void> {
    const message = await tx.findOneBy(Message, { id: messageId });
    // Written before this service knew the chat, or to a part of the bot that is no conversation.
    if (!message) return;
    await this.replaceText(tx, message, text, { editedAt: this.clock.now() });
    if (message.state === 'pending') await this.answerLater(tx, message.conversationId, chatId);
  }

  async close(tx: EntityManager, chatId: string): Promise<void> {
    const conversation = await tx.findOne(Conversation, {
      where: { chatId, closedAt: IsNull() },
      lock: { mode: 'pessimistic_write' },
    });
    if (!conversation) return;
    await tx.update(Conversation, conversation.id, { closedAt: this.clock.now(), revision: conversation.revision + 1 });
    await tx.update(
      Message,
      { conversationId: conversation.id, state: In(['pending', 'awaiting_transcription']) },
      { state: 'cancelled' },
    );
    this.arrivals.note(tx, conversation.id);
  }

  async transcribed(tx: EntityManager, words: EventOf<typeof TranscriptionCompleted>['data']): Promise<void> {
    const message = await this.voiceMessage(tx, words.messageId);
    // The person may have begun anew meanwhile.
    if (message.state !== 'awaiting_transcription') return;
    await this.replaceText(tx, message, words.text, { state: 'pending' });
    await this.answerLater(tx, message.conversationId, words.chatId);
  }

  async notTranscribed(tx: EntityManager, messageId: string): Promise<void> {
    const message = await this.voiceMessage(tx, messageId);
    if (message.state === 'awaiting_transcription')
      await tx.update(Message, messageId, { state: 'transcription_failed' });
  }

  private async voiceMessage(tx: EntityManager, id: string): Promise<Message> {
    const message = await tx.findOne(Message, { where: { id }, lock: { mode: 'pessimistic_write' } });
    if (!message) throw new RetryLater(WORDS_BEFORE_VOICE_SECONDS, 'the voice message has not been heard of yet');
    return message;
  }

  private replaceText(tx: EntityManager, message: Message, text: string, more: Partial<Message>) {
    const words = { ...this.cipher.open(message), text };
    return tx.update(Message, message.id, {
      ...this.cipher.seal(words),
      tokens: countTokens(asModelReads(words)),
      ...more,
    });
  }

  /** The chat's open conversation, made if there is none. Its row stays locked until the commit. */
  private async openFor(tx: EntityManager, { chatId, botId }: Received): Promise<string> {
    const [row] = await tx.query<{ id: string }[]>(
      `INSERT INTO conversations (id, chat_id, bot_id, started_at) VALUES ($1, $2, $3, $4)
       ON CONFLICT (chat_id) WHERE closed_at IS NULL DO UPDATE SET chat_id = excluded.chat_id RETURNING id`,
      [uuidv7(), chatId, botId, this.clock.now()],
    );
    return row!.id;
  }

  private async answerLater(tx: EntityManager, conversationId: string, chatId: string, mayGoOn = false): Promise<void> {
    await tx.increment(Conversation, { id: conversationId }, 'revision', 1);
    this.arrivals.note(tx, conversationId);
    const delayMs = mayGoOn ? this.config.CHAT_AI_QUIET_WINDOW_MS : 0;
    await askForAnswer(this.jobs, tx, { conversationId, chatId }, delayMs);
  }
}
