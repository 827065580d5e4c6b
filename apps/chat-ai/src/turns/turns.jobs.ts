import { Inject, Injectable } from '@nestjs/common';
import {
  Clock,
  CONFIG,
  defineJob,
  type JobRun,
  Jobs,
  LOG,
  type Log,
  type PayloadOf,
  Runs,
  Scheduled,
  Slot,
} from '@switchboard/service-kit';
import { Counter, Registry } from 'prom-client';
import { DataSource, type EntityManager } from 'typeorm';
import { z } from 'zod';
import { ReadersBusy } from '../attachments/attachments.service';
import type { ChatAiConfig } from '../chat-ai.config';
import { ConversationsService, type Unanswered } from '../conversations/conversations.service';
import { type About, NoticesService } from './notices.service';
import { TurnsService } from './turns.service';

/** Answers all pending messages of a conversation. */
const AnswerTurn = defineJob('answer-turn', z.object({ conversationId: z.uuid(), chatId: z.uuid() }));
const GiveUpTranscriptions = defineJob('give-up-transcriptions', Slot);
const ApologiseForLostTurns = defineJob('apologise-for-lost-turns', Slot);

/** With the queue's growing pauses, about a minute and a half until the person gets an apology. */
const MAX_ATTEMPTS = 5;

/** So long somebody who has sent a voice message may take the silence for thinking. */
const TRANSCRIBED_WITHIN_MS = 15 * 60_000;

/** When all readers of files are busy. */
const BUSY_RETRY_MS = 5000;

const keyOf = (conversationId: string) => `turn:${conversationId}`;
const queueOf = (conversationId: string) => `talk:${conversationId}`;

/** When turns are run, and that each ends in an answer or an apology. */
@Injectable()
export class TurnsJobs {
  private readonly failed: Counter;

  constructor(
    private readonly db: DataSource,
    private readonly jobs: Jobs,
    private readonly turns: TurnsService,
    private readonly conversations: ConversationsService,
    private readonly notices: NoticesService,
    private readonly clock: Clock,
    @Inject(CONFIG) private readonly config: ChatAiConfig,
    @Inject(LOG) private readonly log: Log,
    @Inject(Registry) registry: Registry,
  ) {
    this.failed = new Counter({
      name: 'turns_failed_total',
      help: 'Turns that ended in an apology because of an error of ours.',
      registers: [registry],
    });
  }

  /**
   * Asks for an answer when `tx` commits. However often it is asked for, one turn waits per conversation; turns of one
   * conversation run one after the other.
   */
  async request(
    tx: EntityManager,
    unanswered: (Pick<Unanswered, 'conversationId' | 'chatId'> & Partial<Unanswered>) | undefined,
  ): Promise<void> {
    if (!unanswered) return;
    const { conversationId, chatId, isPartOfSeries = false } = unanswered;
    await this.jobs.add(
      tx,
      AnswerTurn,
      { conversationId, chatId },
      {
        key: keyOf(conversationId),
        queue: queueOf(conversationId),
        maxAttempts: MAX_ATTEMPTS,
        ...(isPartOfSeries && { delayMs: this.config.CHAT_AI_QUIET_WINDOW_MS }),
      },
    );
  }

  @Runs(AnswerTurn)
  async run({ conversationId, chatId }: PayloadOf<typeof AnswerTurn>, run: JobRun): Promise<void> {
    try {
      const end = await this.turns.answer(conversationId, run);
      // Not by failing: whoever is there next begins the turn anew at once.
      if (end === 'again') await this.db.transaction((tx) => this.request(tx, { conversationId, chatId }));
    } catch (error) {
      if (error instanceof ReadersBusy) return this.requestLater({ conversationId, chatId });
      if (!run.isLastAttempt) throw error;
      this.log.error({ err: error, conversationId }, 'a turn failed for good');
      await this.apologise({ conversationId, chatId });
    }
  }

  /** That many people send files is no failure of this turn: none of its tries is used up. */
  private requestLater({ conversationId, chatId }: PayloadOf<typeof AnswerTurn>): Promise<void> {
    const options = { key: keyOf(conversationId), queue: queueOf(conversationId), maxAttempts: MAX_ATTEMPTS };
    return this.db.transaction((tx) =>
      this.jobs.add(tx, AnswerTurn, { conversationId, chatId }, { ...options, delayMs: BUSY_RETRY_MS }),
    );
  }

  /**
   * The last try of a turn may die with its process, and an apology may fail like a turn. Then there are messages that wait
   * and no job that will answer them.
   */
  @Scheduled('* * * * *', ApologiseForLostTurns, {
    purpose: 'Apologises to people whose turn failed for good without a word.',
    timeoutMs: 60_000,
    missed: 'skip',
  })
  async apologiseForLostTurns(): Promise<void> {
    // Both by one snapshot: a turn that ends between the two would be taken for lost.
    const { waiting, alive } = await this.db.transaction('REPEATABLE READ', async (tx) => {
      const waiting = await tx.query<{ conversationId: string; chatId: string; messages: string[] }[]>(
        `SELECT c.id AS "conversationId", c.chat_id AS "chatId", array_agg(m.id) AS messages
         FROM messages m JOIN conversations c ON c.id = m.conversation_id WHERE m.state = 'pending' GROUP BY c.id`,
      );
      const keys = waiting.map(({ conversationId }) => keyOf(conversationId));
      return { waiting, alive: await this.jobs.alive(tx, keys) };
    });
    for (const { messages, ...turn } of waiting) {
      if (alive.has(keyOf(turn.conversationId))) continue;
      this.log.error({ conversationId: turn.conversationId }, 'a turn was lost');
      await this.apologise(turn, messages);
    }
  }

  /** The event that tells how a transcription ended may never come. */
  @Scheduled('* * * * *', GiveUpTranscriptions, {
    purpose:
      'Tells people that their voice message was not understood when its words have not come for a quarter of an hour.',
    timeoutMs: 60_000,
    missed: 'skip',
  })
  async giveUpTranscriptions(): Promise<void> {
    const since = new Date(this.clock.now().getTime() - TRANSCRIBED_WITHIN_MS);
    const late = await this.db.query<{ messageId: string }[]>(
      `SELECT id AS "messageId" FROM messages WHERE state = 'awaiting_transcription' AND awaiting_since < $1`,
      [since],
    );
    for (const { messageId } of late) {
      // One that cannot be read must not keep the others waiting.
      await this.giveUpTranscription(messageId).catch((error: unknown) =>
        this.log.error({ err: error, messageId }, 'a voice message whose words do not come could not be given up'),
      );
    }
  }

  private giveUpTranscription(messageId: string): Promise<void> {
    return this.db.transaction(async (tx) => {
      const [message] = await tx.query<About[]>(
        `SELECT m.id AS "messageId", m.user_id AS "userId", m.locale, c.chat_id AS "chatId", c.bot_id AS "botId"
         FROM messages m JOIN conversations c ON c.id = m.conversation_id
         WHERE m.id = $1 AND m.state = 'awaiting_transcription' FOR UPDATE OF m`,
        [messageId],
      );
      if (!message) return;
      this.log.error({ messageId }, 'the words of a voice message have not come');
      await this.request(tx, await this.conversations.notTranscribed(tx, message));
      await this.notices.notHeard(tx, message);
      this.failed.inc();
    });
  }

  private async apologise(turn: PayloadOf<typeof AnswerTurn>, messages?: readonly string[]): Promise<void> {
    const end = await this.turns.apologise(turn.conversationId, messages);
    this.failed.inc();
    if (end === 'again') await this.db.transaction((tx) => this.request(tx, turn));
  }
}
