import { personalTable } from '@switchboard/service-kit';
import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateDeliveries1764100000001 implements MigrationInterface {
  readonly name = 'CreateDeliveries1764100000001';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE deliveries (
        id                   uuid PRIMARY KEY,
        seq                  bigint GENERATED ALWAYS AS IDENTITY, -- the order within a chat
        chat_id              uuid NOT NULL REFERENCES chats ON DELETE CASCADE,
        user_id              uuid NOT NULL,
        kind                 text NOT NULL CHECK (kind IN ('text', 'voice', 'notice', 'buttons')),
        cause_id             uuid NOT NULL,
        content              text NOT NULL, -- encrypted
        state                text NOT NULL CHECK (state IN ('queued', 'sending', 'sent', 'failed')),
        next_part            integer NOT NULL DEFAULT 0,
        tries                integer NOT NULL DEFAULT 0, -- of the next part
        unknown_outcomes     integer NOT NULL DEFAULT 0, -- of the next part: tries that may have sent it
        external_message_ids text[] NOT NULL DEFAULT '{}',
        reason               text,
        queued_at            timestamptz NOT NULL,
        finished_at          timestamptz,
        UNIQUE (cause_id, kind)
      );
      CREATE INDEX deliveries_waiting ON deliveries (chat_id, seq) WHERE state IN ('queued', 'sending');
      CREATE INDEX deliveries_of_person ON deliveries (user_id, seq);
      CREATE INDEX deliveries_finished ON deliveries (finished_at);
      CREATE INDEX deliveries_failed ON deliveries (finished_at) WHERE state = 'failed';

      -- Messages in which answers are shown while they are written; the finished answer replaces their text. Every call
      -- about one is claimed here first, until call_ends_at.
      CREATE TABLE previews (
        reply_id            uuid PRIMARY KEY,
        chat_id             uuid NOT NULL REFERENCES chats ON DELETE CASCADE,
        external_chat_hash  text NOT NULL,
        external_message_id text,
        state               text NOT NULL CHECK (state IN ('shown', 'final', 'dropped')),
        call_id             uuid NOT NULL,
        call_ends_at        timestamptz,
        started_at          timestamptz NOT NULL
      );
      CREATE INDEX previews_started ON previews (started_at);
      CREATE INDEX previews_shown ON previews (chat_id) WHERE state = 'shown';

      -- What the buttons under messages do. Channels leave little room for it, so a button carries only the id.
      CREATE TABLE buttons (
        id         text PRIMARY KEY,
        chat_id    uuid NOT NULL REFERENCES chats ON DELETE CASCADE,
        screen_id  uuid NOT NULL, -- of those that were shown together
        product    text NOT NULL,
        action     text NOT NULL,
        data       jsonb,
        user_id    uuid, -- who may press it; without one everybody
        revision   integer, -- of the dialog in which it was shown
        once       boolean NOT NULL,
        used_at    timestamptz,
        expires_at timestamptz NOT NULL
      );
      CREATE INDEX buttons_chat ON buttons (chat_id);
      CREATE INDEX buttons_expiry ON buttons (expires_at);
      CREATE INDEX buttons_once ON buttons (screen_id) WHERE once;

      -- Where people are in the products of a chat.
      CREATE TABLE dialogs (
        chat_id    uuid NOT NULL REFERENCES chats ON DELETE CASCADE,
        user_id    uuid NOT NULL,
        product    text,
        step       text, -- that gets the next message
        data       text, -- encrypted
        revision   integer NOT NULL,
        choices    jsonb NOT NULL, -- what may be typed in place of pressing a button
        updated_at timestamptz NOT NULL,
        PRIMARY KEY (chat_id, user_id)
      );
      CREATE INDEX dialogs_updated ON dialogs (updated_at);

      -- Answers that were asked for by voice: each is spoken once.
      CREATE TABLE speeches (
        reply_id     uuid PRIMARY KEY,
        speech_id    uuid NOT NULL UNIQUE,
        chat_id      uuid NOT NULL REFERENCES chats ON DELETE CASCADE,
        user_id      uuid NOT NULL,
        state        text NOT NULL CHECK (state IN ('requested', 'spoken', 'failed')),
        requested_at timestamptz NOT NULL
      );
    `);
    for (const table of ['deliveries', 'dialogs', 'speeches']) await personalTable(runner, table);
    for (const table of ['previews', 'buttons']) await personalTable(runner, table, { column: 'chat_id', of: 'chats' });
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE speeches, dialogs, buttons, previews, deliveries');
  }
}
