import { Inject, Injectable } from '@nestjs/common';
import { Signals } from '@switchboard/bus';
import type { ReplyOutcome } from '@switchboard/contracts';
import { Clock, type JobRun, LOG, type Log } from '@switchboard/service-kit';
import { setTimeout as sleep } from 'node:timers/promises';
import { BudgetExhausted, BudgetsService, type Reservation } from '../accounting/budgets.service';
import { costOf, type KnownPrice, PricesService } from '../accounting/prices.service';
import { type EndedCall, UsageService } from '../accounting/usage.service';
import { type Assistant, spenderOf } from '../assistants/assistant';
import { AssistantsService } from '../assistants/assistants.service';
import { ConversationChanges } from '../conversations/conversation-changes';
import { type OpenTurn, OpenTurnsService } from '../conversations/open-turns.service';
import { isLong } from '../conversations/summaries.service';
import type { ContextReport } from '../conversations/turn.entity';
import { type Passage, withSources } from '../knowledge/citations';
import { knowledgeOnlyAnswer } from '../knowledge/knowledge-only';
import { KnowledgeService } from '../knowledge/knowledge.service';
import { type ConfiguredModel, ModelFailure } from '../models/chat-model';
import { ModelsService } from '../models/models.service';
import { PromptsService } from '../prompts/prompts.service';
import { budgetExhausted, fallbackReply, readInPart } from './fallback-replies';
import { decideNextStep, FIRST_TRY, type RetryState } from './next-step';
import { ReplySignals } from './reply-signals';
import { TurnCancellation } from './turn-cancellation';
import { type Context, contextOf, SystemPromptTooLong } from './turn-context';
import { type TurnCosts, TurnRecorder } from './turn-recorder';

/** After a model said that it takes less than was sent. */
const SHRUNK = 0.5;
/** After reasoning used up the limit. */
const RAISED = 2;

/** What a turn has come to. */
interface Draft {
  /** Absent when the turn was given up. */
  readonly reply: { readonly outcome: ReplyOutcome; readonly text: string } | undefined;
  readonly model: string | null;
  readonly promptId: string | null;
  readonly contextReport: ContextReport | null;
  readonly firstTextMs: number | null;
  readonly costs: TurnCosts;
}

/** What a turn under way has at hand. */
interface RunningTurn {
  readonly turn: OpenTurn;
  readonly assistant: Assistant;
  readonly signals: ReplySignals;
  readonly cancellation: TurnCancellation;
  readonly started: number;
}

/** Answers what waits for an answer in one conversation. */
@Injectable()
export class TurnsService {
  constructor(
    private readonly turns: OpenTurnsService,
    private readonly changes: ConversationChanges,
    private readonly assistants: AssistantsService,
    private readonly prompts: PromptsService,
    private readonly knowledge: KnowledgeService,
    private readonly prices: PricesService,
    private readonly budgets: BudgetsService,
    private readonly usage: UsageService,
    private readonly models: ModelsService,
    private readonly recorder: TurnRecorder,
    private readonly signals: Signals,
    private readonly clock: Clock,
    @Inject(LOG) private readonly log: Log,
  ) {}

  /** `again` when something is left to be answered and nobody else will ask for it. */
  async answer(conversationId: string, run: JobRun): Promise<'done' | 'again'> {
    const [started, startedAt] = [performance.now(), this.clock.now()];
    const turn = await this.turns.read(conversationId);
    if (!turn) return 'done';
    const assistant = this.assistants.get(turn.botId);
    const signals = new ReplySignals(this.signals, turn);
    const cancellation = new TurnCancellation(this.changes, turn, run.signal);
    try {
      signals.thinking();
      // A try that died in the middle of a call left no other trace of what that cost.
      if (run.attempt > 1) await this.usage.chargeLost({ turnId: turn.replyId });
      const running = { turn, assistant, signals, cancellation, started };
      const { reply, costs, ...about } = await (assistant.models.length > 0
        ? this.askModels(running)
        : this.quoteKnowledge(running));
      const durationMs = Math.round(performance.now() - started);
      if (!reply) await this.recorder.discard(turn, costs);
      const recorded =
        reply &&
        (await this.recorder.record(
          turn,
          { ...reply, ...about, startedAt, durationMs },
          { costs, summarise: this.shouldSummarise(turn, assistant) },
        ));
      const { reason } = cancellation;
      if (recorded === 'recorded') signals.done(reply!.text);
      else if (recorded === 'closed' || reason === 'reset' || reason === 'stopped') signals.cancelled();
      return recorded === 'overtaken' || (!reply && reason === 'shutdown') ? 'again' : 'done';
    } finally {
      signals.stop();
      cancellation.dispose();
    }
  }

