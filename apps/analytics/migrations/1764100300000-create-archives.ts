import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Which days of events lie in storage. */
export class CreateArchives1764100300000 implements MigrationInterface {
  readonly name = 'CreateArchives1764100300000';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      CREATE TABLE archived_days (
        day         date PRIMARY KEY,
        events      integer NOT NULL,
        events_here integer NOT NULL,
        bytes       bigint NOT NULL,
        files       jsonb NOT NULL,
        final       boolean NOT NULL,
        archived_at timestamptz NOT NULL,
        held_until  date
      )`);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('DROP TABLE archived_days');
  }
}
