import { Inject, Injectable } from '@nestjs/common';
import { Outbox } from '@switchboard/bus';
import { CONFIG, LOG, type Log } from '@switchboard/service-kit';
import { DataSource } from 'typeorm';
import { BudgetsService, NOBODY, type Spender } from '../accounting/budgets.service';
import type { PricedModel } from '../accounting/prices.service';
import { UsageService } from '../accounting/usage.service';
import { spenderOf } from '../assistants/assistant';
import { AssistantsService } from '../assistants/assistants.service';
import type { ChatAiConfig } from '../chat-ai.config';
import { EmbeddingsService, tokensOf } from '../models/embeddings.service';

/** A person waits for a question's vector; without it, words alone are searched. */
const QUESTION_TIMEOUT_MS = 3000;
const AT_ONCE = 64;
/** A question longer than this is a pasted text, whose beginning tells what it is about. */
const QUESTION_CHARACTERS = 2000;
/** So many of the nearest by their signs are compared exactly. */
const COMPARED = 100;

/** Who asks, and for which answer: they pay. */
export interface Asker {
  readonly userId: string;
  readonly turnId: string;
}

/**
 * Passages by their meaning: vectors of any OpenAI-compatible server, kept as plain arrays. With pgvector the database
 * compares them; without it the database chooses candidates by the signs of their numbers, which any Postgres does
 * quickly, and those are compared here.
 */
@Injectable()
export class PassageVectors {
  /** The schema of pgvector where it is installed; looked up once. */
  private pgvector: Promise<string | undefined> | undefined;

  constructor(
    private readonly db: DataSource,
    private readonly embeddings: EmbeddingsService,
    private readonly assistants: AssistantsService,
    private readonly budgets: BudgetsService,
    private readonly usage: UsageService,
    private readonly outbox: Outbox,
    @Inject(CONFIG) private readonly config: ChatAiConfig,
    @Inject(LOG) private readonly log: Log,
  ) {}

  get isConnected(): boolean {
    return this.embeddings.inUse !== undefined;
  }

  /** The ids of the nearest passages, nearest first; none when no vectors can be had, or paid. */
  async nearest(botId: string, text: string, limit: number, asker?: Asker): Promise<string[]> {
    if (!this.isConnected) return [];
    let vector: number[];
    try {
      const question = [text.slice(0, QUESTION_CHARACTERS)];
      [vector] = (await this.embed(botId, question, { asker, timeoutMs: QUESTION_TIMEOUT_MS })) as [number[]];
    } catch (error) {
      this.log.warn({ err: error, botId }, 'a question has no embedding; its words alone are searched');
      return [];
    }
    const schema = await (this.pgvector ??= this.schemaOfPgvector());
    const ids = schema ? await this.byPgvector(botId, vector, schema, limit) : await this.bySigns(botId, vector);
    return ids.slice(0, limit);
  }

  /** The bots whose passages lack vectors. */
  async incomplete(): Promise<string[]> {
    if (!this.embeddings.inUse) return [];
    const rows = await this.db.query<{ botId: string }[]>(
      `SELECT DISTINCT c.bot_id AS "botId" FROM knowledge_chunks c WHERE NOT EXISTS (SELECT FROM knowledge_vectors v
         WHERE v.bot_id = c.bot_id AND v.model = $1 AND v.content_hash = c.content_hash)`,
      [this.embeddings.inUse.model],
    );
    return rows.map(({ botId }) => botId);
  }

  /** Makes the vectors that a base lacks, and drops those nobody needs any more. */
  async complete(botId: string, signal: AbortSignal): Promise<void> {
    if (!this.embeddings.inUse) return;
    const { model } = this.embeddings.inUse;
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
      const texts = missing.map(({ text }) => text);
      const vectors = await this.embed(botId, texts, { signal });
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

  /** Reserved and settled as every call of a model. @throws BudgetExhausted */
  private async embed(
    botId: string,
    texts: string[],
    { asker, ...options }: { asker?: Asker | undefined; timeoutMs?: number; signal?: AbortSignal },
  ): Promise<number[][]> {
    const model = this.pricedModel();
    const spender = this.spenderOf(botId, asker);
    const costs = { purpose: 'embedding' as const, turnId: asker?.turnId ?? null };
    const planned = { ...costs, model, inputTokens: tokensOf(texts), outputTokens: 0 };
    const { id, price } = await this.budgets.reserve(spender, planned);
    const settle = (calls: Parameters<UsageService['record']>[2]['calls']) =>
      this.db.transaction(async (tx) => {
        await this.outbox.add(tx, ...(await this.usage.record(tx, spender, { ...costs, calls, reservations: [id] })));
      });
    const answer = await this.embeddings.embed(texts, options).catch(async (error: unknown) => {
      // Nobody knows whether it was paid for; it is a matter of millionths.
      await settle([]);
      throw error;
    });
    const { vectors, tokens, estimated, durationMs } = answer;
    const used = { inputTokens: tokens, cachedInputTokens: 0, outputTokens: 0 };
    // If this fails, what was reserved stays spent.
    const call = { model: model.model, tokens: used, estimated, price, durationMs, reservationId: id };
    await settle([{ ...call, outcome: 'answered' }]);
    return vectors;
  }

  private pricedModel(): PricedModel {
    const { model } = this.embeddings.inUse!;
    const { CHAT_AI_EMBEDDINGS_PRICE_USD: price } = this.config;
    return { model, ownPrice: price === undefined ? undefined : { input: micros(price), cachedInput: 0, output: 0 } };
  }

  /** What nobody has asked for, such as the passages themselves, takes nothing from what is there for answers. */
  private spenderOf(botId: string, asker: Asker | undefined): Spender {
    const assistant = this.assistants.get(botId);
    if (asker) return spenderOf(assistant, asker.userId);
    const { CHAT_AI_KNOWLEDGE_PER_MONTH_USD: perMonth } = this.config;
    const botPerMonth = perMonth === 'unlimited' ? null : micros(perMonth);
    return { ...spenderOf(assistant, NOBODY), limits: { personPerDay: null, botPerMonth } };
  }

  private async byPgvector(botId: string, vector: number[], schema: string, limit: number): Promise<string[]> {
    const rows = await this.db.query<{ id: string }[]>(
      `SELECT c.id FROM knowledge_vectors v JOIN knowledge_chunks c ON c.bot_id = $1 AND c.content_hash = v.content_hash
       WHERE v.bot_id = $1 AND v.model = $2 AND cardinality(v.vector) = $3
       ORDER BY v.vector::${schema}.vector OPERATOR(${schema}.<=>) $4::real[]::${schema}.vector, c.id LIMIT $5`,
      [botId, this.embeddings.inUse!.model, vector.length, vector, limit],
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
      [botId, this.embeddings.inUse!.model, vector.length, signsOf(vector), COMPARED],
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

const micros = (dollars: number) => Math.round(dollars * 1_000_000);

const signsOf = (vector: readonly number[]) => vector.map((value) => (value > 0 ? '1' : '0')).join('');

/** Of a vector and one in Postgres' binary form of an array: 20 bytes of head, then each number after its length. */
function product(vector: readonly number[], sent: Buffer): number {
  return vector.reduce((sum, value, i) => sum + value * sent.readFloatBE(20 + i * 8 + 4), 0);
}
