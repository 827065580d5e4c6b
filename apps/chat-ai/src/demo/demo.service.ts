import { Inject, Injectable } from '@nestjs/common';
import type { TakeDemoTurns } from '@switchboard/contracts';
import { CONFIG, isDemo, refuseDemoInProduction, type RequestOf, unlessErased } from '@switchboard/service-kit';
import { DataSource, type EntityManager } from 'typeorm';
import { v5 as uuidv5 } from 'uuid';
import { MessageCipher } from '../conversations/message-cipher';
import { countTokens } from '../models/tokens';

type DemoTurn = RequestOf<typeof TakeDemoTurns>['body']['turns'][number];
type SpokenTurn = DemoTurn & { readonly words: NonNullable<DemoTurn['words']> };

/** What a model of the demo company is told at most. */
const CONTEXT_TOKENS = 16_000;
/** Earlier messages that it is told. */
const REMEMBERED = 6;

/** Talks of the demo company. Its people do not exist: the version of their ids says so (`DemoId`). */
@Injectable()
export class DemoService {
  constructor(
    private readonly db: DataSource,
    private readonly cipher: MessageCipher,
    @Inject(CONFIG) private readonly config: { NODE_ENV: string },
  ) {}

  /** Budgets are left as they are: real talks are not to be refused because of these. @returns how many were not there */
  async take(turns: readonly DemoTurn[]): Promise<number> {
    refuseDemoInProduction('chat-ai', this.config);
    return this.db.transaction(async (tx) => {
      const recorded = await tx.query<{ id: string }[]>(RECORD_USAGE, [JSON.stringify(turns)]);
      const fresh = new Set(recorded.map(({ id }) => id));
      await this.takeWords(
        tx,
        turns.filter((turn): turn is SpokenTurn => turn.words !== null && fresh.has(turn.usageId)),
      );
      return fresh.size;
    });
  }

  async remove(): Promise<number> {
    refuseDemoInProduction('chat-ai', this.config);
    return this.db.transaction(async (tx) => {
      const [, conversations] = await tx.query<[unknown, number]>(
        `DELETE FROM conversations WHERE ${isDemo('user_id')}`,
      );
      for (const table of ['usages', 'allowances']) await tx.query(`DELETE FROM ${table} WHERE ${isDemo('user_id')}`);
      return conversations;
    });
  }

  private async takeWords(tx: EntityManager, turns: readonly SpokenTurn[]): Promise<void> {
    const earlier = new Map<string, string[]>();
    const rows = [];
    for (const turn of turns) {
      const told = earlier.get(turn.chatId) ?? [];
      const row = await unlessErased(this.rowOf(tx, turn, told));
      if (!row) continue;
      rows.push(row);
      earlier.set(turn.chatId, [...told, row.question_id, row.answer_id].slice(-REMEMBERED));
    }
    await tx.query(KEEP_TURNS, [JSON.stringify(rows)]);
  }

  private async rowOf(tx: EntityManager, turn: SpokenTurn, told: readonly string[]) {
    const { id, userId, words, at, durationMs } = turn;
    const [question_id, answer_id] = ['question', 'answer'].map((part) => uuidv5(part, id)) as [string, string];
    const seal = async (message: string, text: string) => {
      const content = { text, transcript: null, quoted: null, senderName: null };
      return (await this.cipher.seal(tx, { id: message, userId }, content)).text;
    };
    const kept = [...told, question_id];
    return {
      ...turn,
      ...{ question_id, answer_id },
      question: await seal(question_id, words.question),
      question_tokens: countTokens(words.question),
      answer: await seal(answer_id, words.answer),
      answer_tokens: countTokens(words.answer),
      answeredAt: new Date(at.getTime() + durationMs),
      report: { limit: CONTEXT_TOKENS, tokens: turn.inputTokens, kept, summarised: [], dropped: [], shortened: [] },
    };
  }
}

const RECORD_USAGE = `
  INSERT INTO usages (id, purpose, turn_id, bot_id, user_id, model, input_tokens, cached_input_tokens, output_tokens, cost_micros,
    price_known, estimated, outcome, duration_ms, created_at)
  SELECT "usageId", 'turn', id, "botId", "userId", model, "inputTokens", "cachedInputTokens", "outputTokens", "costMicros",
    true, false, outcome, "durationMs", at + "durationMs" * interval '1 millisecond'
  FROM jsonb_to_recordset($1::jsonb) AS turn ("usageId" uuid, id uuid, "botId" text, "userId" uuid, model text, "inputTokens" integer,
    "cachedInputTokens" integer, "outputTokens" integer, "costMicros" bigint, outcome text, "durationMs" integer, at timestamptz)
  ON CONFLICT DO NOTHING RETURNING id`;

/** A chat is one conversation: nobody begins anew. Messages are numbered in the order in which they are inserted. */
const KEEP_TURNS = `
  WITH turn AS MATERIALIZED (
    SELECT * FROM jsonb_to_recordset($1::jsonb) AS t (id uuid, "chatId" uuid, "botId" text, "userId" uuid, locale text, at timestamptz,
      outcome text, model text, "durationMs" integer, "firstTextMs" integer, rating smallint, question_id uuid, question text,
      question_tokens integer, answer_id uuid, answer text, answer_tokens integer, "answeredAt" timestamptz, report jsonb)
  ), conversation AS (
    INSERT INTO conversations AS known (id, chat_id, bot_id, user_id, started_at, active_at)
    SELECT "chatId", "chatId", min("botId"), "userId", min(at), date_trunc('minute', max(at)) FROM turn GROUP BY "chatId", "userId"
    ON CONFLICT (id) DO UPDATE SET active_at = greatest(known.active_at, excluded.active_at)
  ), answered AS (
    INSERT INTO turns (id, conversation_id, outcome, model, context_report, started_at, duration_ms, first_text_ms)
    SELECT id, "chatId", outcome, model, report, at, "durationMs", "firstTextMs" FROM turn
  ), message AS (
    INSERT INTO messages (id, conversation_id, role, state, user_id, locale, text, tokens, turn_id, regenerated, sent_at)
    SELECT message_id, "chatId", role, 'answered', "userId", locale, text, tokens, id, 0, sent_at FROM turn
    CROSS JOIN LATERAL (VALUES (question_id, 'user', question, question_tokens, at), (answer_id, 'assistant', answer, answer_tokens, "answeredAt"))
      AS said (message_id, role, text, tokens, sent_at)
    ORDER BY sent_at
  )
  INSERT INTO ratings (reply_id, user_id, rating, rated_at)
  SELECT id, "userId", rating, "answeredAt" + interval '20 seconds' FROM turn WHERE rating IS NOT NULL`;
