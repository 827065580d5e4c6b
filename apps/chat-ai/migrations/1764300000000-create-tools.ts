import { personalTable } from '@switchboard/service-kit';
import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateTools1764300000000 implements MigrationInterface {
  readonly name = 'CreateTools1764300000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE turns ADD COLUMN tool_calls jsonb NOT NULL DEFAULT '[]'`);
    await runner.query('ALTER TABLE conversations ADD COLUMN handed_over_until timestamptz');
    // The budget of a plan that is paid by use, from which it is set aside as well.
    await runner.query('ALTER TABLE budget_reservations ADD COLUMN plan_scope text, ADD COLUMN plan_start date');
    await runner.query(`
      ALTER TABLE messages DROP CONSTRAINT messages_state_check, ADD CONSTRAINT messages_state_check CHECK (state IN
        ('awaiting_transcription', 'transcription_failed', 'pending', 'answered', 'handed_over', 'cancelled', 'replaced'))`);
    await runner.query(`
      CREATE TABLE confirmations (
        id uuid PRIMARY KEY,
        reply_id uuid NOT NULL REFERENCES turns ON DELETE CASCADE,
        conversation_id uuid NOT NULL,
        -- The message that is answered with the question.
        message_id uuid NOT NULL,
        chat_id uuid NOT NULL,
        bot_id text NOT NULL,
        user_id uuid NOT NULL,
        locale text NOT NULL,
        tool text NOT NULL,
        plan text NOT NULL, -- encrypted
        state text NOT NULL CHECK (state IN ('offered', 'confirmed', 'declined', 'withdrawn', 'done', 'failed')),
        offered_at timestamptz NOT NULL,
        expires_at timestamptz NOT NULL,
        decided_at timestamptz
      )`);
    await personalTable(runner, 'confirmations');
    await runner.query('CREATE INDEX confirmations_of_person ON confirmations (user_id)');
    await runner.query('CREATE INDEX confirmations_of_reply ON confirmations (reply_id)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE confirmations');
    await runner.query(`UPDATE messages SET state = 'answered' WHERE state = 'handed_over'`);
    await runner.query(`
      ALTER TABLE messages DROP CONSTRAINT messages_state_check, ADD CONSTRAINT messages_state_check CHECK (state IN
        ('awaiting_transcription', 'transcription_failed', 'pending', 'answered', 'cancelled', 'replaced'))`);
    await runner.query('ALTER TABLE budget_reservations DROP COLUMN plan_start, DROP COLUMN plan_scope');
    await runner.query('ALTER TABLE conversations DROP COLUMN handed_over_until');
    await runner.query('ALTER TABLE turns DROP COLUMN tool_calls');
  }
}
