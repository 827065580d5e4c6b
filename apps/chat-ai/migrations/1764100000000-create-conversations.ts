import { personalTable } from '@switchboard/service-kit';
import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateConversations1764100000000 implements MigrationInterface {
  readonly name = 'CreateConversations1764100000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE conversations (
        id uuid PRIMARY KEY,
        chat_id uuid NOT NULL,
        bot_id text NOT NULL,
        -- The person of a private chat; null where several talk.
        user_id uuid,
        started_at timestamptz NOT NULL,
        -- When a person wrote last, to the minute: lists are ordered by it, and an index changes once a minute at most.
        active_at timestamptz NOT NULL,
        closed_at timestamptz,
        -- Grows with every change a running turn has to know of.
        revision integer NOT NULL DEFAULT 1,
        -- Grows when words in it are erased: what was made of them before is not written any more.
        epoch integer NOT NULL DEFAULT 0,
        -- The messages whose answer is visible while it is written: whoever stops it does not mean later ones.
        being_answered uuid[] NOT NULL DEFAULT '{}',
        summary text,
        summarised_up_to bigint NOT NULL DEFAULT 0,
        summary_retry_at timestamptz
      )`);
    await runner.query(
      'CREATE UNIQUE INDEX one_open_conversation_per_chat ON conversations (chat_id) WHERE closed_at IS NULL',
    );
    await personalTable(runner, 'conversations');
    await runner.query('CREATE INDEX conversations_of_person ON conversations (user_id)');
    await runner.query('CREATE INDEX conversations_of_chat ON conversations (chat_id, started_at DESC)');
    await runner.query('CREATE INDEX conversations_by_activity ON conversations (active_at, id)');
    await runner.query('CREATE INDEX conversations_of_bot ON conversations (bot_id, active_at, id)');
    await runner.query(`
      CREATE TABLE messages (
        id uuid PRIMARY KEY,
        conversation_id uuid NOT NULL REFERENCES conversations ON DELETE CASCADE,
        position bigint GENERATED ALWAYS AS IDENTITY,
        role text NOT NULL CHECK (role IN ('user', 'assistant')),
        state text NOT NULL
          CHECK (state IN
            ('awaiting_transcription', 'transcription_failed', 'pending', 'answered', 'cancelled', 'replaced')),
        user_id uuid NOT NULL,
        locale text NOT NULL,
        text text NOT NULL,
        transcript text,
        quoted text,
        sender_name text,
        tokens integer NOT NULL,
        turn_id uuid,
        regenerated integer NOT NULL DEFAULT 0,
        sent_at timestamptz NOT NULL,
        edited_at timestamptz,
        awaiting_since timestamptz
      )`);
    await personalTable(runner, 'messages');
    await runner.query('CREATE INDEX messages_in_order ON messages (conversation_id, position DESC)');
    await runner.query(`CREATE INDEX messages_pending ON messages (conversation_id, position) WHERE state = 'pending'`);
    await runner.query(
      `CREATE INDEX messages_awaiting ON messages (awaiting_since) WHERE state = 'awaiting_transcription'`,
    );
    await runner.query(`
      CREATE TABLE attachments (
        message_id uuid PRIMARY KEY REFERENCES messages ON DELETE CASCADE,
        media_id uuid NOT NULL,
        user_id uuid NOT NULL,
        received_at timestamptz NOT NULL,
        state text NOT NULL CHECK (state IN ('unread', 'picture', 'document', 'unreadable')),
        content text, -- encrypted; absent once it was deleted with the file
        bytes bigint,
        problem text,
        notes text[] NOT NULL,
        tokens integer NOT NULL,
        being_read boolean NOT NULL,
        reading_ms integer NOT NULL
      )`);
    await personalTable(runner, 'attachments');
    await runner.query('CREATE INDEX attachments_of_person ON attachments (user_id, received_at)');
    await runner.query('CREATE INDEX attachments_kept ON attachments (received_at) WHERE content IS NOT NULL');
    await runner.query(`
      CREATE TABLE turns (
        id uuid PRIMARY KEY,
        conversation_id uuid NOT NULL REFERENCES conversations ON DELETE CASCADE,
        outcome text NOT NULL,
        model text,
        prompt_id uuid,
        context_report jsonb,
        started_at timestamptz NOT NULL,
        duration_ms integer NOT NULL,
        first_text_ms integer
      )`);
    await personalTable(runner, 'turns', { column: 'conversation_id', of: 'conversations' });
    await runner.query('CREATE INDEX turns_of_conversation ON turns (conversation_id, started_at)');
    await runner.query(`
      CREATE TABLE ratings (
        reply_id uuid NOT NULL REFERENCES turns ON DELETE CASCADE,
        user_id uuid NOT NULL,
        rating smallint NOT NULL CHECK (rating BETWEEN -1 AND 1),
        rated_at timestamptz NOT NULL,
        PRIMARY KEY (reply_id, user_id)
      )`);
    await personalTable(runner, 'ratings');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE ratings, turns, attachments, messages, conversations');
  }
}
