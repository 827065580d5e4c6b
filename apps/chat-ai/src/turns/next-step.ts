import type { Locale, ReplyOutcome } from '@switchboard/contracts';
import { type ModelAnswer, ModelFailure, type ToolCall } from '../models/chat-model';
import { atFullLength, brokenOff, fallbackReply } from './fallback-replies';

/** What a turn has already tried. */
export interface RetryState {
  /** Which of the assistant's models is asked. */
  readonly model: number;
  readonly retries: number;
  readonly waitedMs: number;
  /** What the context is cut to after a model refused it as too long; undefined for all that the assistant has. */
  readonly contextTokens: number | undefined;
  readonly isRaised: boolean;
  /** Whether the model refused pictures, and is asked without them. */
  readonly isBlind: boolean;
}

export const FIRST_TRY: RetryState = {
  model: 0,
  retries: 0,
  waitedMs: 0,
  contextTokens: undefined,
  isRaised: false,
  isBlind: false,
};

/** The state in which the next model is asked; undefined when there is none. */
export const nextModel = (state: RetryState, models: number): RetryState | undefined =>
  state.model + 1 < models
    ? { ...state, model: state.model + 1, retries: 0, contextTokens: undefined, isBlind: false }
    : undefined;

/** What a turn does next; `outcome` is that of the call which has just ended. */
export type NextStep =
  | { readonly then: 'reply'; readonly outcome: ReplyOutcome; readonly text: string }
  | {
      readonly then: 'call tools';
      readonly outcome: 'answered';
      readonly said: string;
      readonly calls: readonly ToolCall[];
    }
  | { readonly then: 'retry'; readonly outcome: ReplyOutcome; readonly state: RetryState; readonly inMs: number }
  | { readonly then: 'give up'; readonly outcome: 'superseded' };

const MOST_RETRIES = 2;
/** A person who waits longer than this for a first word thinks that nobody is there. */
const LONGEST_WAIT_MS = 20_000;
const LONGEST_WAIT_IN_ALL_MS = 30_000;
const FIRST_WAIT_MS = 500;
/** After a model said that it takes less than was sent: of the context, and of what it may write, which counts as well. */
export const SHRUNK = 0.5;
/** So much every model takes, and with less there is not much to say. */
const SMALLEST_CONTEXT = 1000;

export interface StepOptions {
  readonly locale: Locale;
  /** How many models may be asked, one after the other. */
  readonly models: number;
  /** Whether what is to be answered holds pictures; those of earlier messages can be left out. */
  readonly isAboutPictures: boolean;
  /** Whether the model may still call tools in this turn. */
  readonly mayCall: boolean;
  /** What it said before it called some. */
  readonly before: string;
  /** Size of the context with which the model was asked. */
  readonly sentTokens: number;
}

/** Decides how a turn goes on after a call: with a reply, with another try, with another model, or not at all. */
export function decideNextStep(result: ModelAnswer | ModelFailure, state: RetryState, options: StepOptions): NextStep {
  return result instanceof ModelFailure ? afterFailure(result, state, options) : afterAnswer(result, state, options);
}

function afterAnswer(answer: ModelAnswer, state: RetryState, { locale, mayCall, before }: StepOptions): NextStep {
  const { end, toolCalls: calls = [] } = answer;
  if (mayCall && calls.length > 0) return { then: 'call tools', outcome: 'answered', said: answer.text, calls };
  const text = joined(before, answer.text);
  const isEmpty = text.trim() === '';
  if (end === 'refused') return reply('refused', isEmpty ? fallbackReply('refused', locale) : text);
  if (!isEmpty) return reply('answered', end === 'length' ? atFullLength(text, locale) : text);
  if (end === 'length') {
    // Reasoning used up the limit; the same limit would be used up, and paid for, again.
    if (!state.isRaised) return retry('empty', { ...state, isRaised: true });
    return reply('empty', fallbackReply('no_room', locale));
  }
  if (state.retries === 0) return retry('empty', { ...state, retries: 1 });
  return reply('empty', fallbackReply('empty', locale));
}

function afterFailure(failure: ModelFailure, state: RetryState, options: StepOptions): NextStep {
  const { locale, models, isAboutPictures, sentTokens, before } = options;
  if (failure.kind === 'abandoned') return { then: 'give up', outcome: 'superseded' };
  // What was read cannot be unread: it is kept, and said to be unfinished.
  const said = joined(before, failure.said);
  if (said !== '') return reply('cut_off', brokenOff(said, locale));
  if (failure.kind === 'context_too_long') {
    if (state.contextTokens === undefined) {
      const contextTokens = Math.max(SMALLEST_CONTEXT, Math.floor(sentTokens * SHRUNK));
      return retry('too_long', { ...state, contextTokens });
    }
    const larger = nextModel(state, models);
    if (larger) return retry('too_long', larger);
    return reply('too_long', fallbackReply('too_long', locale));
  }
  if (failure.kind === 'bad_picture' && isAboutPictures)
    return reply('unreadable', fallbackReply('bad_picture', locale));
  if ((failure.kind === 'no_vision' || failure.kind === 'bad_picture') && !state.isBlind)
    return retry('unreadable', { ...state, isBlind: true });
  const outcome = failure.kind === 'rate_limited' || failure.kind === 'timed_out' ? failure.kind : 'model_unavailable';
  // Another model answers sooner than one that has to be waited for.
  const next = nextModel(state, models);
  if (next) return retry(outcome, next);
  if (failure.kind === 'rate_limited' || failure.kind === 'unavailable') {
    const inMs = failure.retryAfterMs ?? FIRST_WAIT_MS * 2 ** state.retries;
    const waitedMs = state.waitedMs + inMs;
    const isWorthIt = state.retries < MOST_RETRIES && inMs <= LONGEST_WAIT_MS && waitedMs <= LONGEST_WAIT_IN_ALL_MS;
    if (isWorthIt) return retry(outcome, { ...state, retries: state.retries + 1, waitedMs }, inMs);
  }
  return reply(outcome, fallbackReply(outcome, locale));
}

/** What a model says before it calls tools and after that is one answer. */
export const joined = (before: string, text: string): string =>
  [before, text].filter((part) => part.trim() !== '').join('\n\n');

const reply = (outcome: ReplyOutcome, text: string): NextStep => ({ then: 'reply', outcome, text });
const retry = (outcome: ReplyOutcome, state: RetryState, inMs = 0): NextStep => ({
  then: 'retry',
  outcome,
  state,
  inMs,
});
