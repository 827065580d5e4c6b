import { Inject, Injectable } from '@nestjs/common';
import { CONFIG, ResiliencePolicy, UpstreamUnavailable } from '@switchboard/service-kit';
import { Registry } from 'prom-client';
import type { ChatAiConfig } from '../chat-ai.config';
import {
  type CallOptions,
  type ChatMessage,
  type ChatModel,
  type ConfiguredModel,
  type ModelAnswer,
  type ModelConnection,
  ModelFailure,
  type ModelRequest,
  type TokenUsage,
} from './chat-model';
import { OpenAiModel, type StreamLimits } from './openai.model';
import { countTokens } from './tokens';

/** The model's own limits end a call; this only catches a client that does not listen to them. */
const BACKSTOP_MS = 5000;
const NOTHING: TokenUsage = { inputTokens: 0, cachedInputTokens: 0, outputTokens: 0 };
/** A server that refuses a request has not worked on it. */
const COSTS_NOTHING = ['rate_limited', 'rejected', 'context_too_long', 'no_vision', 'bad_picture'];

export interface Prompt {
  readonly messages: readonly ChatMessage[];
  /** Of the messages, as we count them. */
  readonly tokens: number;
  readonly maxOutputTokens: number;
}

/** How a call ended, and what it used. */
export interface MeteredCall {
  readonly model: string;
  readonly result: ModelAnswer | ModelFailure;
  readonly tokens: TokenUsage;
  /** True when the model did not say what it used, and we counted. */
  readonly estimated: boolean;
  readonly durationMs: number;
}

/** Calls the models, each server guarded by a circuit breaker and measured. */
@Injectable()
export class ModelsService {
  private readonly servers = new Map<string, ChatModel>();
  private readonly limits: StreamLimits;
  /** Models that were seen to reason: that takes tokens of their output limit before the first word. */
  private readonly reasoning = new Set<string>();
  /** Models that were seen to refuse pictures. */
  private readonly blind = new Set<string>();

  constructor(
    @Inject(CONFIG) private readonly config: ChatAiConfig,
    @Inject(Registry) private readonly registry: Registry,
  ) {
    this.limits = {
      firstTokenMs: config.CHAT_AI_FIRST_TOKEN_TIMEOUT_MS,
      idleMs: config.CHAT_AI_IDLE_TIMEOUT_MS,
      totalMs: config.CHAT_AI_TURN_TIMEOUT_MS,
    };
  }

  /** What a call may write in all, so that the answer itself may have `maxOutputTokens`. */
  outputLimit(model: ConfiguredModel, maxOutputTokens: number): number {
    return maxOutputTokens + (this.reasoning.has(keyOf(model)) ? this.config.CHAT_AI_REASONING_TOKENS : 0);
  }

  /** As it is configured, else as far as is known: a model that has never been shown a picture may see. */
  canSee(model: ConfiguredModel): boolean {
    return model.vision ?? !this.blind.has(keyOf(model));
  }

  /** A failure of the model is a result, too; whatever became of the call, it may have cost something. */
  async call(configured: ConfiguredModel, prompt: Prompt, options: CallOptions): Promise<MeteredCall> {
    const { model, parameters } = configured;
    const { messages, maxOutputTokens } = prompt;
    const started = performance.now();
    const result = await this.serverOf(configured.connection)
      .answer({ model, messages, maxOutputTokens, parameters }, options)
      .catch((error: unknown) => {
        if (error instanceof ModelFailure) return error;
        throw error;
      });
    const durationMs = Math.round(performance.now() - started);
    if (!(result instanceof ModelFailure)) this.noteReasoning(configured, result);
    else if (result.kind === 'no_vision') this.blind.add(keyOf(configured));
    return { model, result, durationMs, ...usedBy(result, prompt.tokens) };
  }

  private noteReasoning(configured: ConfiguredModel, { text, end, reasoningTokens }: ModelAnswer): void {
    // Servers that do not tell of reasoning give it away by an answer that ends before its first word.
    if (reasoningTokens > 0 || (end === 'length' && text.trim() === '')) this.reasoning.add(keyOf(configured));
  }

  private serverOf(connection: ModelConnection): ChatModel {
    const key = `${connection.baseUrl} ${connection.apiKey ?? ''}`;
    const known = this.servers.get(key);
    if (known) return known;
    const server = this.guarded(new OpenAiModel(connection, this.limits));
    this.servers.set(key, server);
    return server;
  }

  private guarded(model: ChatModel): ChatModel {
    const party = new ResiliencePolicy({
      name: 'model',
      registry: this.registry,
      timeoutMs: this.limits.totalMs + BACKSTOP_MS,
      isOutage: (error) => error instanceof ModelFailure && ['unavailable', 'timed_out'].includes(error.kind),
    });
    return {
      async answer(request: ModelRequest, { signal, onText }: CallOptions): Promise<ModelAnswer> {
        try {
          return await party.call('chat', (deadline) =>
            model.answer(request, { signal: AbortSignal.any([signal, deadline]), ...(onText && { onText }) }),
          );
        } catch (error) {
          if (error instanceof ModelFailure) throw error;
          const kind = error instanceof UpstreamUnavailable ? 'unavailable' : 'timed_out';
          throw new ModelFailure(kind, '', { cause: error });
        }
      },
    };
  }
}

const keyOf = ({ model, connection }: ConfiguredModel) => `${connection.baseUrl} ${model}`;

function usedBy(result: ModelAnswer | ModelFailure, promptTokens: number): { tokens: TokenUsage; estimated: boolean } {
  const counted = (said: string): TokenUsage => ({
    inputTokens: promptTokens,
    cachedInputTokens: 0,
    outputTokens: countTokens(said),
  });
  if (!(result instanceof ModelFailure)) {
    return { tokens: result.usage ?? counted(result.text), estimated: result.usage === undefined };
  }
  const isFree = COSTS_NOTHING.includes(result.kind) || (result.kind === 'unavailable' && result.said === '');
  return isFree ? { tokens: NOTHING, estimated: false } : { tokens: counted(result.said), estimated: true };
}
