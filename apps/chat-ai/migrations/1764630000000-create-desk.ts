import { personalTable } from '@switchboard/service-kit';
import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateDesk1764630000000 implements MigrationInterface {
  readonly name = 'CreateDesk1764630000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE desk_tickets (
        id uuid PRIMARY KEY,
        conversation_id uuid NOT NULL REFERENCES conversations ON DELETE CASCADE,
        brand_id text NOT NULL,
        user_id uuid NOT NULL,
        state text NOT NULL CHECK (state IN ('open', 'waiting', 'snoozed', 'closed')),
        reason text NOT NULL,
        assignee uuid,
        team text,
        priority smallint NOT NULL DEFAULT 0,
        language text NOT NULL,
        opened_at timestamptz NOT NULL,
        -- Since when the person waits; null while it is the turn of somebody else.
        waiting_since timestamptz,
        first_answer_ms integer,
        answers integer NOT NULL DEFAULT 0,
        snoozed_until timestamptz,
        closed_at timestamptz,
        closed_by uuid,
        -- Then staff are told that nobody has taken it.
        promised_at timestamptz,
        -- Not before this the person is asked what it was worth to them.
        ask_at timestamptz,
        survey_id uuid,
        score smallint CHECK (score BETWEEN 1 AND 5),
        revision integer NOT NULL DEFAULT 1
      )`);
    await personalTable(runner, 'desk_tickets');
    await runner.query('CREATE UNIQUE INDEX one_open_ticket ON desk_tickets (conversation_id) WHERE closed_at IS NULL');
    await runner.query('CREATE INDEX desk_tickets_of_conversation ON desk_tickets (conversation_id)');
    await runner.query('CREATE INDEX desk_tickets_of_person ON desk_tickets (user_id)');
    await runner.query('CREATE INDEX desk_tickets_open ON desk_tickets (brand_id, state) WHERE closed_at IS NULL');
    await runner.query('CREATE INDEX desk_tickets_closed ON desk_tickets (closed_at, id) WHERE closed_at IS NOT NULL');
    await runner.query('CREATE INDEX desk_tickets_to_ask ON desk_tickets (ask_at) WHERE ask_at IS NOT NULL');
    await runner.query('CREATE INDEX desk_tickets_surveyed ON desk_tickets (survey_id) WHERE survey_id IS NOT NULL');

    await runner.query(`
      CREATE TABLE desk_notes (
        id uuid PRIMARY KEY,
        conversation_id uuid NOT NULL REFERENCES conversations ON DELETE CASCADE,
        user_id uuid NOT NULL,
        author uuid NOT NULL,
        text text NOT NULL, -- encrypted
        at timestamptz NOT NULL
      )`);
    await personalTable(runner, 'desk_notes');
    await runner.query('CREATE INDEX desk_notes_of_conversation ON desk_notes (conversation_id, at)');
    await runner.query('CREATE INDEX desk_notes_of_person ON desk_notes (user_id)');

    await runner.query(`
      CREATE TABLE conversation_tags (
        conversation_id uuid NOT NULL REFERENCES conversations ON DELETE CASCADE,
        tag text NOT NULL,
        PRIMARY KEY (conversation_id, tag)
      )`);
    await personalTable(runner, 'conversation_tags', { column: 'conversation_id', of: 'conversations' });

    await runner.query(`
      CREATE TABLE desk_windows (
        chat_id uuid PRIMARY KEY,
        user_id uuid NOT NULL,
        -- Until when staff may write in that chat; null: not any more.
        staff_until timestamptz
      )`);
    await personalTable(runner, 'desk_windows');
    await runner.query('CREATE INDEX desk_windows_of_person ON desk_windows (user_id)');

    await runner.query(`
      CREATE TABLE desk_tags (
        brand_id text NOT NULL,
        name text NOT NULL,
        colour text NOT NULL,
        position integer NOT NULL,
        PRIMARY KEY (brand_id, name)
      )`);
    await runner.query(`
      CREATE TABLE canned_answers (
        id uuid PRIMARY KEY,
        brand_id text NOT NULL,
        shortcut text NOT NULL,
        texts jsonb NOT NULL,
        changed_at timestamptz NOT NULL,
        revision integer NOT NULL DEFAULT 1
      )`);
    await runner.query('CREATE UNIQUE INDEX canned_answers_named ON canned_answers (brand_id, lower(shortcut))');
    await runner.query(`
      CREATE TABLE desk_macros (
        id uuid PRIMARY KEY,
        brand_id text NOT NULL,
        name text NOT NULL,
        steps jsonb NOT NULL,
        changed_at timestamptz NOT NULL,
        revision integer NOT NULL DEFAULT 1
      )`);
    await runner.query('CREATE UNIQUE INDEX desk_macros_named ON desk_macros (brand_id, lower(name))');
    await runner.query(`
      CREATE TABLE desk_staff (
        staff_id uuid NOT NULL,
        brand_id text NOT NULL,
        teams text[] NOT NULL,
        languages text[] NOT NULL,
        max_load integer NOT NULL,
        available boolean NOT NULL DEFAULT false,
        seen_at timestamptz,
        revision integer NOT NULL DEFAULT 1,
        PRIMARY KEY (brand_id, staff_id)
      )`);
    // Numbers without a gap, in the order of the commits: whoever has seen one has missed none before it.
    await runner.query(`CREATE TABLE desk_feeds (brand_id text PRIMARY KEY, last_id bigint NOT NULL)`);
    await runner.query(`
      CREATE TABLE desk_events (
        brand_id text NOT NULL,
        id bigint NOT NULL,
        bot_id text NOT NULL,
        topic text NOT NULL,
        data jsonb NOT NULL, -- ids, never words
        at timestamptz NOT NULL,
        PRIMARY KEY (brand_id, id)
      )`);
    await runner.query('CREATE INDEX desk_events_by_age ON desk_events (at)');

    await runner.query(`
      ALTER TABLE usages DROP CONSTRAINT usages_purpose_check, ADD CONSTRAINT usages_purpose_check
        CHECK (purpose IN ('turn', 'summary', 'embedding', 'try-out', 'suggestion', 'moderation')) NOT VALID`);
    await runner.query('ALTER TABLE conversations ADD COLUMN brand_id text');
    await runner.query(`
      ALTER TABLE messages
        ADD COLUMN chat_id uuid, -- where it was said; null of earlier ones, which were all said in the chat of their conversation
        ADD COLUMN bot_id text,
        ADD COLUMN author text, -- of what staff wrote: from where
        ADD COLUMN staff_id uuid,
        ADD COLUMN client_id uuid,
        ADD COLUMN delivery text,
        ADD COLUMN delivery_reason text,
        DROP CONSTRAINT messages_role_check,
        ADD CONSTRAINT messages_role_check CHECK (role IN ('user', 'assistant', 'staff')) NOT VALID`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DELETE FROM messages WHERE role = 'staff'`);
    await runner.query(`
      ALTER TABLE messages DROP COLUMN delivery_reason, DROP COLUMN delivery, DROP COLUMN client_id, DROP COLUMN staff_id,
        DROP COLUMN author, DROP COLUMN bot_id, DROP COLUMN chat_id, DROP CONSTRAINT messages_role_check,
        ADD CONSTRAINT messages_role_check CHECK (role IN ('user', 'assistant')) NOT VALID`);
    await runner.query('ALTER TABLE conversations DROP COLUMN brand_id');
    await runner.query(`UPDATE usages SET purpose = 'turn' WHERE purpose IN ('suggestion', 'moderation')`);
    await runner.query(`
      ALTER TABLE usages DROP CONSTRAINT usages_purpose_check, ADD CONSTRAINT usages_purpose_check
        CHECK (purpose IN ('turn', 'summary', 'embedding', 'try-out')) NOT VALID`);
    await runner.query(`
      DROP TABLE desk_events, desk_feeds, desk_staff, desk_macros, canned_answers, desk_tags, desk_windows, conversation_tags,
        desk_notes, desk_tickets`);
  }
}
