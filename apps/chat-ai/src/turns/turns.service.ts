import { Inject, Injectable } from '@nestjs/common';
import { Signals } from '@switchboard/bus';
import { Clock, type JobRun, LOG, type Log } from '@switchboard/service-kit';
import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { CachedAnswer, Learnable } from '../answer-cache/answer-cache.service';
import {
  BudgetExhausted,
  BudgetsService,
  type PlannedCall,
  type Reservation,
  type Spender,
} from '../accounting/budgets.service';
import type { EndedCall } from '../accounting/usage.service';
import { type Assistant, spenderOf } from '../assistants/assistant';
import { AssistantsService } from '../assistants/assistants.service';
import { ConversationChanges } from '../conversations/conversation-changes';
import { captionIn } from '../conversations/message-content';
import { type OpenTurn, OpenTurnsService, type TurnMessage } from './open-turns.service';
import { isLong } from '../conversations/summaries.service';
import type { ContextReport } from '../conversations/turn.entity';
import { citedIn, withSources } from '../knowledge/citations';
import { knowledgeOnlyAnswer } from '../knowledge/knowledge-only';
import { KnowledgeService, type Question } from '../knowledge/knowledge.service';
import { OTHER } from '../labels/scenario';
import { type ConfiguredModel, ModelFailure } from '../models/chat-model';
import { ModelsService } from '../models/models.service';
import { type ChosenPrompt, PromptsService } from '../prompts/prompts.service';
import { type Offer, ToolsService, type TurnTools } from '../tools/tools.service';
import { relevantPassages, withCondensedHistory } from './condensed-turn';
import { budgetExhausted, fallbackReply, handedOverReply, readInPart, withRemarks } from './fallback-replies';
import { decideNextStep, FIRST_TRY, joined, nextModel, type NextStep, type RetryState, SHRUNK } from './next-step';
import { ReplySignals } from './reply-signals';
import { TurnCancellation } from './turn-cancellation';
import { type Context, contextOf, SystemPromptTooLong, type TurnFacts } from './turn-context';
import { remarksOn, TurnFiles } from './turn-files';
import { TurnGuards } from './turn-guards';
import { type MessageLabels, type Reply, type TurnCosts, TurnRecorder } from './turn-recorder';

/** In place of the name of a model. */
const CACHE = 'cache';
/** After reasoning used up the limit. */
const RAISED = 2;

/** What a turn has come to. */
interface Draft {
  /** Absent when the turn was given up. */
  readonly reply: Pick<Reply, 'outcome' | 'text' | 'suggestions' | 'isUnfounded' | 'offer'> | undefined;
  readonly model: string | null;
  readonly promptId: string | null;
  readonly exposures?: ChosenPrompt['exposures'] | undefined;
  readonly contextReport: ContextReport | null;
  readonly firstTextMs: number | null;
  readonly cached?: Reply['cached'];
  /** What others may be told as well. */
  readonly learnable?: Learnable | undefined;
  readonly costs: TurnCosts;
}

/** What a turn under way has at hand. */
interface RunningTurn {
  readonly turn: OpenTurn;
  readonly assistant: Assistant;
  readonly tools: TurnTools;
  readonly signals: ReplySignals;
  readonly cancellation: TurnCancellation;
  readonly started: number;
  /** What the person asks about. */
  readonly scenario: string | undefined;
}

/** What every model of a turn is told besides the conversation. */
type CommonFacts = Omit<TurnFacts, 'canSee' | 'limit'>;

/** What a turn has asked of models, and at whose expense. */
class TurnCalls {
  model: string | null = null;
  contextReport: ContextReport | null = null;
  firstTextMs: number | null = null;
  /** Sentences that no source said. */
  replaced = 0;
  /** Without remarks on this turn. */
  said: Pick<Learnable, 'text' | 'passages'> | undefined;
  private readonly calls: EndedCall[] = [];
  private readonly reservations: Reservation[] = [];

  /** @param spenders whoever of them has the money, the first one first */
  constructor(
    private spenders: readonly [Spender, ...Spender[]],
    private readonly chosen?: ChosenPrompt,
  ) {}

  /** What was set aside for a call that has used nothing: it does for the next. */
  get unused(): Reservation | undefined {
    return this.reservations.findLast(
      ({ id }) => !this.calls.some((call) => call.reservationId === id && hasUsed(call)),
    );
  }

