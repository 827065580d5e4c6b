import { personalTable } from '@switchboard/service-kit';
import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateSpeech1764100000000 implements MigrationInterface {
  readonly name = 'CreateSpeech1764100000000';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      CREATE TABLE audio_assets (
        id           text PRIMARY KEY CHECK (id ~ '^[0-9a-f]{64}$'),
        storage_key  text NOT NULL,
        mime_type    text NOT NULL,
        bytes        integer NOT NULL CHECK (bytes > 0),
        duration_ms  integer NOT NULL CHECK (duration_ms >= 0),
        engine       text NOT NULL,
        uses         integer NOT NULL DEFAULT 0,
        created_at   timestamptz NOT NULL,
        last_used_at timestamptz NOT NULL
      )`);
    await db.query(`CREATE INDEX audio_assets_unused ON audio_assets (last_used_at, id)`);
    await db.query(`CREATE INDEX audio_assets_abandoned ON audio_assets (created_at, id) WHERE uses = 0`);
    await db.query(`
      CREATE TABLE audio_drafts (
        id         text PRIMARY KEY,
        started_at timestamptz NOT NULL
      )`);
    await db.query(`CREATE INDEX audio_drafts_by_age ON audio_drafts (started_at, id)`);

    await db.query(`
      CREATE TABLE speech_requests (
        speech_id    uuid PRIMARY KEY,
        requested_by text NOT NULL,
        chat_id      uuid NOT NULL,
        bot_id       text NOT NULL,
        user_id      uuid NOT NULL,
        audio_id     text NOT NULL,
        text         text,
        locale       text NOT NULL,
        voice        text,
        state        text NOT NULL CHECK (state IN ('waiting', 'completed', 'failed')),
        reason       text,
        requested_at timestamptz NOT NULL,
        answered_at  timestamptz,
        CHECK ((state = 'waiting') = (text IS NOT NULL))
      )`);
    await personalTable(db, 'speech_requests');
    await db.query(`CREATE INDEX speech_requests_of_user ON speech_requests (user_id)`);
    await db.query(`CREATE INDEX speech_requests_waiting ON speech_requests (audio_id) WHERE state = 'waiting'`);
    await db.query(`CREATE INDEX speech_requests_answered ON speech_requests (answered_at) WHERE state <> 'waiting'`);

    await db.query(`
      CREATE TABLE transcriptions (
        message_id  uuid PRIMARY KEY,
        chat_id     uuid NOT NULL,
        bot_id      text NOT NULL,
        user_id     uuid NOT NULL,
        media_id    uuid NOT NULL,
        mime_type   text NOT NULL,
        duration_ms integer,
        state       text NOT NULL CHECK (state IN ('waiting', 'completed', 'failed')),
        reason      text,
        received_at timestamptz NOT NULL,
        answered_at timestamptz
      )`);
    await personalTable(db, 'transcriptions');
    await db.query(`CREATE INDEX transcriptions_of_user ON transcriptions (user_id)`);
    await db.query(`CREATE INDEX transcriptions_waiting ON transcriptions (received_at) WHERE state = 'waiting'`);
    await db.query(`CREATE INDEX transcriptions_answered ON transcriptions (answered_at) WHERE state <> 'waiting'`);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('DROP TABLE transcriptions');
    await db.query('DROP TABLE speech_requests');
    await db.query('DROP TABLE audio_drafts');
    await db.query('DROP TABLE audio_assets');
  }
}
