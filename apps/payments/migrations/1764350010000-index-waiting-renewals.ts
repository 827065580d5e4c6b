import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Renewals that wait for payments of which nobody knows yet what becomes of them. */
export class IndexWaitingRenewals1764350010000 implements MigrationInterface {
  readonly name = 'IndexWaitingRenewals1764350010000';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`CREATE INDEX IF NOT EXISTS subscriptions_being_renewed ON subscriptions (valid_until)
      WHERE auto_renew AND renew_at IS NULL AND renew_attempt > 0 AND status IN ('active', 'grace')`);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('DROP INDEX subscriptions_being_renewed');
  }
}
