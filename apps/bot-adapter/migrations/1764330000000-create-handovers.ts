import { personalTable } from '@switchboard/service-kit';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Chats in which staff of a shop answer in place of the assistant. */
export class CreateHandovers1764330000000 implements MigrationInterface {
  readonly name = 'CreateHandovers1764330000000';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      CREATE TABLE shop_handovers (
        chat_id uuid PRIMARY KEY,
        user_id uuid NOT NULL,
        until   timestamptz NOT NULL -- then the assistant answers again
      )`);
    await personalTable(db, 'shop_handovers');
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('DROP TABLE shop_handovers');
  }
}
