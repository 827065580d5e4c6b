import type { MigrationInterface, QueryRunner } from 'typeorm';

/** A day's payments of a provider against the ledger, and what does not fit. */
export class CreateReconciliations1764200500000 implements MigrationInterface {
  readonly name = 'CreateReconciliations1764200500000';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      CREATE TABLE reconciliations (
        id          uuid PRIMARY KEY,
        bot_id      text NOT NULL,
        provider    text NOT NULL,
        day         date NOT NULL,
        state       text NOT NULL CHECK (state IN ('running', 'fits', 'differs', 'failed')),
        compared    integer NOT NULL DEFAULT 0,
        there_minor jsonb NOT NULL DEFAULT '{}',
        here_minor  jsonb NOT NULL DEFAULT '{}',
        finished_at timestamptz,
        revision    integer NOT NULL,
        UNIQUE (bot_id, provider, day)
      )`);
    await db.query('CREATE INDEX reconciliations_by_day ON reconciliations (day, id)');
    await db.query(`
      CREATE TABLE reconciliation_findings (
        id                uuid PRIMARY KEY,
        reconciliation_id uuid NOT NULL REFERENCES reconciliations ON DELETE CASCADE,
        kind              text NOT NULL CHECK (kind IN ('missing', 'unconfirmed', 'different')),
        taking_id         text NOT NULL,
        external_id       text,
        order_id          uuid,
        there_minor       bigint,
        here_minor        bigint,
        currency          text NOT NULL,
        UNIQUE (reconciliation_id, kind, taking_id)
      )`);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('DROP TABLE reconciliation_findings, reconciliations');
  }
}
