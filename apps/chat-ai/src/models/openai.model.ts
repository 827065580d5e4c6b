import { isOpenAi, openAiClient, withoutWords } from '@switchboard/service-kit';
import OpenAI from 'openai';
import {
  type CallOptions,
  type ChatMessage,
  type ChatModel,
  type ModelAnswer,
  type ModelConnection,
  ModelFailure,
  type ModelRequest,
  type TokenUsage,
  type ToolCall,
  type ToolDefinition,
} from './chat-model';
import { answerIn, failureOf, refusedParameters } from './openai.errors';
import { cutToTokens, weighTokens } from './tokens';

type Parameters = OpenAI.ChatCompletionCreateParamsStreaming | OpenAI.ChatCompletionCreateParamsNonStreaming;
type MessageParameter = OpenAI.ChatCompletionMessageParam;

export interface StreamLimits {
  readonly firstTokenMs: number;
  readonly idleMs: number;
  readonly totalMs: number;
}

const LIMIT_NAMES = ['max_completion_tokens', 'max_tokens'] as const;
/** A server that was told of the limit keeps it by its own count of tokens, which may be lower than ours. */
const LEEWAY = 2;

/** OpenAI's from o1 and GPT-5 on, also as routers name them (`openai/gpt-5.6-sol`), and others that always reason. */
const REASONS = /(^|\/)(o\d|gpt-([5-9]|\d{2}))([.-]|$)|deepseek-r|reasoner|thinking|qwq|magistral/i;
/** GPT-5 as it was served in ChatGPT. */
const CHATS = /-chat(-|$)/i;

/** Whether a model is known to reason, before it has been seen to. */
export const reasonsByName = (model: string): boolean => REASONS.test(model) && !CHATS.test(model);

/** Any server that speaks the OpenAI chat completions API. Source: OpenAI API reference, "Chat". */
export class OpenAiModel implements ChatModel {
  private readonly client: OpenAI;
  private readonly isPublic: boolean;
  /** Parameters that a model was seen to refuse, by its name. */
  private readonly refused = new Map<string, Set<string>>();

  constructor(
    { baseUrl, apiKey }: ModelConnection,
    private readonly limits: StreamLimits,
    request: typeof fetch,
  ) {
    this.client = openAiClient({ baseUrl, apiKey }, { timeout: limits.totalMs, fetch: request });
    this.isPublic = isOpenAi(baseUrl);
  }

  async answer(request: ModelRequest, { signal, onText }: CallOptions): Promise<ModelAnswer> {
    const timeouts = new StreamTimeouts(this.limits);
    const answer = new GrowingAnswer();
    try {
      const either = AbortSignal.any([signal, timeouts.signal]);
      const { chunks, isLimited } = await this.open(request, timeouts, either);
      const mostTokens = request.maxOutputTokens * (isLimited ? LEEWAY : 1);
      for await (const chunk of chunks) {
        timeouts.restartIdle();
        const isLonger = answer.add(chunk);
        if (answer.tokens > mostTokens) return answer.cutOff(mostTokens);
        if (isLonger) await onText?.(answer.text);
        if (either.aborted) break;
      }
      // An aborted stream ends without an error.
      if (either.aborted) throw new Error('aborted');
      return answer.finish();
    } catch (error) {
      if (signal.aborted) throw new ModelFailure('abandoned', answer.text, { cause: withoutWords(error) });
      if (timeouts.signal.aborted) throw new ModelFailure('timed_out', answer.text, { cause: withoutWords(error) });
      const instead = answerIn(error, answer.text);
      if (instead) return instead;
      throw failureOf(error, answer.text, hasPictures(request));
    } finally {
      timeouts.stop();
    }
  }

  /** Asks again without the parameters that the model refuses, and leaves them out from then on. */
  private async open(request: ModelRequest, timeouts: StreamTimeouts, signal: AbortSignal) {
    const refused = this.refused.get(request.model) ?? new Set<string>();
    this.refused.set(request.model, refused);
    for (;;) {
      const parameters = this.parametersOf(request, refused);
      // What is not streamed comes at its end.
      if (!parameters.stream) timeouts.waitForAll();
      try {
        const answer = await this.client.chat.completions.create(parameters, { signal });
        const chunks = 'choices' in answer ? [wholeAsChunk(answer)] : answer;
        return { chunks, isLimited: LIMIT_NAMES.some((name) => name in parameters) };
      } catch (error) {
        const optional = Object.keys(parameters).filter((name) => name !== 'model' && name !== 'messages');
        const names = refusedParameters(error, optional);
        if (names.length === 0) throw error;
        names.forEach((name) => refused.add(name));
      }
    }
  }

  private parametersOf(
    { model, messages, maxOutputTokens, parameters, tools = [], mustAnswer = false, cacheKey }: ModelRequest,
    refused: ReadonlySet<string>,
  ): Parameters {
    const takesTools = tools.length > 0 && !refused.has('tools');
    const limit = this.limitNamesFor(model).find((name) => !refused.has(name));
    const optional = {
      ...parameters.extra,
      temperature: parameters.temperature,
      top_p: parameters.topP,
      presence_penalty: parameters.presencePenalty,
      frequency_penalty: parameters.frequencyPenalty,
      reasoning_effort: parameters.reasoningEffort,
      verbosity: parameters.verbosity,
      service_tier: parameters.serviceTier,
      prompt_cache_key: cacheKey,
      ...(limit && { [limit]: maxOutputTokens }),
      ...(takesTools && { tools: tools.map(toolParameter), tool_choice: mustAnswer ? 'none' : undefined }),
      ...(!refused.has('stream') && { stream: true, stream_options: { include_usage: true } }),
    };
    const given = Object.entries(optional).filter(([name, value]) => value !== undefined && !refused.has(name));
    const said = messages.map((message) => messageParameter(takesTools ? message : withoutTools(message)));
    return { ...Object.fromEntries(given), model, messages: said };
  }

