import { personalTable } from '@switchboard/service-kit';
import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateUsers1764200000000 implements MigrationInterface {
  readonly name = 'CreateUsers1764200000000';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      CREATE TABLE users (
        id            uuid PRIMARY KEY,
        name          text, -- encrypted
        locale        text NOT NULL,
        time_zone     text NOT NULL,
        registered_at timestamptz NOT NULL,
        revision      integer NOT NULL
      );

      -- By what a person is known elsewhere: each external id belongs to one person.
      CREATE TABLE identities (
        id            uuid PRIMARY KEY,
        user_id       uuid NOT NULL,
        channel       text NOT NULL,
        external_hash text NOT NULL,
        external_id   text NOT NULL, -- encrypted
        label         text, -- encrypted
        in_bot        boolean NOT NULL, -- the person has written to a bot by it
        linked_at     timestamptz NOT NULL,
        used_at       timestamptz NOT NULL,
        UNIQUE (channel, external_hash)
      );
      CREATE INDEX identities_of_user ON identities (user_id);

      -- What a person has agreed to, and when that ended.
      CREATE TABLE consents (
        id           uuid PRIMARY KEY,
        user_id      uuid NOT NULL,
        purpose      text NOT NULL,
        version      text NOT NULL,
        source       text NOT NULL,
        given_at     timestamptz NOT NULL,
        withdrawn_at timestamptz
      );
      CREATE INDEX consents_of_user ON consents (user_id, purpose);

      -- Whose identities were erased: a backup that is restored must not bring them back.
      CREATE TABLE erased_identities (
        tombstone text PRIMARY KEY,
        erased_at timestamptz NOT NULL
      );
    `);
    await personalTable(db, 'users', 'id');
    await personalTable(db, 'identities');
    await personalTable(db, 'consents');
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('DROP TABLE erased_identities, consents, identities, users');
  }
}
