import { personalTable } from '@switchboard/service-kit';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Subscriptions that Telegram charges for, and how far its list of payments was read. */
export class CreateStars1764250000000 implements MigrationInterface {
  readonly name = 'CreateStars1764250000000';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      CREATE TABLE star_subscriptions (
        order_id        uuid PRIMARY KEY REFERENCES orders,
        subscription_id uuid NOT NULL REFERENCES subscriptions,
        user_id         uuid NOT NULL,
        bot_id          text NOT NULL,
        plan_id         uuid NOT NULL REFERENCES plans,
        charge_id       text NOT NULL UNIQUE,
        state           text NOT NULL
      )`);
    await personalTable(db, 'star_subscriptions');
    await db.query('CREATE INDEX star_subscriptions_of_subscription ON star_subscriptions (subscription_id)');
    await db.query('CREATE INDEX star_subscriptions_of_person ON star_subscriptions (user_id)');
    await db.query(`
      CREATE TABLE star_lists (
        bot_id text PRIMARY KEY,
        cursor text NOT NULL
      )`);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('DROP TABLE star_lists, star_subscriptions');
  }
}
