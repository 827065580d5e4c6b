import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * A person has one talk with a shop, whichever of its accounts they write to. The index by the chat stays: the version before
 * finds a conversation by it, and no chat belongs to two.
 */
export class OneTalkOfAPerson1764630100000 implements MigrationInterface {
  readonly name = 'OneTalkOfAPerson1764630100000';

  async up(runner: QueryRunner): Promise<void> {
    // Of a person with two chats with one bot the talk that went on last goes on.
    await runner.query(`
      WITH former AS (
        UPDATE conversations c SET closed_at = c.active_at, revision = c.revision + 1
        WHERE c.closed_at IS NULL AND c.user_id IS NOT NULL AND EXISTS (
          SELECT FROM conversations later WHERE later.closed_at IS NULL AND later.user_id = c.user_id AND later.bot_id = c.bot_id
            AND (later.active_at, later.id) > (c.active_at, c.id))
        RETURNING c.id)
      UPDATE messages SET state = 'cancelled' FROM former
      WHERE conversation_id = former.id AND state IN ('pending', 'awaiting_transcription', 'transcription_failed')`);
    await runner.query(`
      CREATE UNIQUE INDEX one_open_talk ON conversations (coalesce(brand_id, bot_id), coalesce(user_id, chat_id))
      WHERE closed_at IS NULL`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP INDEX one_open_talk');
  }
}
