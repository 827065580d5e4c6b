import { isOpenAi, openAiClient, wasNeverConnected, withoutWords } from '@switchboard/service-kit';
import OpenAI from 'openai';
import {
  type CallOptions,
  type ChatMessage,
  type ChatModel,
  type ModelAnswer,
  type ModelConnection,
  ModelFailure,
  type ModelFailureKind,
  type ModelRequest,
  type TokenUsage,
} from './chat-model';

type Parameters = OpenAI.ChatCompletionCreateParamsStreaming;
type MessageParameter = OpenAI.ChatCompletionMessageParam;

export interface StreamLimits {
  readonly firstTokenMs: number;
  readonly idleMs: number;
  readonly totalMs: number;
}

/** Any server that speaks the OpenAI chat completions API. Source: OpenAI API reference, "Chat". */
export class OpenAiModel implements ChatModel {
  private readonly client: OpenAI;
  /** Newer models of OpenAI refuse the old name of the limit, and many compatible servers do not know the new one. */
  private readonly limitNames: readonly ('max_completion_tokens' | 'max_tokens')[];
  /** Parameters that a model was seen to refuse, by its name. */
  private readonly refused = new Map<string, Set<string>>();

  constructor(
    { baseUrl, apiKey }: ModelConnection,
    private readonly limits: StreamLimits,
  ) {
    this.client = openAiClient({ baseUrl, apiKey }, { timeout: limits.totalMs });
    const isPublic = isOpenAi(baseUrl);
    this.limitNames = isPublic ? ['max_completion_tokens', 'max_tokens'] : ['max_tokens', 'max_completion_tokens'];
  }

  async answer(request: ModelRequest, { signal, onText }: CallOptions): Promise<ModelAnswer> {
    const timeouts = new StreamTimeouts(this.limits);
    const answer = new GrowingAnswer();
    try {
      const either = AbortSignal.any([signal, timeouts.signal]);
      const stream = await this.open(request, either);
      for await (const chunk of stream) {
        timeouts.restartIdle();
        if (answer.add(chunk)) await onText?.(answer.text);
        if (either.aborted) break;
      }
      // An aborted stream ends without an error.
      if (either.aborted) throw new Error('aborted');
      return answer.finish();
    } catch (error) {
      if (signal.aborted) throw new ModelFailure('abandoned', answer.text, { cause: withoutWords(error) });
      if (timeouts.signal.aborted) throw new ModelFailure('timed_out', answer.text, { cause: withoutWords(error) });
      throw failureOf(error, answer.text, hasPictures(request));
    } finally {
      timeouts.stop();
    }
  }

  /** Asks again without a parameter that the model refuses, and leaves it out from then on. */
  private async open(request: ModelRequest, signal: AbortSignal) {
    const refused = this.refused.get(request.model) ?? new Set<string>();
    this.refused.set(request.model, refused);
    for (;;) {
      try {
        return await this.client.chat.completions.create(this.parametersOf(request, refused), { signal });
      } catch (error) {
        const parameter = refusedParameter(error);
        if (parameter === undefined || refused.has(parameter)) throw error;
        refused.add(parameter);
      }
    }
  }

  private parametersOf(
    { model, messages, maxOutputTokens, parameters }: ModelRequest,
    refused: ReadonlySet<string>,
  ): Parameters {
    const limit = this.limitNames.find((name) => !refused.has(name));
    const optional = {
      ...parameters.extra,
      temperature: parameters.temperature,
      top_p: parameters.topP,
      presence_penalty: parameters.presencePenalty,
      frequency_penalty: parameters.frequencyPenalty,
      reasoning_effort: parameters.reasoningEffort,
      verbosity: parameters.verbosity,
      service_tier: parameters.serviceTier,
      ...(limit && { [limit]: maxOutputTokens }),
    };
    const given = Object.entries(optional).filter(([name, value]) => value !== undefined && !refused.has(name));
    return {
      ...Object.fromEntries(given),
      model,
      messages: messages.map(messageParameter),
      stream: true,
      stream_options: { include_usage: true },
    };
  }
}

