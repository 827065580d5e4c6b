import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Reads all deliveries under a lock that keeps nobody from sending. */
export class CheckKinds1764353010000 implements MigrationInterface {
  readonly name = 'CheckKinds1764353010000';

  async up(db: QueryRunner): Promise<void> {
    await db.query('ALTER TABLE deliveries VALIDATE CONSTRAINT deliveries_kind_check');
  }

  async down(): Promise<void> {}
}
