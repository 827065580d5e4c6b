import { Inject, Injectable } from '@nestjs/common';
import { CONFIG, LOG, type Log, ThirdParty } from '@switchboard/service-kit';
import OpenAI from 'openai';
import { Registry } from 'prom-client';
import { DataSource } from 'typeorm';
import type { ChatAiConfig } from '../chat-ai.config';
import { ModelKeys } from '../models/model-keys';

const PUBLIC_HOST = 'api.openai.com';
const PUBLIC_MODEL = 'text-embedding-3-small';
/** A person waits for a question's vector; without it, words alone are searched. */
const QUESTION_TIMEOUT_MS = 3000;
const PASSAGES_TIMEOUT_MS = 60_000;
const AT_ONCE = 64;
/** A question longer than this is a pasted text, whose beginning tells what it is about. */
const QUESTION_CHARACTERS = 2000;
/** So many of the nearest by their signs are compared exactly. */
const COMPARED = 100;

interface Embeddings {
  readonly client: OpenAI;
  readonly model: string;
  readonly dimensions: number | undefined;
}

/**
 * Passages by their meaning: vectors of any OpenAI-compatible server, kept as plain arrays. With pgvector the database
 * compares them; without it the database chooses candidates by the signs of their numbers, which any Postgres does
 * quickly, and those are compared here.
 */
@Injectable()
export class PassageVectors {
  private readonly embeddings: Embeddings | undefined;
  private readonly party: ThirdParty;
  /** The schema of pgvector where it is installed; looked up once. */
  private pgvector: Promise<string | undefined> | undefined;

  constructor(
    private readonly db: DataSource,
    keys: ModelKeys,
    @Inject(CONFIG) config: ChatAiConfig,
    @Inject(LOG) private readonly log: Log,
    @Inject(Registry) registry: Registry,
  ) {
    this.embeddings = connect(config, keys);
    this.party = new ThirdParty({
      name: 'embeddings',
      registry,
      timeoutMs: PASSAGES_TIMEOUT_MS,
      retries: 1,
      breakAfter: 3,
      isOutage: (error) => !(error instanceof OpenAI.APIError) || error.status === undefined || error.status >= 500,
    });
  }

  get isConnected(): boolean {
    return this.embeddings !== undefined;
  }

  /** The ids of the nearest passages, nearest first; none when no vectors can be had. */
  async nearest(botId: string, text: string, limit: number): Promise<string[]> {
    if (!this.embeddings) return [];
    let vector: number[];
    try {
      [vector] = (await this.embed([text.slice(0, QUESTION_CHARACTERS)], QUESTION_TIMEOUT_MS)) as [number[]];
    } catch (error) {
      this.log.warn({ err: error, botId }, 'a question has no embedding; its words alone are searched');
      return [];
    }
    const schema = await (this.pgvector ??= this.schemaOfPgvector());
    const ids = schema ? await this.byPgvector(botId, vector, schema, limit) : await this.bySigns(botId, vector);
    return ids.slice(0, limit);
  }

  /** Makes the vectors that a base lacks, and drops those nobody needs any more. */
  async complete(botId: string, signal: AbortSignal): Promise<void> {
    if (!this.embeddings) return;
    const { model } = this.embeddings;
    for (;;) {
      signal.throwIfAborted();
      const missing = await this.db.query<{ hash: string; text: string }[]>(
        `SELECT DISTINCT ON (c.content_hash) encode(c.content_hash, 'hex') AS hash,
                concat_ws(E'\\n', d.title, nullif(c.heading, ''), c.text) AS text
         FROM knowledge_chunks c JOIN knowledge_documents d ON d.id = c.document_id
         WHERE c.bot_id = $1 AND NOT EXISTS (SELECT FROM knowledge_vectors v
           WHERE v.bot_id = $1 AND v.model = $2 AND v.content_hash = c.content_hash)
         ORDER BY c.content_hash LIMIT $3`,
        [botId, model, AT_ONCE],
      );
      if (missing.length === 0) break;
      const vectors = await this.embed(
        missing.map(({ text }) => text),
        PASSAGES_TIMEOUT_MS,
        signal,
      );
      const rows = missing.map(({ hash }, i) => ({ hash, signs: signsOf(vectors[i]!), vector: vectors[i]! }));
      await this.db.query(
        `INSERT INTO knowledge_vectors (bot_id, content_hash, model, signs, vector)
         SELECT $1, decode(hash, 'hex'), $2, signs::bit varying, ARRAY(SELECT json_array_elements_text(vector)::real)
         FROM json_to_recordset($3) AS v (hash text, signs text, vector json) ON CONFLICT DO NOTHING`,
        [botId, model, JSON.stringify(rows)],
      );
    }
    await this.db.query(
      `DELETE FROM knowledge_vectors v WHERE bot_id = $1 AND (model <> $2 OR NOT EXISTS
         (SELECT FROM knowledge_chunks c WHERE c.bot_id = $1 AND c.content_hash = v.content_hash))`,
      [botId, model],
    );
  }

