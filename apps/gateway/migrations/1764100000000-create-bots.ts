import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateBots1764100000000 implements MigrationInterface {
  readonly name = 'CreateBots1764100000000';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      CREATE TABLE bots (
        id           text PRIMARY KEY,
        revision     integer NOT NULL,
        state        text NOT NULL CHECK (state IN ('active', 'paused', 'archived')),
        description  json NOT NULL, -- not jsonb: the order of fields counts
        taken_from   json,
        secret_names text[] NOT NULL,
        created_at   timestamptz NOT NULL,
        changed_at   timestamptz NOT NULL
      );

      CREATE TABLE bot_revisions (
        bot_id          text NOT NULL REFERENCES bots,
        revision        integer NOT NULL,
        change          text NOT NULL,
        state           text NOT NULL,
        description     json NOT NULL,
        rolled_back_to  integer,
        secrets_set     text[] NOT NULL,
        secrets_removed text[] NOT NULL,
        why             text,
        by_kind         text NOT NULL,
        by_id           text NOT NULL,
        at              timestamptz NOT NULL,
        PRIMARY KEY (bot_id, revision)
      );

      CREATE TABLE bot_secrets (
        bot_id  text NOT NULL REFERENCES bots,
        name    text NOT NULL,
        value   text NOT NULL, -- encrypted
        digest  text NOT NULL,
        last4   text,
        by_kind text NOT NULL,
        by_id   text NOT NULL,
        set_at  timestamptz NOT NULL,
        PRIMARY KEY (bot_id, name)
      );
      CREATE INDEX bot_secrets_digest ON bot_secrets (digest);
    `);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('DROP TABLE bot_secrets, bot_revisions, bots');
  }
}
