import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreatePasskeys1764300300000 implements MigrationInterface {
  readonly name = 'CreatePasskeys1764300300000';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      CREATE TABLE passkeys (
        id            uuid PRIMARY KEY,
        staff_id      uuid NOT NULL REFERENCES staff ON DELETE CASCADE,
        credential_id text NOT NULL UNIQUE,
        public_key    bytea NOT NULL,
        counter       bigint NOT NULL,
        transports    text[] NOT NULL,
        is_synced     boolean NOT NULL,
        name          text NOT NULL,
        created_at    timestamptz NOT NULL,
        used_at       timestamptz,
        cloned_at     timestamptz
      );
      CREATE INDEX passkeys_of_staff ON passkeys (staff_id);
    `);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('DROP TABLE passkeys');
  }
}
