import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What clouds were last found to have of ours, and nobody here knows. */
export class CreateUnknownCloudServers1764510100000 implements MigrationInterface {
  readonly name = 'CreateUnknownCloudServers1764510100000';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      CREATE TABLE unknown_cloud_servers (
        name       text NOT NULL,
        region     text NOT NULL,
        cloud_kind text NOT NULL,
        address    text,
        seen_at    timestamptz NOT NULL,
        PRIMARY KEY (cloud_kind, name)
      )`);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('DROP TABLE unknown_cloud_servers');
  }
}
