import { personalTable } from '@switchboard/service-kit';
import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateChats1764100000000 implements MigrationInterface {
  readonly name = 'CreateChats1764100000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      -- One person of a channel is one user in every bot of the installation.
      CREATE TABLE people (
        channel       text NOT NULL,
        external_hash text NOT NULL, -- of the channel's id
        user_id       uuid NOT NULL, -- of several channels, where the person has linked them
        former_ids    uuid[] NOT NULL DEFAULT '{}', -- that were given here before it was known that the person has another one
        PRIMARY KEY (channel, external_hash)
      );
      CREATE INDEX people_user ON people (user_id);

      -- A person in a bot.
      CREATE TABLE contacts (
        id          uuid PRIMARY KEY,
        bot_id      text NOT NULL,
        external_hash text NOT NULL,
        user_id     uuid NOT NULL,
        profile     text NOT NULL, -- encrypted
        name_hash   text NOT NULL, -- by which staff find somebody who tells their name
        username_hash text,
        started_at  timestamptz NOT NULL,
        flood_level double precision NOT NULL, -- what the person did lately, and when it was counted last
        flood_at    timestamptz NOT NULL,
        flood_group text, -- files that were sent together count once
        flood_told_at timestamptz,
        UNIQUE (bot_id, external_hash)
      );
      CREATE INDEX contacts_user ON contacts (user_id);
      CREATE INDEX contacts_of_bot ON contacts (bot_id, id);
      CREATE INDEX contacts_name ON contacts (name_hash);
      CREATE INDEX contacts_username ON contacts (username_hash);
      CREATE INDEX contacts_external ON contacts (external_hash);

      CREATE TABLE chats (
        id            uuid PRIMARY KEY,
        bot_id        text NOT NULL,
        channel       text NOT NULL,
        external_id   text NOT NULL, -- encrypted
        external_hash text NOT NULL,
        kind          text NOT NULL CHECK (kind IN ('private', 'group')),
        user_id       uuid, -- of private chats only
        locale        text NOT NULL,
        locale_chosen boolean NOT NULL DEFAULT false,
        voice_mode    text NOT NULL CHECK (voice_mode IN ('off', 'also')),
        blocked_at    timestamptz,
        muted_until   timestamptz, -- the bot may not write there
        rest_told_at  timestamptz, -- that it is paused
        next_send_at  timestamptz, -- the channel asked us to wait until then
        moved_to      uuid REFERENCES chats, -- goes on there, under the id it got
        former_hashes text[] NOT NULL DEFAULT '{}' -- under which it is known still: something may come late
      );
      CREATE UNIQUE INDEX chats_external ON chats (bot_id, external_hash) WHERE moved_to IS NULL;
      CREATE INDEX chats_former ON chats USING gin (former_hashes);
      CREATE INDEX chats_user ON chats (user_id);

      -- What was processed, so that nothing is processed twice; with the content only of what could not be, or not yet.
      CREATE TABLE inbound_updates (
        bot_id      text NOT NULL,
        update_id   text NOT NULL,
        seq         bigint GENERATED ALWAYS AS IDENTITY, -- the order in which they came
        received_at timestamptz NOT NULL,
        failure     text,
        held        boolean NOT NULL DEFAULT false, -- until its bot, which is paused, goes on
        mentioned   text[], -- people whose ids stand in it
        content     text, -- encrypted
        PRIMARY KEY (bot_id, update_id)
      );
      CREATE INDEX inbound_updates_received ON inbound_updates (received_at);
      CREATE INDEX inbound_updates_quarantined ON inbound_updates (seq) WHERE failure IS NOT NULL;
      CREATE INDEX inbound_updates_held ON inbound_updates (bot_id, seq) WHERE held;
      CREATE INDEX inbound_updates_mentioned ON inbound_updates USING gin (mentioned) WHERE content IS NOT NULL;

      -- Who was not invited and told so a moment ago, so that nobody makes a bot write and write.
      CREATE TABLE turned_away (
        bot_id        text NOT NULL,
        external_hash text NOT NULL,
        told_at       timestamptz NOT NULL,
        PRIMARY KEY (bot_id, external_hash)
      );

      -- Identities that were erased within a day: see ErasureRequestsJobs.
      CREATE TABLE recent_erasures (
        channel       text NOT NULL,
        external_hash text NOT NULL,
        erased_at     timestamptz NOT NULL,
        PRIMARY KEY (channel, external_hash)
      );

      -- How updates of a bot get here.
      CREATE TABLE receivers (
        bot_id      text PRIMARY KEY,
        webhook_url text, -- that we have given to the channel
        contact_at  timestamptz,
        waiting     integer,
        failed_at   timestamptz,
        elsewhere   boolean NOT NULL
      );

      CREATE TABLE inbound_messages (
        id                  uuid PRIMARY KEY,
        chat_id             uuid NOT NULL REFERENCES chats ON DELETE CASCADE,
        user_id             uuid NOT NULL,
        bot_id              text NOT NULL,
        account             text NOT NULL, -- the channel's own id of the bot
        external_chat_hash  text NOT NULL, -- at that time: ids of messages begin anew when a chat moves
        external_thread_id  text,
        external_message_id text NOT NULL,
        received_at         timestamptz NOT NULL,
        UNIQUE (bot_id, account, external_chat_hash, external_message_id)
      );
      CREATE INDEX inbound_messages_received ON inbound_messages (received_at);

      CREATE TABLE media (
        id          uuid PRIMARY KEY,
        bot_id      text NOT NULL,
        chat_id     uuid NOT NULL REFERENCES chats ON DELETE CASCADE,
        user_id     uuid NOT NULL, -- who sent it
        external_id text NOT NULL, -- encrypted
        kind        text NOT NULL,
        mime_type   text NOT NULL,
        bytes       bigint,
        storage_key text,
        received_at timestamptz NOT NULL,
        fetched_at  timestamptz
      );
      CREATE INDEX media_received ON media (received_at);
    `);
    for (const table of ['people', 'contacts', 'chats', 'inbound_messages', 'media'])
      await personalTable(runner, table);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(
      'DROP TABLE recent_erasures, turned_away, receivers, media, inbound_messages, inbound_updates, chats, contacts, people',
    );
  }
}
