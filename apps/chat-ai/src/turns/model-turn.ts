import { Inject, Injectable } from '@nestjs/common';
import type { ReplyOutcome } from '@switchboard/contracts';
import { LOG, type Log } from '@switchboard/service-kit';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Assistant } from '../assistants/assistant';
import { BudgetExhausted, BudgetsService } from '../budgets/budgets.service';
import { type Context, buildContext, type ContextReport, SystemPromptTooLong } from '../context/build-context';
import { withSources } from '../context/citations';
import type { Passage } from '../context/prompt-sections';
import { type ChatModel, ModelFailure, type ModelRequest } from '../models/chat-model';
import { meteredCall } from '../models/metered-call';
import { costOf } from '../models/price';
import { type KnownPrice, PricesService } from '../models/prices.service';
import type { EndedCall } from '../usage/usage.service';
import { afterCall, type Effort, type Step } from './after-call';
import { apologyFor, budgetExhausted } from './apologies';
import type { OpenTurn } from './open-turn';
import type { TurnCosts } from './turn-ledger';

export interface ModelTurn {
  readonly turn: OpenTurn;
  readonly assistant: Assistant;
  readonly model: ChatModel;
  readonly system: string;
  readonly passages: readonly Passage[];
  /** Aborted when an answer is no longer wanted. */
  readonly signal: AbortSignal;
  /** The whole text so far. */
  onText(text: string): Promise<void>;
}

export interface ModelTurnEnd {
  /** Absent when the turn was given up. */
  readonly reply: { readonly outcome: ReplyOutcome; readonly text: string } | undefined;
  readonly costs: TurnCosts;
  readonly contextReport: ContextReport | null;
}

/** After a model said that it takes less than was sent. */
const SHRUNK = 0.5;

/** Gets an answer out of a model: sets money aside, asks, and asks again where that is worth it. */
@Injectable()
export class ModelTurns {
  constructor(
    private readonly budgets: BudgetsService,
    private readonly prices: PricesService,
    @Inject(LOG) private readonly log: Log,
  ) {}

  async run(asked: ModelTurn): Promise<ModelTurnEnd> {
    const { botId, locale } = asked.turn;
    const calls: EndedCall[] = [];
    const reservations: string[] = [];
    let contextReport: ContextReport | null = null;
    const end = (reply: ModelTurnEnd['reply']) => ({ reply, costs: { calls, reservations }, contextReport });
    try {
      const price = await this.prices.of(asked.assistant);
      let effort: Effort = { retries: 0, waitedMs: 0, isShrunk: false };
      while (!asked.signal.aborted) {
        const context = contextOf(asked, effort);
        contextReport = context.report;
        // What is set aside pays for one call that costs something; those that failed at once cost nothing.
        if (reservations.length <= calls.filter(hasUsed).length) {
          const reservation = await this.reserve(asked, context, price);
          if (reservation) reservations.push(reservation);
        }
        const call = await meteredCall(asked.model, requestOf(asked.assistant, context), context.report.tokens, asked);
        const step = afterCall(call.result, effort, locale);
        this.noteFailure(call.result, asked);
        calls.push({ ...call, price, outcome: step.outcome });
        if (step.then === 'give up') break;
        if (step.then === 'reply') return end({ ...step, text: withSources(step.text, context.passages, locale) });
        effort = await this.nextEffort(effort, step, asked.signal);
      }
      return end(undefined);
    } catch (error) {
      if (error instanceof BudgetExhausted) {
        return end({ outcome: 'budget_exhausted', text: budgetExhausted(error.renewsAt, locale) });
      }
      if (error instanceof SystemPromptTooLong) {
        this.log.error({ err: error, botId }, 'the context is too small for this assistant');
        return end({ outcome: 'too_long', text: apologyFor('too_long', locale) });
      }
      throw error;
    }
  }

  private reserve({ assistant, turn }: ModelTurn, context: Context, { price }: KnownPrice) {
    const worst = { inputTokens: context.report.tokens, cachedInputTokens: 0, outputTokens: assistant.maxOutputTokens };
    return this.budgets.reserve({ assistant, userId: turn.userId, micros: costOf(worst, price) });
  }

  private async nextEffort(
    effort: Effort,
    step: Extract<Step, { then: 'retry' | 'shrink' }>,
    signal: AbortSignal,
  ): Promise<Effort> {
    if (step.then === 'shrink') return { ...effort, isShrunk: true };
    await sleep(step.inMs, undefined, { signal }).catch(() => undefined);
    return { ...effort, retries: effort.retries + 1, waitedMs: effort.waitedMs + step.inMs };
  }

  private noteFailure(result: unknown, { turn, assistant }: ModelTurn): void {
    if (!(result instanceof ModelFailure) || result.kind === 'abandoned') return;
    this.log.warn({ err: result, botId: turn.botId, model: assistant.model }, 'a call of the model failed');
  }
}

const hasUsed = ({ tokens }: EndedCall) => tokens.inputTokens + tokens.outputTokens > 0;

const contextOf = ({ turn, assistant, system, passages }: ModelTurn, { isShrunk }: Effort): Context =>
  buildContext({
    system,
    passages,
    summary: turn.summary,
    history: turn.history,
    question: turn.question,
    limit: Math.floor(assistant.contextTokens * (isShrunk ? SHRUNK : 1)),
  });

const requestOf = ({ model, maxOutputTokens, temperature }: Assistant, { messages }: Context): ModelRequest => ({
  model,
  messages,
  maxOutputTokens,
  temperature,
});
