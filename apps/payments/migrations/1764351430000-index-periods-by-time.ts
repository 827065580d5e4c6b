import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What was sold of some months is counted without reading all years. */
export class IndexPeriodsByTime1764351430000 implements MigrationInterface {
  readonly name = 'IndexPeriodsByTime1764351430000';

  async up(db: QueryRunner): Promise<void> {
    await db.query('CREATE INDEX IF NOT EXISTS subscription_periods_by_start ON subscription_periods (starts_at)');
    await db.query(
      'CREATE INDEX IF NOT EXISTS subscription_periods_by_end ON subscription_periods (ends_at) WHERE amount_minor > 0',
    );
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('DROP INDEX subscription_periods_by_start, subscription_periods_by_end');
  }
}
