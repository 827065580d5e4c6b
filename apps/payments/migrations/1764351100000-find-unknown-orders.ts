import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Providers may have taken money for orders that the database has lost. What was found is looked for by when it was. */
export class FindUnknownOrders1764351100000 implements MigrationInterface {
  readonly name = 'FindUnknownOrders1764351100000';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      ALTER TABLE reconciliation_findings DROP CONSTRAINT reconciliation_findings_kind_check,
        ADD CONSTRAINT reconciliation_findings_kind_check CHECK (kind IN ('missing', 'unconfirmed', 'different', 'unknown-order'))`);
    await db.query('CREATE INDEX reconciliations_by_finish ON reconciliations (finished_at)');
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('DROP INDEX reconciliations_by_finish');
    await db.query(`DELETE FROM reconciliation_findings WHERE kind = 'unknown-order'`);
    await db.query(`
      ALTER TABLE reconciliation_findings DROP CONSTRAINT reconciliation_findings_kind_check,
        ADD CONSTRAINT reconciliation_findings_kind_check CHECK (kind IN ('missing', 'unconfirmed', 'different'))`);
  }
}
