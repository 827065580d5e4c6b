import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Files that were written, or hold a month no more: what a process that was killed has left, or could not delete. */
export class KnowArchiveCopies1764351200000 implements MigrationInterface {
  readonly name = 'KnowArchiveCopies1764351200000';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`ALTER TABLE ledger_months ADD COLUMN leftovers text[] NOT NULL DEFAULT '{}'`);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('ALTER TABLE ledger_months DROP COLUMN leftovers');
  }
}
