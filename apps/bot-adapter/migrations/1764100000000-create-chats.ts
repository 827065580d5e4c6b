import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateChats1764100000000 implements MigrationInterface {
  readonly name = 'CreateChats1764100000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      -- One person of a channel is one user in every bot of the installation.
      CREATE TABLE people (
        channel     text NOT NULL,
        external_id text NOT NULL,
        user_id     uuid NOT NULL UNIQUE,
        PRIMARY KEY (channel, external_id)
      );

      -- A person in a bot.
      CREATE TABLE contacts (
        id          uuid PRIMARY KEY,
        bot_id      text NOT NULL,
        external_id text NOT NULL,
        user_id     uuid NOT NULL,
        profile     text NOT NULL, -- encrypted: names are personal
        started_at  timestamptz NOT NULL,
        UNIQUE (bot_id, external_id)
      );
      CREATE INDEX contacts_user ON contacts (user_id);

      CREATE TABLE chats (
        id            uuid PRIMARY KEY,
        bot_id        text NOT NULL,
        channel       text NOT NULL,
        external_id   text NOT NULL,
        kind          text NOT NULL CHECK (kind IN ('private', 'group')),
        user_id       uuid, -- of private chats only
        locale        text NOT NULL,
        locale_chosen boolean NOT NULL DEFAULT false,
        voice_mode    text NOT NULL CHECK (voice_mode IN ('off', 'also')),
        blocked_at    timestamptz,
        next_send_at  timestamptz, -- the channel asked us to wait until then
        UNIQUE (bot_id, external_id)
      );

      -- What was processed, so that nothing is processed twice; with the content only of what could not be.
      CREATE TABLE inbound_updates (
        bot_id      text NOT NULL,
        update_id   text NOT NULL,
        received_at timestamptz NOT NULL,
        failure     text,
        content     text, -- encrypted
        PRIMARY KEY (bot_id, update_id)
      );
      CREATE INDEX inbound_updates_received ON inbound_updates (received_at);

      CREATE TABLE inbound_messages (
        id                  uuid PRIMARY KEY,
        chat_id             uuid NOT NULL REFERENCES chats ON DELETE CASCADE,
        bot_id              text NOT NULL,
        external_chat_id    text NOT NULL, -- at that time: ids of messages begin anew when a chat moves
        external_thread_id  text,
        external_message_id text NOT NULL,
        received_at         timestamptz NOT NULL,
        UNIQUE (bot_id, external_chat_id, external_message_id)
      );
      CREATE INDEX inbound_messages_received ON inbound_messages (received_at);

      CREATE TABLE media (
        id          uuid PRIMARY KEY,
        bot_id      text NOT NULL,
        chat_id     uuid NOT NULL REFERENCES chats ON DELETE CASCADE,
        external_id text NOT NULL,
        kind        text NOT NULL,
        mime_type   text NOT NULL,
        bytes       bigint,
        storage_key text,
        received_at timestamptz NOT NULL,
        fetched_at  timestamptz
      );
      CREATE INDEX media_received ON media (received_at);
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE media, inbound_messages, inbound_updates, chats, contacts, people');
  }
}
