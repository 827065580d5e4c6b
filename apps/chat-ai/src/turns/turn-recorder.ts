import { Injectable } from '@nestjs/common';
import { Outbox } from '@switchboard/bus';
import {
  CachedAnswerUsed,
  ExposureRecorded,
  MessageLabelled,
  ReplyCompleted,
  type ReplyOutcome,
} from '@switchboard/contracts';
import { Clock, unlessErased, persistently } from '@switchboard/service-kit';
import { Histogram, Registry } from 'prom-client';
import { DataSource, type EntityManager, In } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import type { Spender } from '../accounting/budgets.service';
import { type EndedCall, UsageService } from '../accounting/usage.service';
import { shortened } from '../conversations/message-content';
import { Message } from '../conversations/message.entity';
import { MessageCipher } from '../conversations/message-cipher';
import type { TurnAddress } from './open-turns.service';
import { SummariesJobs } from '../conversations/summaries.jobs';
import type { ContextReport, TurnToolCall } from '../conversations/turn.entity';
import { countTokens } from '../models/tokens';
import { ConfirmationsService } from '../tools/confirmations.service';
import type { Offer } from '../tools/tools.service';
import type { UnansweredReason } from '../unanswered/unanswered-question.entity';
import { UnansweredJobs } from '../unanswered/unanswered.jobs';

/** What a turn has used up, whether or not it came to a reply, and who pays. */
export interface TurnCosts {
  readonly spender: Spender;
  readonly calls: readonly EndedCall[];
  readonly reservations: readonly string[];
}

/** What is told of a message that is answered. */
export type MessageLabels = Omit<
  Parameters<typeof MessageLabelled>[0],
  'conversationId' | 'chatId' | 'botId' | 'promptId'
>;

export interface Reply {
  readonly outcome: ReplyOutcome;
  readonly text: string;
  /** What the person may want to say next. */
  readonly suggestions?: readonly string[] | undefined;
  readonly model: string | null;
  readonly promptId: string | null;
  /** That the person has met what an experiment compares. */
  readonly exposures?: readonly Parameters<typeof ExposureRecorded>[0][] | undefined;
  readonly contextReport: ContextReport | null;
  readonly toolCalls?: readonly TurnToolCall[] | undefined;
  /** The text ends with its question. */
  readonly offer?: Offer | undefined;
  readonly startedAt: Date;
  readonly durationMs: number;
  readonly firstTextMs: number | null;
  /** Whether the knowledge base has nothing about the question, and the answer cites nothing of it. */
  readonly isUnfounded?: boolean | undefined;
  /** That it was said before, to others. */
  readonly cached?: Parameters<typeof CachedAnswerUsed>[0] | undefined;
  /** Of the messages that are answered for the first time. */
  readonly labels?: readonly MessageLabels[] | undefined;
}

/**
 * - `closed`: the person has begun anew, or was erased
 * - `stopped`: the person wants no more than is visible already
 * - `handed-over`: staff answer in place of the assistant
 * - `overtaken`: another run has answered, part of the question is gone, or what the answer was made of is erased
 */
export type Recorded = 'recorded' | 'closed' | 'stopped' | 'handed-over' | 'overtaken';

/** The one transaction in which a turn ends. */
@Injectable()
export class TurnRecorder {
  private readonly seconds: Histogram<'outcome'>;
  private readonly firstTextSeconds: Histogram;

  constructor(
    private readonly db: DataSource,
    private readonly clock: Clock,
    private readonly outbox: Outbox,
    private readonly cipher: MessageCipher,
    private readonly usage: UsageService,
    private readonly summaries: SummariesJobs,
    private readonly unanswered: UnansweredJobs,
    private readonly confirmations: ConfirmationsService,
    registry: Registry,
  ) {
    this.seconds = new Histogram({
      name: 'turn_seconds',
      help: 'Turns: from their begin until the reply was recorded, by outcome.',
      labelNames: ['outcome'],
      buckets: [0.25, 0.5, 1, 2, 3, 5, 8, 13, 20, 30, 60, 120],
      registers: [registry],
    });
    this.firstTextSeconds = new Histogram({
      name: 'turn_first_text_seconds',
      help: 'Turns: from their begin until the first words of the reply.',
      buckets: [0.1, 0.25, 0.5, 0.75, 1, 1.5, 2, 3, 5, 8, 13, 30],
      registers: [registry],
    });
  }

