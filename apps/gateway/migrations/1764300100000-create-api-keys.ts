import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateApiKeys1764300100000 implements MigrationInterface {
  readonly name = 'CreateApiKeys1764300100000';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      CREATE TABLE api_keys (
        seq           bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
        id            text PRIMARY KEY,
        secret_hash   text NOT NULL,
        name          text NOT NULL,
        team          text NOT NULL,
        scopes        text[] NOT NULL,
        bots          text[],
        networks      text[] NOT NULL,
        rate          text NOT NULL,
        created_by    uuid NOT NULL,
        created_at    timestamptz NOT NULL,
        expires_at    timestamptz NOT NULL,
        used_at       timestamptz,
        ends_at       timestamptz,
        ended_because text,
        told_days     integer
      )`);
    await db.query(`CREATE INDEX api_keys_of_team ON api_keys (team)`);
    await db.query(`CREATE INDEX api_keys_of_maker ON api_keys (created_by, seq)`);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('DROP TABLE api_keys');
  }
}
