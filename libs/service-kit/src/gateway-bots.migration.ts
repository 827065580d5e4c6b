import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What the gateway said last of the bots it keeps. */
export class GatewayBots1796100000000 implements MigrationInterface {
  readonly name = 'GatewayBots1796100000000';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      CREATE TABLE gateway_bots (
        id      text PRIMARY KEY, -- there is one row
        answer  text NOT NULL, -- encrypted
        kept_at timestamptz NOT NULL
      )`);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('DROP TABLE gateway_bots');
  }
}
