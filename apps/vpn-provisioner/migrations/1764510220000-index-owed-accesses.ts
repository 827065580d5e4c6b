import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What is read every minute, of a million accesses. */
export class IndexOwedAccesses1764510220000 implements MigrationInterface {
  readonly name = 'IndexOwedAccesses1764510220000';

  async up(db: QueryRunner): Promise<void> {
    // Who was tried longest ago is next: as many as find no room keep nobody behind them from theirs.
    await db.query(
      'CREATE INDEX accesses_to_try ON accesses (enabled DESC, tried_at NULLS FIRST, owed_since) WHERE owed_since IS NOT NULL',
    );
    await db.query(
      'CREATE INDEX accesses_owed_longest ON accesses (owed_since) WHERE owed_since IS NOT NULL AND enabled',
    );
    await db.query('CREATE INDEX accesses_of_several_servers ON accesses (id) WHERE enabled AND server_count > 1');
    // Those that are to go, which staff see beside the people of a server.
    await db.query('CREATE INDEX access_keys_that_leave ON access_keys (server_id) WHERE NOT occupies');
    // From here on nobody reads the table until it is committed.
    await db.query('DROP INDEX accesses_owed');
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('CREATE INDEX accesses_owed ON accesses (owed_since) WHERE owed_since IS NOT NULL');
    await db.query(
      'DROP INDEX access_keys_that_leave, accesses_of_several_servers, accesses_owed_longest, accesses_to_try',
    );
  }
}
