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
      CREATE INDEX users_registered ON users (registered_at, id);

      -- To which bots a person has written: staff of one bot see nobody else.
      CREATE TABLE person_bots (
        user_id uuid NOT NULL,
        bot_id  text NOT NULL,
        PRIMARY KEY (user_id, bot_id)
      );
      CREATE INDEX person_bots_of_bot ON person_bots (bot_id, user_id);

      -- By what a person is known elsewhere: each external id belongs to one person.
      CREATE TABLE identities (
        id            uuid PRIMARY KEY,
        user_id       uuid NOT NULL,
        channel       text NOT NULL,
        external_hash text NOT NULL,
        external_id   text NOT NULL, -- encrypted
        label         text, -- encrypted
        label_hash    text, -- by which staff find somebody who tells what they are called there
        in_bot        boolean NOT NULL, -- the person has written to a bot by it
        linked_at     timestamptz NOT NULL,
        used_at       timestamptz NOT NULL,
        UNIQUE (channel, external_hash)
      );
      CREATE INDEX identities_of_user ON identities (user_id);
      CREATE INDEX identities_label ON identities (label_hash);

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

      -- That bots do not listen to a person, all of them or one.
      CREATE TABLE restrictions (
        id             uuid PRIMARY KEY,
        user_id        uuid NOT NULL,
        bot_id         text,
        reason         text NOT NULL, -- encrypted
        since          timestamptz NOT NULL,
        until          timestamptz,
        by_kind        text NOT NULL,
        by_id          text NOT NULL,
        lifted_at      timestamptz,
        lifted_by_kind text,
        lifted_by_id   text,
        lifted_because text -- encrypted
      );
      CREATE INDEX restrictions_of_user ON restrictions (user_id);

      -- Whose identities were erased: a backup that is restored must not bring them back.
      CREATE TABLE erased_identities (
        tombstone text PRIMARY KEY,
        erased_at timestamptz NOT NULL
      );
    `);
    await personalTable(db, 'users', 'id');
    await personalTable(db, 'identities');
    for (const table of ['person_bots', 'consents', 'restrictions']) await personalTable(db, table);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('DROP TABLE erased_identities, restrictions, consents, identities, person_bots, users');
  }
}
