import { Inject, Injectable } from '@nestjs/common';
import { CONFIG, type ModelInUse, openAiClient, ResiliencePolicy, withoutWords } from '@switchboard/service-kit';
import OpenAI from 'openai';
import { Registry } from 'prom-client';
import type { ChatAiConfig } from '../chat-ai.config';
import { ModelKeys } from './model-keys';
import { countTokens } from './tokens';

const PUBLIC_HOST = 'api.openai.com';
const PUBLIC_MODEL = 'text-embedding-3-small';
const LONGEST_CALL_MS = 60_000;

export interface Embedded {
  /** Of length 1, in the order of the texts. */
  readonly vectors: number[][];
  readonly tokens: number;
  /** True when the server did not say what was used, and we counted. */
  readonly estimated: boolean;
  readonly durationMs: number;
}

/** Texts as vectors, by any OpenAI-compatible server. */
@Injectable()
export class EmbeddingsService {
  /** Undefined when none is connected. */
  readonly inUse: ModelInUse | undefined;
  private readonly client: OpenAI | undefined;
  private readonly dimensions: number | undefined;
  private readonly party: ResiliencePolicy;

  constructor(keys: ModelKeys, @Inject(CONFIG) config: ChatAiConfig, @Inject(Registry) registry: Registry) {
    this.inUse = modelInUse(config, keys);
    this.dimensions = config.CHAT_AI_EMBEDDINGS_DIMENSIONS;
    if (this.inUse) this.client = openAiClient(this.inUse);
    this.party = new ResiliencePolicy({
      name: 'embeddings',
      registry,
      timeoutMs: LONGEST_CALL_MS,
      retries: 1,
      breakAfter: 3,
      isOutage: (error) => !(error instanceof OpenAI.APIError) || error.status === undefined || error.status >= 500,
    });
  }

  async embed(
    texts: string[],
    { timeoutMs = LONGEST_CALL_MS, signal }: { timeoutMs?: number; signal?: AbortSignal | undefined } = {},
  ): Promise<Embedded> {
    const { client, inUse, dimensions } = this;
    if (!client || !inUse) throw new Error('no embeddings are connected');
    const request = {
      model: inUse.model,
      input: texts,
      encoding_format: 'float' as const,
      ...(dimensions !== undefined && { dimensions }),
    };
    const started = performance.now();
    const { data, usage } = await this.party
      .call('embed', (deadline) => client.embeddings.create(request, { signal: deadline }), {
        idempotent: true,
        timeoutMs,
        ...(signal && { signal }),
      })
      .catch((error: unknown) => {
        throw withoutWords(error);
      });
    if (data.length !== texts.length) throw new Error(`${data.length} embeddings came for ${texts.length} texts`);
    // Compatible servers leave it out.
    const told = (usage as OpenAI.CreateEmbeddingResponse.Usage | undefined)?.prompt_tokens;
    return {
      vectors: data.sort((a, b) => a.index - b.index).map(({ embedding }) => unit(embedding)),
      tokens: told ?? tokensOf(texts),
      estimated: told === undefined,
      durationMs: Math.round(performance.now() - started),
    };
  }
}

export const tokensOf = (texts: readonly string[]): number => texts.reduce((sum, text) => sum + countTokens(text), 0);

/** They need a model's name, or the public API whose models are known. */
function modelInUse(config: ChatAiConfig, keys: ModelKeys): ModelInUse | undefined {
  const server = config.CHAT_AI_EMBEDDINGS_BASE_URL ?? config.CHAT_AI_BASE_URL;
  const connection = keys.connectionTo(server, config.CHAT_AI_EMBEDDINGS_API_KEY);
  if (!connection) return undefined;
  const { baseUrl, apiKey } = connection;
  const isPublic = new URL(baseUrl).hostname === PUBLIC_HOST;
  const model = config.CHAT_AI_EMBEDDINGS_MODEL ?? (isPublic ? PUBLIC_MODEL : undefined);
  return model && !(isPublic && !apiKey) ? { baseUrl, apiKey, model } : undefined;
}

function unit(vector: number[]): number[] {
  const length = Math.hypot(...vector) || 1;
  return vector.map((value) => value / length);
}