  /** Unit vectors, in the order of the texts. */
  private async embed(texts: string[], timeoutMs: number, signal?: AbortSignal): Promise<number[][]> {
    const { client, model, dimensions } = this.embeddings!;
    const { data } = await this.party.call(
      'embed',
      (deadline) =>
        client.embeddings.create(
          { model, input: texts, encoding_format: 'float', ...(dimensions !== undefined && { dimensions }) },
          { signal: deadline },
        ),
      { idempotent: true, timeoutMs, ...(signal && { signal }) },
    );
    if (data.length !== texts.length) throw new Error(`${data.length} embeddings came for ${texts.length} texts`);
    return data.sort((a, b) => a.index - b.index).map(({ embedding }) => unit(embedding));
  }

  private async byPgvector(botId: string, vector: number[], schema: string, limit: number): Promise<string[]> {
    const rows = await this.db.query<{ id: string }[]>(
      `SELECT c.id FROM knowledge_vectors v JOIN knowledge_chunks c ON c.bot_id = $1 AND c.content_hash = v.content_hash
       WHERE v.bot_id = $1 AND v.model = $2 AND cardinality(v.vector) = $3
       ORDER BY v.vector::${schema}.vector OPERATOR(${schema}.<=>) $4::real[]::${schema}.vector, c.id LIMIT $5`,
      [botId, this.embeddings!.model, vector.length, vector, limit],
    );
    return rows.map(({ id }) => id);
  }

  private async bySigns(botId: string, vector: number[]): Promise<string[]> {
    const rows = await this.db.query<{ id: string; vector: Buffer }[]>(
      `SELECT c.id, array_send(v.vector) AS vector FROM (
         SELECT content_hash, vector FROM knowledge_vectors
         WHERE bot_id = $1 AND model = $2 AND length(signs) = $3
         ORDER BY bit_count(signs # $4::bit varying) LIMIT $5
       ) v JOIN knowledge_chunks c ON c.bot_id = $1 AND c.content_hash = v.content_hash`,
      [botId, this.embeddings!.model, vector.length, signsOf(vector), COMPARED],
    );
    return rows
      .map(({ id, vector: sent }) => ({ id, nearness: product(vector, sent) }))
      .sort((a, b) => b.nearness - a.nearness || (a.id < b.id ? -1 : 1))
      .map(({ id }) => id);
  }

  private async schemaOfPgvector(): Promise<string | undefined> {
    const rows = await this.db.query<{ schema: string }[]>(
      `SELECT quote_ident(n.nspname) AS schema FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
       WHERE e.extname = 'vector' AND has_schema_privilege(n.oid, 'USAGE')`,
    );
    return rows[0]?.schema;
  }
}

/** Undefined when no embeddings can be had: they need a model's name, or the public API whose models are known. */
function connect(config: ChatAiConfig, keys: ModelKeys): Embeddings | undefined {
  const server = config.CHAT_AI_EMBEDDINGS_BASE_URL ?? config.CHAT_AI_BASE_URL;
  const connection = keys.connectionTo(server, config.CHAT_AI_EMBEDDINGS_API_KEY);
  if (!connection) return undefined;
  const { baseUrl, apiKey } = connection;
  const isPublic = new URL(baseUrl).hostname === PUBLIC_HOST;
  const model = config.CHAT_AI_EMBEDDINGS_MODEL ?? (isPublic ? PUBLIC_MODEL : undefined);
  if (!model || (isPublic && !apiKey)) return undefined;
  return {
    client: new OpenAI({ baseURL: baseUrl, apiKey: apiKey ?? 'none', maxRetries: 0, logLevel: 'off' }),
    model,
    dimensions: config.CHAT_AI_EMBEDDINGS_DIMENSIONS,
  };
}

function unit(vector: number[]): number[] {
  const length = Math.hypot(...vector) || 1;
  return vector.map((value) => value / length);
}

const signsOf = (vector: readonly number[]) => vector.map((value) => (value > 0 ? '1' : '0')).join('');

/** Of a vector and one in Postgres' binary form of an array: 20 bytes of head, then each number after its length. */
function product(vector: readonly number[], sent: Buffer): number {
  return vector.reduce((sum, value, i) => sum + value * sent.readFloatBE(20 + i * 8 + 4), 0);
}