  /** One person pays for all calls of a turn. Throws BudgetExhausted when nobody can. */
  async reserve(budgets: BudgetsService, planned: PlannedCall): Promise<Reservation> {
    let refusal: BudgetExhausted | undefined;
    for (const spender of this.spenders) {
      try {
        const reservation = await budgets.reserve(spender, planned, this.unused);
        this.spenders = [spender];
        if (!this.reservations.some(({ id }) => id === reservation.id)) this.reservations.push(reservation);
        return reservation;
      } catch (error) {
        if (!(error instanceof BudgetExhausted)) throw error;
        refusal ??= error;
      }
    }
    throw refusal!;
  }

  ended(call: EndedCall): void {
    this.calls.push(call);
  }

  draft(reply: Draft['reply']): Draft {
    const { model, contextReport, firstTextMs, chosen, calls } = this;
    const prompted = { promptId: chosen?.prompt.id ?? null, exposures: chosen?.exposures };
    const [spender] = this.spenders;
    const reservations = this.reservations.map(({ id }) => id);
    return {
      reply,
      model,
      ...prompted,
      contextReport,
      firstTextMs,
      costs: { spender, calls, reservations },
    };
  }
}

/** Answers what waits for an answer in one conversation. */
@Injectable()
export class TurnsService {
  constructor(
    private readonly turns: OpenTurnsService,
    private readonly changes: ConversationChanges,
    private readonly assistants: AssistantsService,
    private readonly prompts: PromptsService,
    private readonly files: TurnFiles,
    private readonly guards: TurnGuards,
    private readonly knowledge: KnowledgeService,
    private readonly budgets: BudgetsService,
    private readonly models: ModelsService,
    private readonly tools: ToolsService,
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
    const assistant = this.assistants.forTurn(turn.botId);
    const signals = new ReplySignals(this.signals, turn);
    const cancellation = new TurnCancellation(this.changes, turn, run.signal);
    try {
      signals.thinking();
      if (run.attempt > 1) await this.recorder.chargeEarlierTries(turn);
      const tools = this.tools.forTurn(assistant, callerOf(turn, assistant));
      const labels = await this.guards.labelsOf(turn, assistant);
      const running = { turn, assistant, tools, signals, cancellation, started, scenario: scenarioIn(labels) };
      const { reply: written, costs, learnable, ...about } = await this.draft(running);
      const reply = tools.haveHandedOver
        ? withHandover(written, cancellation, this.handedOver(turn, assistant))
        : written;
      if (!reply) {
        await this.recorder.discard(turn, costs);
        const { reason } = cancellation;
        if (reason === 'reset' || reason === 'stopped' || reason === 'handed-over') signals.cancelled();
        return reason === 'shutdown' ? 'again' : 'done';
      }
      const durationMs = Math.round(performance.now() - started);
      const facts = { ...about, toolCalls: tools.calls, labels: turn.replaces ? [] : labels, startedAt, durationMs };
      let said = reply;
      let recorded = await this.recorder.record(
        turn,
        { ...said, ...facts },
        { costs, summarise: this.shouldSummarise(turn, assistant) },
      );
      const visible = visiblePart(signals);
      if (recorded === 'stopped' && visible) {
        said = visible;
        recorded = await this.recorder.record(turn, { ...said, ...facts });
      }
      if (recorded === 'recorded') signals.done(said.text);
      if (recorded === 'recorded' && learnable) await this.guards.learn(learnable);
      if (recorded === 'closed' || recorded === 'stopped' || recorded === 'handed-over') signals.cancelled();
      return recorded === 'overtaken' || turn.leavesOthers ? 'again' : 'done';
    } finally {
      signals.stop();
      cancellation.dispose();
    }
  }

  /**
   * Says that there will be no answer. Needs neither a model nor anything that was said.
   * @param messages nothing is said when others wait as well: they have a turn of their own
   * @returns `again` as for an answer
   */
  async apologise(conversationId: string, messages?: readonly string[]): Promise<'done' | 'again'> {
    const turn = await this.turns.address(conversationId);
    if (!turn || (messages && !turn.answers.every((id) => messages.includes(id)))) return 'done';
    const outcome = turn.isHandedOver ? 'answered' : 'model_unavailable';
    const text = fallbackReply(turn.isHandedOver ? 'handed_over' : 'model_unavailable', turn.locale);
    const nothing = { model: null, promptId: null, contextReport: null, firstTextMs: null };
    const startedAt = this.clock.now();
    const reply = { outcome, text, ...nothing, startedAt, durationMs: 0 };
    if ((await this.recorder.record(turn, reply)) === 'recorded') new ReplySignals(this.signals, turn).done(text);
    return turn.leavesOthers ? 'again' : 'done';
  }

