import { personalTable } from '@switchboard/service-kit';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Public list prices of OpenAI in US dollars per million tokens (input, cached input, output), from the day on which
 * each model was announced at that price; those of prompts up to 272,000 tokens. Source: openai.com/api/pricing and the
 * announcements of the models.
 */
const LIST_PRICES: readonly [model: string, validFrom: string, input: number, cachedInput: number, output: number][] = [
  ['gpt-4o', '2024-10-02', 2.5, 1.25, 10],
  ['gpt-4o-mini', '2024-07-18', 0.15, 0.075, 0.6],
  ['gpt-4.1', '2025-04-14', 2, 0.5, 8],
  ['gpt-4.1-mini', '2025-04-14', 0.4, 0.1, 1.6],
  ['gpt-4.1-nano', '2025-04-14', 0.1, 0.025, 0.4],
  ['gpt-5', '2025-08-07', 1.25, 0.125, 10],
  ['gpt-5-mini', '2025-08-07', 0.25, 0.025, 2],
  ['gpt-5.6-luna', '2026-06-26', 1, 0.1, 6],
  ['gpt-5.6-luna', '2026-07-30', 0.2, 0.02, 1.2],
  ['gpt-5.6-terra', '2026-06-26', 2.5, 0.25, 15],
  ['gpt-5.6-terra', '2026-07-30', 2, 0.2, 12],
  ['gpt-5.6-sol', '2026-06-26', 5, 0.5, 30],
  ['gpt-6-luna', '2026-09-22', 0.1, 0.01, 0.5],
  ['gpt-6-sol', '2026-09-22', 2, 0.2, 10],
  ['gpt-6.1-terra', '2026-10-26', 1, 0.05, 5],
  ['text-embedding-ada-002', '2023-06-13', 0.1, 0.1, 0],
  ['text-embedding-3-small', '2024-01-25', 0.02, 0.02, 0],
  ['text-embedding-3-large', '2024-01-25', 0.13, 0.13, 0],
];

export class CreateAccounting1764100200000 implements MigrationInterface {
  readonly name = 'CreateAccounting1764100200000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE model_prices (
        model text NOT NULL,
        valid_from date NOT NULL,
        input_micros bigint NOT NULL,
        cached_input_micros bigint NOT NULL,
        output_micros bigint NOT NULL,
        source text NOT NULL,
        PRIMARY KEY (model, valid_from)
      )`);
    await runner.query(`COMMENT ON TABLE model_prices IS 'Millionths of a US dollar per million tokens'`);
    for (const [model, validFrom, ...dollars] of LIST_PRICES) {
      await runner.query(`INSERT INTO model_prices VALUES ($1, $2, $3, $4, $5, 'OpenAI list price')`, [
        model,
        validFrom,
        ...dollars.map((dollar) => Math.round(dollar * 1_000_000)),
      ]);
    }
    await runner.query(`
      CREATE TABLE usages (
        id uuid PRIMARY KEY,
        purpose text NOT NULL CHECK (purpose IN ('turn', 'summary', 'embedding', 'try-out')),
        -- Not a foreign key: calls given up belong to a turn that is recorded later, or never.
        turn_id uuid,
        bot_id text NOT NULL,
        user_id uuid NOT NULL,
        model text NOT NULL,
        input_tokens integer NOT NULL,
        cached_input_tokens integer NOT NULL,
        output_tokens integer NOT NULL,
        cost_micros bigint NOT NULL,
        price_known boolean NOT NULL,
        estimated boolean NOT NULL,
        outcome text NOT NULL,
        duration_ms integer NOT NULL,
        created_at timestamptz NOT NULL
      )`);
    await personalTable(runner, 'usages');
    await runner.query('CREATE INDEX usages_of_turn ON usages (turn_id)');
    await runner.query('CREATE INDEX usages_by_time ON usages (created_at)');
    await runner.query('CREATE INDEX usages_of_person ON usages (user_id, created_at)');
    await runner.query(`
      CREATE TABLE budgets (
        scope text NOT NULL,
        period_start date NOT NULL,
        spent_micros bigint NOT NULL DEFAULT 0,
        reserved_micros bigint NOT NULL DEFAULT 0 CHECK (reserved_micros >= 0),
        PRIMARY KEY (scope, period_start)
      )`);
    // What some people may use less than their budget allows, for a while; null again as much.
    await runner.query(`
      CREATE TABLE allowances (
        user_id uuid NOT NULL,
        bot_id text NOT NULL,
        micros_per_day bigint,
        ends_at timestamptz NOT NULL,
        reason text NOT NULL,
        asked_at timestamptz NOT NULL,
        PRIMARY KEY (user_id, bot_id)
      )`);
    await personalTable(runner, 'allowances');
    // The only trace of a call until it is recorded: with it, one that died with its process can be charged.
    await runner.query(`
      CREATE TABLE budget_reservations (
        id uuid PRIMARY KEY,
        micros bigint NOT NULL,
        purpose text NOT NULL,
        turn_id uuid,
        bot_id text NOT NULL,
        user_id uuid NOT NULL,
        model text NOT NULL,
        input_tokens integer NOT NULL,
        output_tokens integer NOT NULL,
        price_known boolean NOT NULL,
        -- The periods of the person's and of the bot's budget from which it is set aside.
        day date NOT NULL,
        month date NOT NULL,
        expires_at timestamptz NOT NULL
      )`);
    await personalTable(runner, 'budget_reservations');
    await runner.query('CREATE INDEX budget_reservations_by_expiry ON budget_reservations (expires_at)');
    await runner.query('CREATE INDEX budget_reservations_of_turn ON budget_reservations (turn_id)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE budget_reservations, allowances, budgets, usages, model_prices');
  }
}
