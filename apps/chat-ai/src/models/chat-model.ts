export interface ChatMessage {
  readonly role: 'system' | 'user' | 'assistant';
  readonly content: string;
}

export interface ModelRequest {
  readonly model: string;
  readonly messages: readonly ChatMessage[];
  readonly maxOutputTokens: number;
  readonly temperature: number | undefined;
}

export interface TokenUsage {
  readonly inputTokens: number;
  /** Part of the input tokens. */
  readonly cachedInputTokens: number;
  readonly outputTokens: number;
}

export interface ModelAnswer {
  readonly text: string;
  /** `refused` when the model declined, or a filter of the provider cut in. */
  readonly end: 'complete' | 'length' | 'refused';
  /** Absent when the server does not say. */
  readonly usage: TokenUsage | undefined;
}

/**
 * - `rate_limited`: too many requests, worth waiting for
 * - `unavailable`: errors of the server, a lost connection
 * - `rejected`: our key, our quota or our request is wrong; trying again helps nobody
 * - `context_too_long`: the model takes fewer tokens than were sent
 * - `timed_out`: nothing came for too long
 * - `abandoned`: we gave up the call ourselves
 */
export type ModelFailureKind =
  'rate_limited' | 'unavailable' | 'rejected' | 'context_too_long' | 'timed_out' | 'abandoned';

export class ModelFailure extends Error {
  override readonly name = 'ModelFailure';

  /**
   * @param said the text that came before it failed
   * @param retryAfterMs as the server asked
   */
  constructor(
    readonly kind: ModelFailureKind,
    readonly said: string,
    options: { cause?: unknown; retryAfterMs?: number | undefined } = {},
  ) {
    super(`the model's call ended: ${kind}`, { cause: options.cause });
    this.retryAfterMs = options.retryAfterMs;
  }

  readonly retryAfterMs: number | undefined;
}

export interface Listening {
  /** Abandons the call. */
  readonly signal: AbortSignal;
  /** The whole text so far. The next piece is read when it resolves. */
  onText?(text: string): Promise<void> | void;
}

/** A model that holds conversations. */
export interface ChatModel {
  /** Every failure is a ModelFailure. */
  answer(request: ModelRequest, listening: Listening): Promise<ModelAnswer>;
}