  /**
   * Says that there will be no answer. Needs neither a model nor anything that was said.
   * @param messages nothing is said when others wait as well: they have a turn of their own
   */
  async apologise(conversationId: string, messages?: readonly string[]): Promise<void> {
    const turn = await this.turns.address(conversationId);
    if (!turn || (messages && !turn.answers.every((id) => messages.includes(id)))) return;
    const text = fallbackReply('model_unavailable', turn.locale);
    const nothing = { model: null, promptId: null, contextReport: null, firstTextMs: null };
    const startedAt = this.clock.now();
    const reply = { outcome: 'model_unavailable', text, ...nothing, startedAt, durationMs: 0 };
    if ((await this.recorder.record(turn, reply)) === 'recorded') new ReplySignals(this.signals, turn).done(text);
  }

  private async askModels(running: RunningTurn): Promise<Draft> {
    const { turn, assistant, cancellation } = running;
    const { signal } = cancellation;
    const [prompt, passages] = await Promise.all([this.prompts.current(assistant), this.passagesFor(turn, assistant)]);
    const spender = spenderOf(assistant, turn.userId);
    const calls: EndedCall[] = [];
    const reservations: Reservation[] = [];
    const facts = { prompt: prompt.text, passages, now: this.clock.now() };
    let firstTextMs: number | null = null;
    let model: string | null = null;
    let contextReport: ContextReport | null = null;
    const draft = (reply: Draft['reply']): Draft => ({
      reply,
      model,
      promptId: prompt.id,
      contextReport,
      firstTextMs,
      costs: { spender, calls, reservations: reservations.map(({ id }) => id) },
    });
    const onText = async (text: string) => {
      if (text.trim() === '' || !(await cancellation.mayShow())) return;
      firstTextMs ??= Math.round(performance.now() - running.started);
      running.signals.typing(text);
    };
    try {
      let state: RetryState = FIRST_TRY;
      while (!signal.aborted) {
        const configured = assistant.models[state.model]!;
        const limit = Math.floor(assistant.contextTokens * (state.isShrunk ? SHRUNK : 1));
        const context = contextOf(turn, assistant, { ...facts, limit });
        [model, contextReport] = [configured.model, context.report];
        const price = await this.prices.get(configured);
        const maxOutputTokens =
          this.models.outputLimit(configured, assistant.maxOutputTokens) * (state.isRaised ? RAISED : 1);
        const reservationId = await this.reserve(running, configured, context, maxOutputTokens, price, {
          calls,
          reservations,
        });
        const request = { messages: context.messages, tokens: context.report.tokens, maxOutputTokens };
        const { result, ...call } = await this.models.call(configured, request, { signal, onText });
        this.logFailure(result, turn, configured);
        const step = decideNextStep(result, state, { locale: turn.locale, models: assistant.models.length });
        calls.push({ ...call, price, outcome: step.outcome, reservationId });
        if (step.then === 'reply') return draft({ outcome: step.outcome, text: asSent(step, context, turn) });
        if (step.then === 'give up') return draft(keptWhenStopped(result, firstTextMs, cancellation));
        await sleep(step.inMs, undefined, { signal }).catch(() => undefined);
        state = step.state;
      }
      return draft(undefined);
    } catch (error) {
      if (error instanceof BudgetExhausted) {
        const text = budgetExhausted(error.renewsAt, assistant.timeZone, turn.locale);
        return draft({ outcome: 'budget_exhausted', text });
      }
      if (error instanceof SystemPromptTooLong) {
        this.log.error({ err: error, botId: turn.botId }, 'the context is too small for this assistant');
        return draft({ outcome: 'too_long', text: fallbackReply('too_long', turn.locale) });
      }
      throw error;
    }
  }