  /** Newer models of OpenAI refuse the old name of the limit, and many compatible servers do not know the new one. */
  private limitNamesFor(model: string): readonly (typeof LIMIT_NAMES)[number][] {
    return this.isPublic || reasonsByName(model) ? LIMIT_NAMES : LIMIT_NAMES.toReversed();
  }
}

/** An answer that was not streamed, as the only chunk of a stream. */
function wholeAsChunk({ id, created, model, choices, usage }: OpenAI.ChatCompletion): OpenAI.ChatCompletionChunk {
  const [choice] = choices;
  const tool_calls = choice?.message.tool_calls?.map((call, index) => ({ index, ...call }) as ToolCallDelta) ?? [];
  const delta = { content: choice?.message.content ?? '', refusal: choice?.message.refusal ?? '', tool_calls };
  return {
    id,
    created,
    model,
    object: 'chat.completion.chunk',
    choices: choice ? [{ index: 0, delta, finish_reason: choice.finish_reason }] : [],
    ...(usage && { usage }),
  };
}

const hasPictures = ({ messages }: ModelRequest) => messages.some(({ pictures = [] }) => pictures.length > 0);

const toolParameter = (tool: ToolDefinition) => ({ type: 'function' as const, function: tool });

/** For a model that is asked in place of one that has called tools, and takes none: what they answered is told to it. */
const withoutTools = ({ toolCalls: _, toolCallId: __, ...message }: ChatMessage): ChatMessage => ({
  ...message,
  role: message.role === 'tool' ? 'user' : message.role,
});

/** Pictures go along as they are: a link would have to be open to the world. `high` counts no more than 2,500 patches of one. */
function messageParameter({ role, content, pictures = [], toolCalls = [], toolCallId }: ChatMessage): MessageParameter {
  if (role === 'tool') return { role, content, tool_call_id: toolCallId! };
  if (role === 'assistant' && toolCalls.length > 0) {
    const calls = toolCalls.map(({ id, ...call }) => ({ id, type: 'function' as const, function: call }));
    return { role, content: content || null, tool_calls: calls };
  }
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

  /** Until the end of the whole call. */
  waitForAll(): void {
    clearTimeout(this.idle);
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

type ToolCallDelta = OpenAI.ChatCompletionChunk.Choice.Delta.ToolCall;

/**
 * What a model calls, piece by piece. Compatible servers send all arguments at once, number all calls 0 or name none of them: a name
 * begins another call, unless it is that of the one with the same id.
 */
class GrowingToolCalls {
  private readonly calls: { index: number; id: string; name: string; arguments: string }[] = [];

  add({ index = 0, id = '', function: part }: ToolCallDelta): void {
    const open = this.calls.findLast((call) => call.index === index) ?? this.calls.at(-1);
    const isNew = !open || (part?.name && !(id !== '' && id === open.id));
    const call = isNew ? { index, id: id || `call_${this.calls.length}`, name: part?.name ?? '', arguments: '' } : open;
    if (isNew) this.calls.push(call);
    call.arguments += part?.arguments ?? '';
  }

  finish(): ToolCall[] {
    return this.calls.map(({ id, name, arguments: given }) => ({ id, name, arguments: given }));
  }
}

class GrowingAnswer {
  private readonly toolCalls = new GrowingToolCalls();
  private content = '';
  private refusal = '';
  private finishReason: string | undefined;
  private usage: TokenUsage | undefined;
  private reasoningTokens = 0;
  /** Of the text so far, as we count them. */
  tokens = 0;

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
    // Some servers send an empty one with every chunk.
    this.finishReason = choice.finish_reason || this.finishReason;
    const before = this.text.length;
    const { content, refusal, tool_calls: called } = choice.delta ?? {};
    this.content += content ?? '';
    this.refusal += refusal ?? '';
    this.tokens += weighTokens(content ?? '') + weighTokens(refusal ?? '');
    for (const part of called ?? []) {
      this.toolCalls.add(part);
      this.tokens += weighTokens(part.function?.arguments ?? '');
    }
    return this.text.length > before;
  }

  /** Of an answer that has no end by itself. */
  cutOff(mostTokens: number): ModelAnswer {
    const { usage, reasoningTokens } = this;
    return { text: cutToTokens(this.text, mostTokens), end: 'length', usage, reasoningTokens };
  }

  finish(): ModelAnswer {
    const { text, usage, reasoningTokens } = this;
    // A connection that is closed in the middle looks like an end, but the model did not say that it has finished.
    if (this.finishReason === undefined && !usage) throw new ModelFailure('unavailable', text);
    const refused = this.finishReason === 'content_filter' || (this.refusal !== '' && this.content === '');
    const end = refused ? 'refused' : this.finishReason === 'length' ? 'length' : 'complete';
    // What was cut off in the middle of its arguments would ask for something else.
    const toolCalls = end === 'complete' ? this.toolCalls.finish() : [];
    return { text, usage, end, reasoningTokens, ...(toolCalls.length > 0 && { toolCalls }) };
  }
}

const usageOf = (usage: OpenAI.CompletionUsage): TokenUsage => ({
  inputTokens: usage.prompt_tokens,
  cachedInputTokens: usage.prompt_tokens_details?.cached_tokens ?? 0,
  outputTokens: usage.completion_tokens,
});
