import { personalTable } from '@switchboard/service-kit';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What the shop remembers of people beside what payments knows: where their orders are shown, what they want to be told, and more. */
export class CreateShop1764300000000 implements MigrationInterface {
  readonly name = 'CreateShop1764300000000';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      CREATE TABLE shop_orders (
        order_id   uuid PRIMARY KEY,
        user_id    uuid NOT NULL,
        chat_id    uuid NOT NULL,
        message_id text NOT NULL,
        shown_at   timestamptz NOT NULL
      )`);
    await db.query(`
      CREATE TABLE shop_notice_settings (
        bot_id       text NOT NULL,
        user_id      uuid NOT NULL,
        switched_off text[] NOT NULL,
        PRIMARY KEY (bot_id, user_id)
      )`);
    await db.query(`
      CREATE TABLE shop_members (
        bot_id     text NOT NULL,
        user_id    uuid NOT NULL,
        is_member  boolean NOT NULL,
        changed_at timestamptz NOT NULL,
        checked_at timestamptz NOT NULL,
        rests      boolean NOT NULL, -- payments was told that they have left
        PRIMARY KEY (bot_id, user_id)
      )`);
    await db.query(`
      CREATE TABLE shop_questions (
        cause_id uuid PRIMARY KEY, -- of the message in the group of the staff
        bot_id   text NOT NULL,
        user_id  uuid NOT NULL,
        asked_at timestamptz NOT NULL
      )`);
    for (const table of ['shop_orders', 'shop_notice_settings', 'shop_members', 'shop_questions'])
      await personalTable(db, table);
    await db.query('CREATE INDEX shop_questions_by_age ON shop_questions (asked_at)');
    await db.query('CREATE INDEX shop_orders_of_message ON shop_orders (chat_id, message_id)');
    await db.query('CREATE INDEX shop_orders_by_age ON shop_orders (shown_at)');
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('DROP TABLE shop_questions, shop_members, shop_notice_settings, shop_orders');
  }
}