  /**
   * Records the reply, what it used, and the events, all or nothing. Where no reply is wanted any more its costs are
   * recorded all the same.
   */
  async record(
    turn: TurnAddress,
    reply: Reply,
    { costs, summarise = false }: { costs?: TurnCosts; summarise?: boolean } = {},
  ): Promise<Recorded> {
    try {
      const recorded = await this.transaction(async (tx) => {
        const recorded = await this.insertReply(tx, turn, reply);
        const exposures = (reply.exposures ?? []).map((exposure) => ExposureRecorded(exposure));
        const cached = reply.cached ? [CachedAnswerUsed(reply.cached)] : [];
        const said =
          recorded === 'recorded' ? [completed(turn, reply), ...labelled(turn, reply), ...exposures, ...cached] : [];
        if (recorded === 'recorded') await this.recordOffers(tx, turn, reply);
        const unanswered = recorded === 'recorded' && reasonOf(reply);
        if (unanswered) await this.unanswered.request(tx, turn.replyId, unanswered);
        if (summarise && recorded !== 'closed') await this.summaries.request(tx, turn.conversationId);
        await this.outbox.add(tx, ...said, ...(costs ? await this.recordCosts(tx, turn, costs) : []));
        return recorded;
      });
      if (recorded === 'recorded') this.count(reply);
      return recorded;
    } catch (error) {
      if (!(error instanceof PartlyOvertaken)) throw error;
      if (costs) await this.discard(turn, costs);
      return 'overtaken';
    }
  }

  private async recordOffers(tx: EntityManager, turn: TurnAddress, { offer }: Reply): Promise<void> {
    if (turn.replaces) await this.confirmations.withdraw(tx, turn.replaces);
    if (offer) await this.confirmations.offer(tx, turn, offer);
  }

  private count({ outcome, durationMs, firstTextMs }: Reply): void {
    this.seconds.observe({ outcome }, durationMs / 1000);
    if (firstTextMs !== null) this.firstTextSeconds.observe(firstTextMs / 1000);
  }

  /** A try that died in the middle of a call left no other trace of what that has cost. */
  async chargeEarlierTries({ replyId }: TurnAddress): Promise<void> {
    await this.usage.chargeLost({ turnId: replyId });
  }

  /** Ends without a reply. */
  async discard(turn: TurnAddress, costs: TurnCosts): Promise<void> {
    if (costs.reservations.length === 0) return;
    await this.transaction(async (tx) => {
      await this.outbox.add(tx, ...(await this.recordCosts(tx, turn, costs)));
    });
  }

  /** One whose commit was not heard of finds when it is repeated that the turn has ended. */
  private transaction<T>(work: (tx: EntityManager) => Promise<T>): Promise<T> {
    return persistently(() => this.db.transaction(work));
  }

  private recordCosts(tx: EntityManager, { replyId }: TurnAddress, { spender, ...costs }: TurnCosts) {
    return this.usage.record(tx, spender, { purpose: 'turn', turnId: replyId, ...costs });
  }

  private async insertReply(tx: EntityManager, turn: TurnAddress, reply: Reply): Promise<Recorded> {
    const message = { id: uuidv7(), userId: turn.userId };
    const said = { text: reply.text, transcript: null, quoted: null, senderName: null };
    const sealed = await unlessErased(this.cipher.seal(tx, message, said));
    if (!sealed) return 'closed';
    const [found] = await tx.query<{ open: boolean; answered: number }[]>(INSERT_REPLY, [
      ...[turn.conversationId, turn.replyId, turn.answers],
      ...[reply.outcome, reply.model, reply.promptId, reply.contextReport && JSON.stringify(reply.contextReport)],
      ...[reply.startedAt, reply.durationMs, reply.firstTextMs],
      ...[message.id, message.userId, turn.locale, sealed.text, countTokens(reply.text), this.clock.now()],
      ...[turn.epoch, reply.outcome === 'stopped' ? ['pending', 'cancelled'] : ['pending'], turn.replaces],
      JSON.stringify(reply.toolCalls ?? []),
      ...columnsOf(turn, reply),
      ...[turn.chatId, turn.botId],
    ]);
    const { open, answered } = found!;
    if (answered === turn.answers.length) return 'recorded';
    if (answered > 0) throw new PartlyOvertaken();
    if (!open) return 'closed';
    // By a statement of its own, which sees what was committed while the first one waited for a lock.
    const ended = await tx.findOneBy(Message, { id: In(turn.answers), state: In(['cancelled', 'handed_over']) });
    if (!ended) return 'overtaken';
    return ended.state === 'cancelled' ? 'stopped' : 'handed-over';
  }
}