  private draft(running: RunningTurn): Promise<Draft> {
    const { turn, assistant } = running;
    // Also of a turn that was begun anew after it had handed over: no model is to say otherwise.
    if (turn.isHandedOver) return Promise.resolve(withoutModel(this.handedOver(turn, assistant), assistant, turn));
    return assistant.models.length > 0 ? this.readAndAsk(running) : this.quoteKnowledge(running);
  }

  /** Reads the files that are to be answered first; with nothing but files that cannot be read, no model is asked. */
  private async readAndAsk(running: RunningTurn): Promise<Draft> {
    const { assistant, cancellation } = running;
    const turn = await unlessAborted(cancellation.signal, this.files.read(running.turn, cancellation.signal));
    if (turn?.question.some(({ attachment }) => attachment?.state !== 'unreadable'))
      return this.askModels({ ...running, turn });
    const reply = turn && { outcome: 'unreadable' as const, text: remarksOn(turn).join('\n\n') };
    return withoutModel(reply, assistant, running.turn);
  }

  private async askModels(running: RunningTurn): Promise<Draft> {
    const { turn, assistant, tools } = running;
    const { signal } = running.cancellation;
    const [flagged, chosen] = await Promise.all([
      this.guards.moderate(turn, assistant, signal),
      this.prompts.promptFor(assistant, turn.userId, running.scenario),
    ]);
    if (flagged || signal.aborted) return withoutModel(flagged, assistant, turn);
    const calls = new TurnCalls(spendersOf(assistant, turn), chosen);
    const promptId = chosen.key;
    const cached = await this.guards.cachedAnswer(turn, assistant, promptId);
    if (cached) return cachedDraft(cached, calls, running);
    const found = await this.knowledge.forModel(assistant.botId, questionOf(turn));
    const shortens = assistant.shortensContext;
    const passages = shortens ? relevantPassages(found.passages, turn) : found.passages;
    const told = shortens ? withCondensedHistory(turn) : turn;
    try {
      const hasTools = tools.definitions.length > 0;
      const facts = { prompt: chosen.text, passages, now: this.clock.now(), hasTools };
      const reply = await this.askUntilAnswered({ ...running, turn: told }, facts, calls);
      if (reply?.outcome !== 'answered') return calls.draft(reply);
      // What is found by meaning shares no words with the question, and is cited.
      const isUnfounded =
        calls.replaced > 0 || (found.isNear === false && !tools.haveHelped && citedIn(reply.text, passages).size === 0);
      const draft = calls.draft({ ...withQuestion(reply, tools.offer), isUnfounded });
      if (isUnfounded || tools.calls.length > 0 || !calls.said) return draft;
      return { ...draft, learnable: this.guards.learnable(turn, assistant, { ...calls.said, promptId }) };
    } catch (error) {
      if (error instanceof BudgetExhausted) {
        const text = joined(running.signals.shown, budgetExhausted(error.renewsAt, assistant.timeZone, turn.locale));
        return calls.draft({ outcome: 'budget_exhausted', text });
      }
      if (error instanceof SystemPromptTooLong) {
        this.log.error({ err: error, botId: turn.botId }, 'the context is too small for this assistant');
        return calls.draft({ outcome: 'too_long', text: fallbackReply('too_long', turn.locale) });
      }
      throw error;
    }
  }

  private async askUntilAnswered(running: RunningTurn, facts: CommonFacts, calls: TurnCalls): Promise<Draft['reply']> {
    const { turn, assistant, tools, signals, cancellation } = running;
    let state: RetryState = FIRST_TRY;
    while (!cancellation.signal.aborted) {
      const canSee = this.models.canSee(assistant.models[state.model]!) && !state.isBlind;
      if (isAboutPictures(turn) && !canSee) {
        const next = nextModel(state, assistant.models.length);
        if (!next) return { outcome: 'unreadable', text: fallbackReply('no_vision', turn.locale) };
        state = next;
        continue;
      }
      const step = await this.ask(running, { ...facts, canSee }, state, calls);
      if (!step || step.then === 'give up') break;
      if (step.then === 'reply') return step;
      if (step.then === 'call tools') {
        await unlessAborted(cancellation.signal, tools.call(step.said, step.calls, cancellation.signal));
        continue;
      }
      await sleep(step.inMs, undefined, { signal: cancellation.signal }).catch(() => undefined);
      state = step.state;
    }
    return cancellation.reason === 'stopped' ? visiblePart(signals) : undefined;
  }

