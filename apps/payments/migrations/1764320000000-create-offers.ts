import { grantToPersons, personalTable } from '@switchboard/service-kit';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Links by which it is known where people come from, offers to some of them, and by what both are found. */
export class CreateOffers1764320000000 implements MigrationInterface {
  readonly name = 'CreateOffers1764320000000';

  async up(db: QueryRunner): Promise<void> {
    await db.query('CREATE INDEX subscriptions_by_customer ON subscriptions (bot_id, user_id)');
    await db.query('CREATE INDEX orders_by_customer ON orders (bot_id, user_id) WHERE paid_at IS NOT NULL');
    await db.query('CREATE INDEX orders_of_campaign ON orders (bot_id, campaign) WHERE campaign IS NOT NULL');
    await db.query('CREATE INDEX orders_of_promo_code ON orders (bot_id, promo_code) WHERE promo_code IS NOT NULL');
    await db.query(`
      CREATE TABLE campaigns (
        id         uuid PRIMARY KEY,
        bot_id     text NOT NULL,
        name       text NOT NULL, -- what the link says to the bot
        title      text NOT NULL,
        created_at timestamptz NOT NULL,
        ended_at   timestamptz,
        UNIQUE (bot_id, name)
      )`);
    await db.query('CREATE INDEX campaigns_of_bot ON campaigns (bot_id, id)');
    await db.query(`
      CREATE TABLE campaign_arrivals (
        campaign_id uuid NOT NULL REFERENCES campaigns,
        user_id     uuid NOT NULL,
        first_at    timestamptz NOT NULL,
        last_at     timestamptz NOT NULL,
        PRIMARY KEY (campaign_id, user_id)
      )`);
    await personalTable(db, 'campaign_arrivals');
    await db.query('CREATE INDEX campaign_arrivals_of_person ON campaign_arrivals (user_id, last_at)');
    // Works for those alone to whom it was given.
    await db.query('ALTER TABLE promo_codes ADD COLUMN personal boolean NOT NULL DEFAULT false');
    await db.query(`
      CREATE TABLE offers (
        id               uuid PRIMARY KEY,
        bot_id           text NOT NULL,
        title            text NOT NULL,
        text             jsonb NOT NULL, -- by language
        criteria         jsonb NOT NULL,
        promo_code_id    uuid NOT NULL UNIQUE REFERENCES promo_codes,
        cap              integer CHECK (cap > 0),
        hold_out_percent integer NOT NULL CHECK (hold_out_percent BETWEEN 0 AND 90),
        shown            integer NOT NULL DEFAULT 0 CHECK (shown <= coalesce(cap, shown)), -- people
        from_at          timestamptz NOT NULL,
        until_at         timestamptz NOT NULL CHECK (until_at > from_at),
        created_at       timestamptz NOT NULL,
        ended_at         timestamptz,
        revision         integer NOT NULL
      )`);
    await grantToPersons(db, 'SELECT ON offers');
    await db.query('CREATE INDEX offers_of_bot ON offers (bot_id, id)');
    await db.query('CREATE INDEX offers_open ON offers (bot_id, until_at) WHERE ended_at IS NULL');
    await db.query(`
      CREATE TABLE offer_people (
        offer_id uuid NOT NULL REFERENCES offers,
        user_id  uuid NOT NULL,
        held_out boolean NOT NULL, -- would have been shown it, and was not
        at       timestamptz NOT NULL,
        PRIMARY KEY (offer_id, user_id)
      )`);
    await personalTable(db, 'offer_people');
    await db.query('CREATE INDEX offer_people_of_person ON offer_people (user_id)');
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('DROP TABLE offer_people, offers, campaign_arrivals, campaigns');
    await db.query('ALTER TABLE promo_codes DROP COLUMN personal');
    await db.query(
      'DROP INDEX orders_of_promo_code, orders_of_campaign, orders_by_customer, subscriptions_by_customer',
    );
  }
}