const hasPictures = ({ messages }: ModelRequest) => messages.some(({ pictures = [] }) => pictures.length > 0);

/** Pictures go along as they are: a link would have to be open to the world. `high` counts no more than 2,500 patches of one. */
function messageParameter({ role, content, pictures = [] }: ChatMessage): MessageParameter {
  if (role !== 'user' || pictures.length === 0) return { role, content };
  const images = pictures.map(({ mimeType, bytes }) => ({
    type: 'image_url' as const,
    image_url: { url: `data:${mimeType};base64,${bytes.toString('base64')}`, detail: 'high' as const },
  }));
  return { role, content: [...(content ? [{ type: 'text' as const, text: content }] : []), ...images] };
}

/** Ends a call that says nothing for too long: at first, between two pieces, and in all. */
class StreamTimeouts {
  private readonly controller = new AbortController();
  private readonly total: NodeJS.Timeout;
  private idle: NodeJS.Timeout;

  constructor(private readonly limits: StreamLimits) {
    this.total = this.abortIn(limits.totalMs);
    this.idle = this.abortIn(limits.firstTokenMs);
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  restartIdle(): void {
    clearTimeout(this.idle);
    this.idle = this.abortIn(this.limits.idleMs);
  }

  stop(): void {
    clearTimeout(this.total);
    clearTimeout(this.idle);
  }

  private abortIn(ms: number): NodeJS.Timeout {
    return setTimeout(() => this.controller.abort(), ms);
  }
}

class GrowingAnswer {
  private content = '';
  private refusal = '';
  private finishReason: string | undefined;
  private usage: TokenUsage | undefined;
  private reasoningTokens = 0;

  get text(): string {
    return this.content || this.refusal;
  }

  /** True when there is more text than before. Some servers send the usage in every chunk: the last one counts. */
  add(chunk: OpenAI.ChatCompletionChunk): boolean {
    if (chunk.usage) {
      this.usage = usageOf(chunk.usage);
      this.reasoningTokens = chunk.usage.completion_tokens_details?.reasoning_tokens ?? 0;
    }
    const choice = chunk.choices?.[0];
    if (!choice) return false;
    this.finishReason = choice.finish_reason ?? this.finishReason;
    const before = this.text.length;
    this.content += choice.delta?.content ?? '';
    this.refusal += choice.delta?.refusal ?? '';
    return this.text.length > before;
  }