  /** One call of one model; undefined when the answer is not wanted any more before it is made. */
  private async ask(
    { turn, assistant, tools, signals, cancellation, started }: RunningTurn,
    facts: Omit<TurnFacts, 'limit'>,
    state: RetryState,
    calls: TurnCalls,
  ): Promise<NextStep | undefined> {
    const { signal } = cancellation;
    const configured = assistant.models[state.model]!;
    const limit = Math.min(assistant.contextTokens, state.contextTokens ?? Infinity);
    const context = contextOf(turn, assistant, { ...facts, limit: limit - tools.tokens });
    const sentTokens = context.report.tokens + tools.tokens;
    calls.model = configured.model;
    calls.contextReport = context.report;
    // Before money is set aside: a call that is never made must not be paid.
    const messages = await unlessAborted(signal, this.files.withPictures(context, turn, signal));
    if (!messages) return undefined;
    const maxOutputTokens = Math.ceil(
      this.models.outputLimit(configured, assistant.maxOutputTokens) *
        (state.isRaised ? RAISED : 1) *
        (state.contextTokens === undefined ? 1 : SHRUNK),
    );
    const planned = { purpose: 'turn' as const, turnId: turn.replyId, model: configured };
    const tokens = { inputTokens: sentTokens, outputTokens: maxOutputTokens };
    const reservation = await calls.reserve(this.budgets, { ...planned, ...tokens });
    const guard = this.guards.forAnswer(turn, assistant, context.passages, tools, (sentences) => {
      calls.replaced = sentences;
    });
    const { mayCall } = tools;
    const before = tools.said.join('\n\n');
    const onText = async (text: string) => {
      const shown = guard.shown(joined(before, text));
      if (text.trim() === '' || shown.trim() === '' || !(await cancellation.mayShow())) return;
      calls.firstTextMs ??= Math.round(performance.now() - started);
      signals.typing(shown);
    };
    const request = {
      messages: [...messages, ...tools.messages],
      tokens: sentTokens,
      maxOutputTokens,
      tools: tools.definitions,
      mustAnswer: !mayCall,
      cacheKey: cacheKeyOf(turn, facts.prompt),
    };
    const { result, ...call } = await this.models.call(configured, request, { signal, onText });
    this.logFailure(result, turn, configured);
    const step = decideNextStep(result, state, {
      locale: turn.locale,
      models: assistant.models.length,
      isAboutPictures: isAboutPictures(turn),
      mayCall,
      before,
      sentTokens,
    });
    calls.ended({ ...call, price: reservation.price, outcome: step.outcome, reservationId: reservation.id });
    if (step.then !== 'reply') return step;
    const text = withSources(guard.whole(step.text), context.passages, turn.locale);
    calls.said = { text, passages: context.passages };
    return { ...step, text: step.outcome === 'answered' ? remarked(text, context, turn, assistant) : text };
  }

  private async quoteKnowledge({ turn, assistant, cancellation }: RunningTurn): Promise<Draft> {
    const flagged = await this.guards.moderate(turn, assistant, cancellation.signal);
    if (flagged) return withoutModel(flagged, assistant, turn);
    const question = questionOf(turn);
    const files =
      turn.question.some(({ attachment }) => attachment) && fallbackReply('no_model_for_files', turn.locale);
    if (files && question.text.trim() === '')
      return withoutModel({ outcome: 'unreadable', text: files }, assistant, turn);
    const quotation = await this.knowledge.quote(assistant.botId, question, turn.locale);
    const text = withRemarks(knowledgeOnlyAnswer(quotation, turn.locale), files ? [files] : []);
    const { certainty, topics: suggestions } = quotation;
    const isUnfounded = certainty === 'nothing' && suggestions.length > 0;
    return withoutModel({ outcome: 'knowledge_only', text, suggestions, isUnfounded }, assistant, turn);
  }

