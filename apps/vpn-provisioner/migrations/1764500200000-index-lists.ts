import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Of lists that staff read by what is rare. */
const INDEXES: Readonly<Record<string, string>> = {
  usage_anomalies_of_bot: 'usage_anomalies (bot_id, detected_at, id)',
  usage_anomalies_of_kind: 'usage_anomalies (kind, detected_at, id)',
  server_migrations_of_server: 'server_migrations (from_server_id, id)',
  server_migrations_by_state: 'server_migrations (state, id)',
};

export class IndexLists1764500200000 implements MigrationInterface {
  readonly name = 'IndexLists1764500200000';

  async up(db: QueryRunner): Promise<void> {
    for (const [name, on] of Object.entries(INDEXES)) await db.query(`CREATE INDEX ${name} ON ${on}`);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`DROP INDEX ${Object.keys(INDEXES).join(', ')}`);
  }
}