/** Apologies that say something about the question: not that money, a file or the time of day was in the way. */
const APOLOGIES: readonly ReplyOutcome[] = ['refused', 'empty', 'too_long', 'model_unavailable', 'timed_out'];

/** Why the question counts as unanswered, if it does. */
function reasonOf({ outcome, isUnfounded }: Reply): UnansweredReason | undefined {
  if (APOLOGIES.includes(outcome)) return 'apology';
  return isUnfounded ? 'nothing_found' : undefined;
}

/** As the event takes them. */
const SUGGESTION_CHARACTERS = 200;

/** Some of the messages were answered by another run: what has been written of this reply is rolled back. */
class PartlyOvertaken extends Error {}

const completed = (turn: TurnAddress, { text, outcome, suggestions = [], offer }: Reply) => {
  const { replyId, chatId, botId, userId, locale, answers, replaces } = turn;
  return ReplyCompleted({
    ...{ replyId, chatId, botId, userId, locale, text, outcome, answers: [...answers], replaces },
    ...(suggestions.length > 0 && { suggestions: suggestions.map((text) => shortened(text, SUGGESTION_CHARACTERS)) }),
    ...(offer && { confirmationId: offer.id }),
  });
};

const labelled = ({ conversationId, chatId, botId }: TurnAddress, { labels = [], promptId }: Reply) =>
  labels.map((label) => MessageLabelled({ conversationId, chatId, botId, ...label, ...(promptId && { promptId }) }));

/** In the order of the messages that are answered. */
function columnsOf({ answers }: TurnAddress, { labels = [] }: Reply): unknown[][] {
  const found = answers.map((id) => labels.find(({ messageId }) => messageId === id));
  return [found.map((one) => one?.tone), found.map((one) => one?.toneScore), found.map((one) => one?.scenario)];
}

/**
 * The conversation is locked before its messages, as everywhere. The state of the messages is looked at again after any
 * wait for a lock, so that of two runs side by side one finds nothing to answer. Who stops an answer has its question
 * cancelled, and keeps what was visible of the answer.
 */
const INSERT_REPLY = `
  WITH conversation AS (
    SELECT id, epoch FROM conversations WHERE id = $1 AND closed_at IS NULL FOR UPDATE
  ), answered AS (
    UPDATE messages m SET state = 'answered', turn_id = $2, tone = coalesce(l.tone, m.tone),
      tone_score = coalesce(l.score, m.tone_score), scenario = coalesce(l.scenario, m.scenario)
    FROM conversation c, unnest($3::uuid[], $21::text[], $22::real[], $23::text[]) AS l (id, tone, score, scenario)
    WHERE m.conversation_id = c.id AND c.epoch = $17 AND m.id = l.id AND m.state = ANY ($18::text[])
    RETURNING m.id
  ), turn AS (
    INSERT INTO turns (id, conversation_id, outcome, model, prompt_id, context_report, started_at, duration_ms, first_text_ms,
      tool_calls)
    SELECT $2, $1, $4, $5, $6, $7::jsonb, $8, $9, $10, $20::jsonb
    WHERE (SELECT count(*) FROM answered) = cardinality($3::uuid[]) RETURNING id
  ), reply AS (
    INSERT INTO messages (id, conversation_id, role, state, user_id, locale, text, tokens, turn_id, sent_at, chat_id, bot_id)
    SELECT $11, $1, 'assistant', 'answered', $12, $13, $14, $15, id, $16, $24, $25 FROM turn
  ), replaced AS (
    UPDATE messages m SET state = 'replaced' FROM turn
    WHERE m.conversation_id = $1 AND m.turn_id = $19 AND m.role = 'assistant' AND m.state = 'answered'
  )
  SELECT EXISTS (SELECT FROM conversation) AS open, (SELECT count(*)::int FROM answered) AS answered`;
