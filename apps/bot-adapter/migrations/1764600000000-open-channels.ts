import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What channels need that let bots write for a while only, that bring what staff write elsewhere, and that are polled by a cursor. */
export class OpenChannels1764600000000 implements MigrationInterface {
  readonly name = 'OpenChannels1764600000000';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      ALTER TABLE chats
        ADD COLUMN window_until timestamptz, -- until then the bot may write, where the channel has a window
        ADD COLUMN person_window_until timestamptz, -- and staff
        ADD COLUMN handed_over_until timestamptz; -- until then staff answer in place of the assistant
      CREATE INDEX deliveries_of_chat ON deliveries (chat_id, seq);
      ALTER TABLE receivers ADD COLUMN cursor text; -- behind what was processed, where updates are asked for
      ALTER TABLE inbound_messages ADD COLUMN about_kind text; -- what of the channel it refers to
      ALTER TABLE deliveries
        ADD COLUMN author text NOT NULL DEFAULT 'bot', -- or 'person': staff have typed it
        DROP CONSTRAINT deliveries_kind_check,
        ADD CONSTRAINT deliveries_kind_check
          CHECK (kind IN ('text', 'voice', 'notice', 'picture', 'buttons', 'staff', 'file', 'template')) NOT VALID`);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`
      DELETE FROM deliveries WHERE kind IN ('staff', 'file', 'template');
      ALTER TABLE deliveries DROP COLUMN author, DROP CONSTRAINT deliveries_kind_check,
        ADD CONSTRAINT deliveries_kind_check CHECK (kind IN ('text', 'voice', 'notice', 'picture', 'buttons')) NOT VALID;
      DROP INDEX deliveries_of_chat;
      ALTER TABLE inbound_messages DROP COLUMN about_kind;
      ALTER TABLE receivers DROP COLUMN cursor;
      ALTER TABLE chats DROP COLUMN window_until, DROP COLUMN person_window_until, DROP COLUMN handed_over_until`);
  }
}
