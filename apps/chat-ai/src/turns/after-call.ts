import type { Locale, ReplyOutcome } from '@switchboard/contracts';
import { type ModelAnswer, ModelFailure } from '../models/chat-model';
import { apologyFor, atFullLength, brokenOff } from './apologies';

/** What a turn has already tried. */
export interface Effort {
  readonly retries: number;
  readonly waitedMs: number;
  readonly isShrunk: boolean;
}

/** What a turn does next; `outcome` is that of the call which has just ended. */
export type Step =
  | { readonly then: 'reply'; readonly outcome: ReplyOutcome; readonly text: string }
  | { readonly then: 'retry'; readonly outcome: ReplyOutcome; readonly inMs: number }
  | { readonly then: 'shrink'; readonly outcome: ReplyOutcome }
  | { readonly then: 'give up'; readonly outcome: 'superseded' };

const MOST_RETRIES = 2;
/** A person who waits longer than this for a first word thinks that nobody is there. */
const LONGEST_WAIT_MS = 20_000;
const LONGEST_WAIT_IN_ALL_MS = 30_000;
const FIRST_WAIT_MS = 500;

/** Decides how a turn goes on after a call: with a reply, with another try, or not at all. */
export function afterCall(result: ModelAnswer | ModelFailure, effort: Effort, locale: Locale): Step {
  return result instanceof ModelFailure ? afterFailure(result, effort, locale) : afterAnswer(result, effort, locale);
}

function afterAnswer({ text, end }: ModelAnswer, effort: Effort, locale: Locale): Step {
  const isEmpty = text.trim() === '';
  if (end === 'refused') return reply('refused', isEmpty ? apologyFor('refused', locale) : text);
  if (isEmpty) {
    if (effort.retries === 0) return { then: 'retry', outcome: 'empty', inMs: 0 };
    return reply('empty', apologyFor('empty', locale));
  }
  return reply('answered', end === 'length' ? atFullLength(text, locale) : text);
}

function afterFailure(failure: ModelFailure, effort: Effort, locale: Locale): Step {
  if (failure.kind === 'abandoned') return { then: 'give up', outcome: 'superseded' };
  // What was read cannot be unread: it is kept, and said to be unfinished.
  if (failure.said.trim() !== '') return reply('cut_off', brokenOff(failure.said, locale));
  switch (failure.kind) {
    case 'rate_limited':
    case 'unavailable': {
      const outcome = failure.kind === 'rate_limited' ? 'rate_limited' : 'model_unavailable';
      const inMs = failure.retryAfterMs ?? FIRST_WAIT_MS * 2 ** effort.retries;
      const isWorthIt =
        effort.retries < MOST_RETRIES && inMs <= LONGEST_WAIT_MS && effort.waitedMs + inMs <= LONGEST_WAIT_IN_ALL_MS;
      return isWorthIt ? { then: 'retry', outcome, inMs } : reply(outcome, apologyFor(outcome, locale));
    }
    case 'context_too_long':
      return effort.isShrunk
        ? reply('too_long', apologyFor('too_long', locale))
        : { then: 'shrink', outcome: 'too_long' };
    case 'timed_out':
      return reply('timed_out', apologyFor('timed_out', locale));
    case 'rejected':
      return reply('model_unavailable', apologyFor('model_unavailable', locale));
  }
}

const reply = (outcome: ReplyOutcome, text: string): Step => ({ outcome, then: 'reply', text });
