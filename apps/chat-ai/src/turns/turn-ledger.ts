import { Injectable } from '@nestjs/common';
import { Outbox } from '@switchboard/bus';
import { ReplyCompleted, type ReplyOutcome } from '@switchboard/contracts';
import { Clock, Jobs } from '@switchboard/service-kit';
import { DataSource, type EntityManager, In } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import type { Assistant } from '../assistants/assistant';
import type { ContextReport } from '../context/build-context';
import { countTokens } from '../context/tokens';
import { Conversation } from '../conversations/conversation.entity';
import { Message } from '../conversations/message.entity';
import { MessageCipher } from '../conversations/message-cipher';
import { SUMMARISE_FROM, SummariseConversation } from '../summaries/summarise-conversation.job';
import { type EndedCall, UsageService } from '../usage/usage.service';
import { askForAnswer } from './answer-turn.job';
import type { OpenTurn } from './open-turn';
import { Turn } from './turn.entity';

/** What a turn has used up, whether or not it came to a reply. */
export interface TurnCosts {
  readonly calls: readonly EndedCall[];
  readonly reservations: readonly string[];
}

export interface Reply {
  readonly outcome: ReplyOutcome;
  readonly text: string;
  readonly model: string | null;
  readonly promptId: string | null;
  readonly contextReport: ContextReport | null;
  readonly startedAt: Date;
  readonly durationMs: number;
  readonly firstTextMs: number | null;
}

/** The one transaction in which a turn ends. */
@Injectable()
export class TurnLedger {
  constructor(
    private readonly db: DataSource,
    private readonly clock: Clock,
    private readonly outbox: Outbox,
    private readonly jobs: Jobs,
    private readonly cipher: MessageCipher,
    private readonly usage: UsageService,
  ) {}

  /**
   * Records the reply, what it used, and the event, all or nothing. A reply to messages that were answered by another
   * run, or whose conversation was closed meanwhile, is not given; its costs are recorded all the same.
   *
   * @param beforeCommit called when nothing but the commit is left
   */
  async reply(
    turn: OpenTurn,
    assistant: Assistant,
    reply: Reply,
    costs: TurnCosts,
    beforeCommit: () => void,
  ): Promise<void> {
    const answers = turn.question.map(({ id }) => id);
    await this.db.transaction(async (tx) => {
      const conversation = await tx.findOneOrFail(Conversation, {
        where: { id: turn.conversationId },
        lock: { mode: 'pessimistic_write' },
      });
      const unanswered = await tx.countBy(Message, { id: In(answers), state: 'pending' });
      if (!conversation.closedAt && unanswered === answers.length) await this.insertReply(tx, turn, reply, answers);
      await this.summariseIfLong(tx, turn, assistant);
      // Last: it locks the bot's purse, for which all turns of the bot wait.
      await this.recordCosts(tx, turn, assistant, costs);
      beforeCommit();
    });
  }

  /** Ends without a reply: another run answers. */
  async giveUp(turn: OpenTurn, assistant: Assistant, costs: TurnCosts): Promise<void> {
    await this.db.transaction((tx) => this.recordCosts(tx, turn, assistant, costs));
  }

  /** The service stops: whoever is there next begins the turn anew, at once and without counting a failure. */
  async handOver(turn: OpenTurn, assistant: Assistant, costs: TurnCosts): Promise<void> {
    await this.db.transaction(async (tx) => {
      await this.recordCosts(tx, turn, assistant, costs);
      await askForAnswer(this.jobs, tx, turn);
    });
  }

  private recordCosts(tx: EntityManager, turn: OpenTurn, assistant: Assistant, { calls, reservations }: TurnCosts) {
    const { userId, replyId } = turn;
    return this.usage.record(tx, calls, { purpose: 'turn', assistant, userId, turnId: replyId, reservations });
  }

  private async insertReply(
    tx: EntityManager,
    turn: OpenTurn,
    { text, ...about }: Reply,
    answers: string[],
  ): Promise<void> {
    const { replyId, conversationId, chatId, botId, userId, locale } = turn;
    await tx.insert(Turn, tx.create(Turn, { id: replyId, conversationId, ...about }));
    await tx.update(Message, { id: In(answers) }, { state: 'answered', turnId: replyId });
    await tx.insert(Message, {
      id: uuidv7(),
      conversationId,
      role: 'assistant',
      state: 'answered',
      userId,
      locale,
      ...this.cipher.seal({ text, quoted: null, senderName: null }),
      tokens: countTokens(text),
      turnId: replyId,
      sentAt: this.clock.now(),
    });
    const { outcome } = about;
    await this.outbox.add(tx, ReplyCompleted({ replyId, chatId, botId, userId, locale, text, outcome, answers }));
  }

  private async summariseIfLong(tx: EntityManager, turn: OpenTurn, assistant: Assistant): Promise<void> {
    if (!assistant.connection) return;
    const { conversationId } = turn;
    const tokens = turn.history.reduce((sum, message) => sum + (message.summarised ? 0 : message.tokens), 0);
    if (tokens < assistant.contextTokens * SUMMARISE_FROM) return;
    await this.jobs.add(
      tx,
      SummariseConversation,
      { conversationId },
      { key: `summary:${conversationId}`, maxAttempts: 3 },
    );
  }
}