  private handedOver({ locale }: OpenTurn, assistant: Assistant): HandedOver {
    return { outcome: 'answered', text: handedOverReply(locale, this.clock.now(), assistant) };
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

const questionOf = ({ question, history, userId, replyId }: OpenTurn): Question => ({
  text: question.map(wordsOf).join('\n'),
  before: history.findLast(({ role }) => role === 'user')?.text,
  asker: { userId, turnId: replyId },
});

/** Of the last message that is about something. */
const scenarioIn = (labels: readonly MessageLabels[]) =>
  labels.findLast(({ scenario }) => scenario !== OTHER)?.scenario;

const wordsOf = ({ text, attachment }: TurnMessage) => (attachment ? captionIn(text) : text);

const isAboutPictures = ({ question }: OpenTurn) => question.some(({ attachment }) => attachment?.state === 'picture');

/** Those who ask, in the order in which they wrote: in a group the last one may have used up their budget, and the first not. */
function spendersOf(assistant: Assistant, { question }: OpenTurn): readonly [Spender, ...Spender[]] {
  const [first, ...others] = new Set(question.map(({ userId }) => userId));
  return [spenderOf(assistant, first!), ...others.map((userId) => spenderOf(assistant, userId))];
}

/** What is somebody's own is looked up in their private chat alone. */
const callerOf = ({ ownerId, question, conversationId, locale }: OpenTurn, { botId, timeZone }: Assistant) =>
  ownerId !== null && question.every(({ userId }) => userId === ownerId)
    ? { userId: ownerId, conversationId, botId, locale, timeZone }
    : undefined;

/** In our words, so that the person knows what they agree to, whatever the model says. */
const withQuestion = (reply: NonNullable<Draft['reply']>, offer: Offer | undefined) =>
  offer ? { ...reply, text: joined(reply.text, `**${offer.question}**`), offer } : reply;

interface HandedOver {
  readonly outcome: 'answered';
  readonly text: string;
}

/** The person is told by us, whatever the model says or fails to say: from now on they get no answer of it. */
function withHandover(reply: Draft['reply'], { reason }: TurnCancellation, told: HandedOver): Draft['reply'] {
  if (!reply) return reason === 'stopped' ? { ...told, outcome: 'stopped' } : undefined;
  const isWords = reply.outcome === 'answered' || reply.outcome === 'stopped' || reply.outcome === 'cut_off';
  return isWords ? { ...reply, text: joined(reply.text, told.text) } : { ...reply, ...told };
}

const withoutModel = (reply: Draft['reply'], assistant: Assistant, turn: OpenTurn): Draft =>
  new TurnCalls(spendersOf(assistant, turn)).draft(reply);

const hasUsed = ({ tokens }: EndedCall) => tokens.inputTokens + tokens.outputTokens > 0;

/** With a word about files and what else of the question the model was not shown, and about who answers. */
function remarked(
  answer: string,
  { isQuestionWhole }: Pick<Context, 'isQuestionWhole'>,
  turn: OpenTurn,
  { saysItIsABot }: Assistant,
): string {
  const isFirst = turn.history.every(({ role }) => role === 'user');
  return withRemarks(answer, [
    ...remarksOn(turn),
    ...(isQuestionWhole ? [] : [readInPart(turn.locale)]),
    ...(saysItIsABot && isFirst ? [fallbackReply('is_a_bot', turn.locale)] : []),
  ]);
}

/** What others were told: no model is asked, and nothing is paid. */
function cachedDraft({ id, text }: CachedAnswer, calls: TurnCalls, { turn, assistant, started }: RunningTurn): Draft {
  calls.model = CACHE;
  const { botId } = assistant;
  const ms = Math.round(performance.now() - started);
  const cached = { entryId: id, brandId: botId, botId: turn.botId, channel: assistant.channel, ms };
  const reply = { outcome: 'answered' as const, text: remarked(text, { isQuestionWhole: true }, turn, assistant) };
  return { ...calls.draft(reply), cached };
}

/** The same for everybody who is told the same: nobody can be told by it. */
const cacheKeyOf = ({ botId }: OpenTurn, prompt: string): string =>
  createHash('sha256').update(`${botId}\n${prompt}`).digest('hex').slice(0, 32);

/** Undefined instead of an error when the answer is not wanted any more. */
async function unlessAborted<T>(signal: AbortSignal, work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (signal.aborted) return undefined;
    throw error;
  }
}

/** Who stops an answer keeps what is visible of it. */
const visiblePart = ({ shown }: ReplySignals): Draft['reply'] =>
  shown === '' ? undefined : { outcome: 'stopped', text: `${shown.trimEnd()}…` };
