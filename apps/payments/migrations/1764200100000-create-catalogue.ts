import { grantToPersons } from '@switchboard/service-kit';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What bots sell: plans and packages, with a price in each currency. */
export class CreateCatalogue1764200100000 implements MigrationInterface {
  readonly name = 'CreateCatalogue1764200100000';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      CREATE TABLE plans (
        id           uuid PRIMARY KEY,
        bot_id       text NOT NULL,
        code         text NOT NULL,
        name         jsonb NOT NULL,
        description  jsonb NOT NULL,
        level        text NOT NULL,
        rank         integer NOT NULL,
        period_count integer NOT NULL CHECK (period_count > 0),
        period_unit  text NOT NULL CHECK (period_unit IN ('day', 'month')),
        prices       jsonb NOT NULL,
        features     jsonb NOT NULL,
        recurring    boolean NOT NULL,
        giftable     boolean NOT NULL,
        trial_days   integer CHECK (trial_days > 0),
        grace_days   integer NOT NULL DEFAULT 0,
        position     integer NOT NULL DEFAULT 0,
        receipt      jsonb NOT NULL DEFAULT '{}',
        revision     integer NOT NULL,
        created_at   timestamptz NOT NULL,
        archived_at  timestamptz,
        UNIQUE (bot_id, code)
      )`);
    await db.query(`
      CREATE TABLE packages (
        id          uuid PRIMARY KEY,
        bot_id      text NOT NULL,
        code        text NOT NULL,
        name        jsonb NOT NULL,
        adds        jsonb NOT NULL,
        lasts       text NOT NULL CHECK (lasts IN ('period', 'subscription')),
        prices      jsonb NOT NULL,
        position    integer NOT NULL DEFAULT 0,
        receipt     jsonb NOT NULL DEFAULT '{}',
        revision    integer NOT NULL,
        created_at  timestamptz NOT NULL,
        archived_at timestamptz,
        UNIQUE (bot_id, code)
      )`);
    for (const table of ['plans', 'packages']) await grantToPersons(db, `SELECT ON ${table}`);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('DROP TABLE packages, plans');
  }
}
