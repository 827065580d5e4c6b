export interface ChatMessage {
  readonly role: 'system' | 'user' | 'assistant' | 'tool';
  readonly content: string;
  /** For models that can see; of people only. */
  readonly pictures?: readonly { readonly mimeType: string; readonly bytes: Buffer }[];
  /** What an answer has called. The result of each follows right after it, with the role `tool`. */
  readonly toolCalls?: readonly ToolCall[];
  /** Of a result: which call it is of. */
  readonly toolCallId?: string;
}

/** A tool as a model is told of it. */
export interface ToolDefinition {
  readonly name: string;
  readonly description: string;
  /** JSON schema of an object. */
  readonly parameters: Readonly<Record<string, unknown>>;
}

/** What a model asks for: it may name a tool that there is not, with anything in it. */
export interface ToolCall {
  readonly id: string;
  readonly name: string;
  /** JSON, if the model keeps to it. */
  readonly arguments: string;
}

/** Where a model is served. A key goes to this server and to no other. */
export interface ModelConnection {
  readonly baseUrl: string;
  /** Absent for servers that ask for none. */
  readonly apiKey: string | undefined;
}

/** How a model is to answer. What is absent is left to the model; what a model does not take is left out. */
export interface ModelParameters {
  readonly temperature?: number | undefined;
  readonly topP?: number | undefined;
  readonly presencePenalty?: number | undefined;
  readonly frequencyPenalty?: number | undefined;
  /** `none` to `max`, as far as the model knows the word. */
  readonly reasoningEffort?: string | undefined;
  readonly verbosity?: string | undefined;
  readonly serviceTier?: string | undefined;
  /** Further fields of the request, for servers that have their own. */
  readonly extra?: Readonly<Record<string, unknown>> | undefined;
}

/** A model as somebody uses it: its name, its server, its parameters. */
export interface ConfiguredModel {
  readonly model: string;
  readonly connection: ModelConnection;
  readonly parameters: ModelParameters;
  /** False when it cannot look at pictures; undefined when that is to be found out. */
  readonly vision: boolean | undefined;
}

export interface ModelRequest {
  readonly model: string;
  readonly messages: readonly ChatMessage[];
  /** What the model may write at most, its reasoning included. */
  readonly maxOutputTokens: number;
  readonly parameters: ModelParameters;
  /** What it may call; also what was called in `messages`. */
  readonly tools?: readonly ToolDefinition[] | undefined;
  /** Requests with the same one begin alike, so that the provider can go on using what it has cached. Names nobody. */
  readonly cacheKey?: string | undefined;
  /** It has to answer now, and may call nothing more. */
  readonly mustAnswer?: boolean | undefined;
}

export interface TokenUsage {
  readonly inputTokens: number;
  /** Part of the input tokens. */
  readonly cachedInputTokens: number;
  /** Reasoning included. */
  readonly outputTokens: number;
}

export interface ModelAnswer {
  readonly text: string;
  /** What it wants to be called before it goes on. */
  readonly toolCalls?: readonly ToolCall[];
  /** `refused` when the model declined, or a filter of the provider cut in. */
  readonly end: 'complete' | 'length' | 'refused';
  /** Absent when the server does not say. */
  readonly usage: TokenUsage | undefined;
  /** Part of the output tokens; 0 when the server does not say. */
  readonly reasoningTokens: number;
}

/**
 * - `rate_limited`: too many requests, worth waiting for
 * - `unavailable`: errors of the server, a lost connection
 * - `rejected`: our key, our quota, the model's name or our request is wrong; trying again helps nobody
 * - `context_too_long`: the model takes fewer tokens than were sent
 * - `no_vision`: pictures were sent to a model that takes none
 * - `bad_picture`: the server refuses a picture
 * - `timed_out`: nothing came for too long
 * - `abandoned`: we gave up the call ourselves
 */
export type ModelFailureKind =
  | 'rate_limited'
  | 'unavailable'
  | 'rejected'
  | 'context_too_long'
  | 'no_vision'
  | 'bad_picture'
  | 'timed_out'
  | 'abandoned';

export class ModelFailure extends Error {
  override readonly name = 'ModelFailure';

  /**
   * @param said the text that came before it failed
   * @param retryAfterMs as the server asked
   * @param costsNothing the server was not reached, or refused the request; of every other failure nobody knows how much
   *   of the work was done
   */
  constructor(
    readonly kind: ModelFailureKind,
    readonly said: string,
    options: { cause?: unknown; retryAfterMs?: number | undefined; costsNothing?: boolean } = {},
  ) {
    super(`the model's call ended: ${kind}`, { cause: options.cause });
    this.retryAfterMs = options.retryAfterMs;
    this.costsNothing = options.costsNothing ?? false;
  }

  readonly retryAfterMs: number | undefined;
  readonly costsNothing: boolean;
}

export interface CallOptions {
  /** Abandons the call. */
  readonly signal: AbortSignal;
  /** Takes the whole text so far. The next piece is read when it resolves. */
  onText?(text: string): Promise<void> | void;
}

/** A server of models that hold conversations. */
export interface ChatModel {
  /** Every failure is a ModelFailure. */
  answer(request: ModelRequest, options: CallOptions): Promise<ModelAnswer>;
}
