import type { TokenUsage } from './chat-model';

/** Millionths of a US dollar per million tokens. */
export interface Price {
  readonly input: number;
  readonly cachedInput: number;
  readonly output: number;
}

const PER = 1_000_000;

/** Whole micros, rounded up: what was used is never free. */
export function costOf({ inputTokens, cachedInputTokens, outputTokens }: TokenUsage, price: Price): number {
  const fresh = Math.max(0, inputTokens - cachedInputTokens);
  return Math.ceil((fresh * price.input + cachedInputTokens * price.cachedInput + outputTokens * price.output) / PER);
}