  /** What was reserved for a call that cost nothing pays for the next one, if it is enough. Returns the id. */
  private async reserve(
    { turn, assistant }: RunningTurn,
    { model }: ConfiguredModel,
    { report }: Context,
    outputTokens: number,
    { price, isKnown }: KnownPrice,
    { calls, reservations }: { calls: EndedCall[]; reservations: Reservation[] },
  ): Promise<string> {
    const most = { inputTokens: report.tokens, cachedInputTokens: 0, outputTokens };
    const micros = costOf(most, price);
    const last = reservations.at(-1);
    const isUnused = last && !calls.some(({ reservationId, tokens }) => reservationId === last.id && hasUsed(tokens));
    if (isUnused && last.micros >= micros) return last.id;
    const planned = { purpose: 'turn' as const, turnId: turn.replyId, model, ...most, micros, priceKnown: isKnown };
    const reservation = await this.budgets.reserve(spenderOf(assistant, turn.userId), planned);
    reservations.push(reservation);
    return reservation.id;
  }

  private async quoteKnowledge({ turn, assistant }: RunningTurn): Promise<Draft> {
    const passages = await this.passagesFor(turn, assistant);
    const topics = passages.length > 0 ? [] : await this.knowledge.topics(turn.botId);
    return {
      reply: { outcome: 'knowledge_only', text: knowledgeOnlyAnswer(passages, topics, turn.locale) },
      model: null,
      promptId: null,
      contextReport: null,
      firstTextMs: null,
      costs: { spender: spenderOf(assistant, turn.userId), calls: [], reservations: [] },
    };
  }

  /** A question like "and on Sundays?" finds nothing alone: then what the person wrote before is searched as well. */
  private async passagesFor({ botId, question, history }: OpenTurn, assistant: Assistant): Promise<Passage[]> {
    if (!assistant.knowledgeFolder) return [];
    const asked = question.map(({ text }) => text).join('\n');
    const found = await this.knowledge.search(botId, asked);
    const before = history.findLast(({ role }) => role === 'user')?.text;
    return found.length > 0 || before === undefined ? found : this.knowledge.search(botId, `${before}\n${asked}`);
  }

  private shouldSummarise({ history, summaryRetryAt }: OpenTurn, assistant: Assistant): boolean {
    const tokens = history.reduce((sum, message) => sum + (message.summarised ? 0 : message.tokens), 0);
    const mayTry = summaryRetryAt === null || summaryRetryAt <= this.clock.now();
    return assistant.models.length > 0 && mayTry && isLong(tokens, assistant);
  }

  private logFailure(result: unknown, { botId }: OpenTurn, { model }: ConfiguredModel): void {
    if (!(result instanceof ModelFailure) || result.kind === 'abandoned') return;
    this.log.warn({ err: result, botId, model }, 'a call of the model failed');
  }
}

const hasUsed = ({ inputTokens, outputTokens }: EndedCall['tokens']) => inputTokens + outputTokens > 0;

/** With the names of its sources, and with a word about what of the question the model was not shown. */
function asSent(
  { outcome, text }: { outcome: ReplyOutcome; text: string },
  { passages, isQuestionWhole }: Context,
  { locale }: OpenTurn,
): string {
  const answer = withSources(text, passages, locale);
  return outcome === 'answered' && !isQuestionWhole ? readInPart(answer, locale) : answer;
}

/** Who stops an answer keeps what is visible of it. */
function keptWhenStopped(result: unknown, firstTextMs: number | null, { reason }: TurnCancellation): Draft['reply'] {
  const isKept = reason === 'stopped' && firstTextMs !== null && result instanceof ModelFailure;
  return isKept ? { outcome: 'stopped', text: `${result.said.trimEnd()}…` } : undefined;
}
