import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Of accesses that are owed something. By itself: nobody reads the table until it is committed, and nothing else is to take longer. */
export class NoteTries1764510210000 implements MigrationInterface {
  readonly name = 'NoteTries1764510210000';

  async up(db: QueryRunner): Promise<void> {
    await db.query('ALTER TABLE accesses ADD COLUMN tried_at timestamptz');
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('ALTER TABLE accesses DROP COLUMN tried_at');
  }
}
