import { personalTable } from '@switchboard/service-kit';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What is paid out to people who have earned it, and what staff have corrected. */
export class CreatePayouts1764210100000 implements MigrationInterface {
  readonly name = 'CreatePayouts1764210100000';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      CREATE TABLE payouts (
        id           uuid PRIMARY KEY,
        user_id      uuid NOT NULL,
        bot_id       text NOT NULL,
        amount_minor bigint NOT NULL CHECK (amount_minor > 0),
        currency     text NOT NULL,
        details      text,
        state        text NOT NULL,
        asked_at     timestamptz NOT NULL,
        approved_by  text,
        decided_by   text,
        decided_at   timestamptz,
        refusal      text,
        reference    text,
        revision     integer NOT NULL
      )`);
    await personalTable(db, 'payouts');
    await db.query(`CREATE UNIQUE INDEX payouts_open ON payouts (user_id) WHERE state IN ('asked', 'approved')`);
    await db.query('CREATE INDEX payouts_of_person ON payouts (user_id, bot_id, id)');
    await db.query(`
      CREATE TABLE balance_corrections (
        id           uuid PRIMARY KEY,
        user_id      uuid NOT NULL,
        change_minor bigint NOT NULL CHECK (change_minor <> 0),
        currency     text NOT NULL,
        reason       text,
        made_by      text NOT NULL,
        made_at      timestamptz NOT NULL
      )`);
    await personalTable(db, 'balance_corrections');
    await db.query('CREATE INDEX balance_corrections_of_person ON balance_corrections (user_id, id)');
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('DROP TABLE balance_corrections, payouts');
  }
}
