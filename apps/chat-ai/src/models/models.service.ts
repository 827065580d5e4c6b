import { Inject, Injectable } from '@nestjs/common';
import { BotServers, Clock, CONFIG, ResiliencePolicy, UpstreamUnavailable } from '@switchboard/service-kit';
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
  type ToolDefinition,
} from './chat-model';
import { OpenAiModel, reasonsByName, type StreamLimits } from './openai.model';
import { countTokens } from './tokens';

/** The model's own limits end a call; this only catches a client that does not listen to them. */
const BACKSTOP_MS = 5000;
const NOTHING: TokenUsage = { inputTokens: 0, cachedInputTokens: 0, outputTokens: 0 };
/**
 * What a model writes at most in a second, by which a call of unknown outcome is charged: nobody tells how long a model
 * has reasoned that was cut off before its first word. Few models are faster.
 */
const TOKENS_PER_SECOND = 100;
/** A server may be given another model under the same name. */
const BLIND_FOR_MS = 10 * 60_000;

export interface Prompt {
  readonly messages: readonly ChatMessage[];
  /** Of the messages and of what is said of tools, as we count them. */
  readonly tokens: number;
  readonly maxOutputTokens: number;
  readonly tools?: readonly ToolDefinition[];
  readonly mustAnswer?: boolean;
  readonly cacheKey?: string;
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
  /** Models that were seen to refuse pictures, and until when that is believed. */
  private readonly blindUntil = new Map<string, Date>();
  /** Models that have looked at a picture: whatever they refuse later, it is not that they cannot see. */
  private readonly seeing = new Set<string>();

  constructor(
    private readonly clock: Clock,
    private readonly botServers: BotServers,
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
    return maxOutputTokens + (this.reasons(model) ? this.config.CHAT_AI_REASONING_TOKENS : 0);
  }

  /** Models that are known by name need not first be paid for an answer without a word. */
  private reasons(configured: ConfiguredModel): boolean {
    if (this.reasoning.has(keyOf(configured))) return true;
    return reasonsByName(configured.model) && configured.parameters.reasoningEffort !== 'none';
  }

  /** As it is configured, else as far as is known: a model that has never been shown a picture may see. */
  canSee(model: ConfiguredModel): boolean {
    const blindUntil = this.blindUntil.get(keyOf(model));
    return model.vision ?? (blindUntil === undefined || blindUntil <= this.clock.now());
  }

  /** A failure of the model is a result, too; whatever became of the call, it may have cost something. */
  async call(configured: ConfiguredModel, prompt: Prompt, options: CallOptions): Promise<MeteredCall> {
    const { model, parameters } = configured;
    const { messages, maxOutputTokens, tools, mustAnswer, cacheKey } = prompt;
    const started = performance.now();
    const elapsed = () => Math.round(performance.now() - started);
    let silentMs: number | undefined;
    const onText = (text: string) => {
      silentMs ??= elapsed();
      return options.onText?.(text);
    };
    const result = await this.serverOf(configured.connection)
      .answer({ model, messages, maxOutputTokens, parameters, tools, mustAnswer, cacheKey }, { ...options, onText })
      .catch((error: unknown) => {
        if (error instanceof ModelFailure) return error;
        throw error;
      });
    const durationMs = elapsed();
    this.noteVision(configured, prompt, result);
    if (!(result instanceof ModelFailure)) this.noteReasoning(configured, result);
    return { model, result, durationMs, ...usedBy(result, prompt, silentMs ?? durationMs) };
  }

  private noteVision(configured: ConfiguredModel, { messages }: Prompt, result: ModelAnswer | ModelFailure): void {
    const key = keyOf(configured);
    if (!(result instanceof ModelFailure)) {
      // A prompt that was refused has not been looked at.
      if (result.end === 'refused') return;
      if (!messages.some(({ pictures = [] }) => pictures.length > 0)) return;
      this.seeing.add(key);
      this.blindUntil.delete(key);
    } else if (result.kind === 'no_vision' && !this.seeing.has(key)) {
      this.blindUntil.set(key, new Date(this.clock.now().getTime() + BLIND_FOR_MS));
    }
  }

  private noteReasoning(configured: ConfiguredModel, { text, end, reasoningTokens }: ModelAnswer): void {
    // Servers that do not tell of reasoning give it away by an answer that ends before its first word.
    if (reasoningTokens > 0 || (end === 'length' && text.trim() === '')) this.reasoning.add(keyOf(configured));
  }

  private serverOf(connection: ModelConnection): ChatModel {
    const key = `${connection.baseUrl} ${connection.apiKey ?? ''}`;
    const known = this.servers.get(key);
    if (known) return known;
    const server = this.guarded(new OpenAiModel(connection, this.limits, this.botServers.fetch));
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
          const wasNotAsked = error instanceof UpstreamUnavailable;
          const kind = wasNotAsked ? 'unavailable' : 'timed_out';
          throw new ModelFailure(kind, '', { cause: error, costsNothing: wasNotAsked });
        }
      },
    };
  }
}

const keyOf = ({ model, connection }: ConfiguredModel) => `${connection.baseUrl} ${model}`;

/** @param silentMs until the first word, or until the end when there was none */
function usedBy(
  result: ModelAnswer | ModelFailure,
  prompt: Prompt,
  silentMs: number,
): { tokens: TokenUsage; estimated: boolean } {
  const estimated = (outputTokens: number) => ({
    tokens: { inputTokens: prompt.tokens, cachedInputTokens: 0, outputTokens },
    estimated: true,
  });
  if (!(result instanceof ModelFailure)) {
    const { usage, text, end, toolCalls = [] } = result;
    if (usage) return { tokens: usage, estimated: false };
    const isReasonedAway = end === 'length' && text.trim() === '';
    const called = toolCalls.map((call) => call.name + call.arguments).join('');
    return estimated(isReasonedAway ? prompt.maxOutputTokens : countTokens(text + called));
  }
  if (result.costsNothing) return { tokens: NOTHING, estimated: false };
  const reasoned = Math.ceil((silentMs / 1000) * TOKENS_PER_SECOND);
  // More than was reserved it cannot have written.
  return estimated(Math.min(prompt.maxOutputTokens, reasoned + countTokens(result.said)));
}
