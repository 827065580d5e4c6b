import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Pictures to be scanned are sent as well. What is there already is looked at by the next one, while messages go on. */
export class AllowPictures1764320000000 implements MigrationInterface {
  readonly name = 'AllowPictures1764320000000';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      ALTER TABLE deliveries DROP CONSTRAINT deliveries_kind_check,
        ADD CONSTRAINT deliveries_kind_check CHECK (kind IN ('text', 'voice', 'notice', 'picture', 'buttons')) NOT VALID`);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`DELETE FROM deliveries WHERE kind = 'picture'`);
    await db.query(`
      ALTER TABLE deliveries DROP CONSTRAINT deliveries_kind_check,
        ADD CONSTRAINT deliveries_kind_check CHECK (kind IN ('text', 'voice', 'notice', 'buttons')) NOT VALID`);
  }
}
