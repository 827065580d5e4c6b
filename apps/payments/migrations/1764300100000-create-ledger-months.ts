import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Months of the ledger that are over: their sums, and where their entries lie once they leave the database. */
export class CreateLedgerMonths1764300100000 implements MigrationInterface {
  readonly name = 'CreateLedgerMonths1764300100000';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      CREATE TABLE ledger_months (
        month       date PRIMARY KEY,
        entries     integer NOT NULL,
        files       jsonb NOT NULL DEFAULT '[]',
        state       text NOT NULL CHECK (state IN ('stored', 'archived', 'importing')),
        closed_at   timestamptz NOT NULL,
        archived_at timestamptz,
        held_until  date,
        revision    integer NOT NULL
      )`);
    await db.query(`
      CREATE TABLE ledger_closings (
        month        date NOT NULL REFERENCES ledger_months,
        account      text NOT NULL,
        currency     text NOT NULL,
        change_minor bigint NOT NULL,
        PRIMARY KEY (month, account, currency)
      )`);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('DROP TABLE ledger_closings, ledger_months');
  }
}