  finish(): ModelAnswer {
    const { text, usage, reasoningTokens } = this;
    // A connection that is closed in the middle looks like an end, but the model did not say that it has finished.
    if (this.finishReason === undefined && !usage) throw new ModelFailure('unavailable', text);
    const refused = this.finishReason === 'content_filter' || (this.refusal !== '' && this.content === '');
    const end = refused ? 'refused' : this.finishReason === 'length' ? 'length' : 'complete';
    return { text, usage, end, reasoningTokens };
  }
}

const usageOf = (usage: OpenAI.CompletionUsage): TokenUsage => ({
  inputTokens: usage.prompt_tokens,
  cachedInputTokens: usage.prompt_tokens_details?.cached_tokens ?? 0,
  outputTokens: usage.completion_tokens,
});

/** Reasoning models take fewer parameters than others. Source of the codes: seen in answers of OpenAI. */
function refusedParameter(error: unknown): string | undefined {
  if (!(error instanceof OpenAI.APIError) || error.status !== 400) return undefined;
  const isRefusal = error.code === 'unsupported_parameter' || error.code === 'unsupported_value';
  return isRefusal && error.param ? error.param : undefined;
}

/** Compatible servers do not agree on a code, but all say it in words like these. */
const TOO_LONG = /context.{0,20}(length|window|size)|maximum context|too many tokens|prompt is too long/i;

/** Source: OpenAI's guide "Images and vision"; `image_content_policy_violation` is no fault of the picture's format. */
const BAD_PICTURE =
  /^(invalid_(base64_)?image(_format|_mode|_url)?|(image|image_file)_too_(large|small)|unsupported_image_media_type|empty_image_file|image_parse_error|image_content_policy_violation)$/;
/** Servers have no code for it. */
const MAY_MEAN_NO_VISION = [400, 404, 415, 422, 500, 501];
/** Seen at OpenAI, OpenRouter, llama.cpp, vLLM, Ollama, DeepSeek and Groq. */
const NO_VISION = new RegExp(
  [
    /only supported by certain models/,
    /(does not|doesn't|do not|don't|cannot|not|no endpoints found that) (support|accept|take|process|have) (an? |any )?(image|vision|picture|multi-?modal)/,
    /(image|vision|picture|multi-?modal)s?( inputs?| content| messages?)? (is |are )?(not (supported|enabled)|unsupported)/,
    /not an? (multi-?modal|vision)/,
    /at most 0 image/,
    /mmproj|missing data required for image/,
    /unknown variant .?image_url/,
    /must be a string|should be a valid string/,
  ]
    .map(({ source }) => source)
    .join('|'),
  'i',
);
/** Of this picture or this request, not of the model. */
const ABOUT_THIS_REQUEST =
  /format|mime|media type|policy|safety|too (many|large|big|small)|at most [1-9]|exceed|resolution/i;

/** What an error of the client means for us. Source of the codes: OpenAI API reference, "Error codes". */
function failureOf(error: unknown, said: string, hadPictures: boolean): ModelFailure {
  if (error instanceof ModelFailure) return error;
  const retryAfterMs = error instanceof OpenAI.APIError ? retryAfter(error.headers) : undefined;
  const kind = (hadPictures && aboutPictures(error)) || kindOf(error);
  const costsNothing = said === '' && (REFUSALS.includes(kind) || hasNotBegun(error));
  return new ModelFailure(kind, said, { cause: withoutWords(error), retryAfterMs, costsNothing });
}

/** A server that refuses a request has not worked on it. */
const REFUSALS: readonly ModelFailureKind[] = [
  'rate_limited',
  'rejected',
  'context_too_long',
  'no_vision',
  'bad_picture',
];

/** 503 is said by servers without room for the request, and by proxies without a server; 500, 502 and 504 may come after the work. */
const hasNotBegun = (error: unknown) =>
  error instanceof OpenAI.APIError && error.status !== undefined
    ? [409, 503].includes(error.status as number)
    : wasNeverConnected(error);

function aboutPictures(error: unknown): ModelFailureKind | undefined {
  if (!(error instanceof OpenAI.APIError)) return undefined;
  if (BAD_PICTURE.test(error.code ?? '')) return 'bad_picture';
  if (!MAY_MEAN_NO_VISION.includes(error.status as number) || error.code === 'model_not_found') return undefined;
  const isRefusal = NO_VISION.test(error.message) && !ABOUT_THIS_REQUEST.test(error.message);
  return isRefusal && kindOf(error) !== 'context_too_long' ? 'no_vision' : undefined;
}

function kindOf(error: unknown): ModelFailureKind {
  if (error instanceof OpenAI.APIConnectionTimeoutError) return 'timed_out';
  // Everything else that is no answer of the server is a connection that broke, or half an event.
  if (!(error instanceof OpenAI.APIError)) return 'unavailable';
  const status = error.status as number | undefined;
  if (error.code === 'context_length_exceeded') return 'context_too_long';
  if (status === 400 && TOO_LONG.test(error.message)) return 'context_too_long';
  if (error.code === 'insufficient_quota' || error.type === 'insufficient_quota') return 'rejected';
  if (status === 429) return 'rate_limited';
  if (status === undefined || status >= 500 || status === 408 || status === 409) return 'unavailable';
  return 'rejected';
}

/** `retry-after-ms`, else `retry-after` in seconds or as an HTTP date. */
function retryAfter(headers: Headers | undefined): number | undefined {
  const ms = Number.parseFloat(headers?.get('retry-after-ms') ?? '');
  if (Number.isFinite(ms)) return Math.max(0, ms);
  const value = headers?.get('retry-after');
  if (!value) return undefined;
  const seconds = Number(value);
  const wait = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(value) - Date.now();
  return Number.isFinite(wait) ? Math.max(0, wait) : undefined;
}
