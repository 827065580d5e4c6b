import { personalTable } from '@switchboard/service-kit';
import type { MigrationInterface, QueryRunner } from 'typeorm';

const MINUTE = 60;

/**
 * Public list prices of OpenAI in US dollars, for a million characters or seconds, from the day on which each model was
 * announced at that price. Source: developers.openai.com/api/docs/models and the announcements of the models. What is
 * billed by tokens is given by the vendor's own estimate per minute.
 */
const LIST_PRICES: readonly [model: string, validFrom: string, unit: 'character' | 'second', perMillion: number][] = [
  ['tts-1', '2023-11-06', 'character', 15],
  ['tts-1-hd', '2023-11-06', 'character', 30],
  ['gpt-4o-mini-tts', '2025-03-20', 'second', (0.015 / MINUTE) * 1_000_000],
  ['whisper-1', '2023-03-01', 'second', (0.006 / MINUTE) * 1_000_000],
  ['gpt-4o-transcribe', '2025-03-20', 'second', (0.006 / MINUTE) * 1_000_000],
  ['gpt-4o-mini-transcribe', '2025-03-20', 'second', (0.003 / MINUTE) * 1_000_000],
  ['gpt-transcribe', '2026-11-01', 'second', (0.0045 / MINUTE) * 1_000_000],
];

export class CreateAccounting1764100100000 implements MigrationInterface {
  readonly name = 'CreateAccounting1764100100000';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      CREATE TABLE speech_prices (
        model              text NOT NULL,
        valid_from         date NOT NULL,
        unit               text NOT NULL CHECK (unit IN ('character', 'second')),
        micros_per_million bigint NOT NULL CHECK (micros_per_million >= 0),
        source             text NOT NULL,
        PRIMARY KEY (model, valid_from)
      )`);
    await db.query(`COMMENT ON TABLE speech_prices IS 'Millionths of a US dollar for a million characters or seconds'`);
    for (const [model, validFrom, unit, dollars] of LIST_PRICES) {
      await db.query(`INSERT INTO speech_prices VALUES ($1, $2, $3, $4, 'OpenAI list price')`, [
        model,
        validFrom,
        unit,
        Math.round(dollars * 1_000_000),
      ]);
    }
    // What is reserved is spent at once and given back when it was not used: what a killed process reserved stays spent.
    await db.query(`
      CREATE TABLE person_spending (
        bot_id  text NOT NULL,
        user_id uuid NOT NULL,
        day     date NOT NULL,
        micros  bigint NOT NULL CHECK (micros >= 0),
        PRIMARY KEY (bot_id, user_id, day)
      )`);
    await personalTable(db, 'person_spending');
    await db.query(`
      CREATE TABLE bot_spending (
        bot_id text NOT NULL,
        month  date NOT NULL,
        micros bigint NOT NULL CHECK (micros >= 0),
        PRIMARY KEY (bot_id, month)
      )`);
    await db.query(`
      CREATE TABLE reservations (
        id          uuid PRIMARY KEY,
        job         text NOT NULL,
        bot_id      text NOT NULL,
        user_id     uuid NOT NULL,
        day         date NOT NULL,
        month       date NOT NULL,
        purpose     text NOT NULL,
        engine      text NOT NULL,
        model       text,
        characters  integer NOT NULL,
        audio_ms    integer NOT NULL,
        micros      bigint NOT NULL,
        price_known boolean NOT NULL,
        reserved_at timestamptz NOT NULL
      )`);
    await personalTable(db, 'reservations');
    await db.query(`CREATE INDEX reservations_of_job ON reservations (job)`);
    await db.query(`CREATE INDEX reservations_by_age ON reservations (reserved_at)`);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('DROP TABLE reservations, bot_spending, person_spending, speech_prices');
  }
}
