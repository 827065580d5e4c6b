import { grantToPersons, personalTable } from '@switchboard/service-kit';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Who has brought whom, on what terms, and what they get for it. */
export class CreateReferrals1764210000000 implements MigrationInterface {
  readonly name = 'CreateReferrals1764210000000';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      CREATE TABLE shop_terms (
        bot_id     text PRIMARY KEY,
        referrals  jsonb,
        gifts      jsonb NOT NULL,
        revision   integer NOT NULL,
        changed_at timestamptz NOT NULL
      )`);
    await grantToPersons(db, 'SELECT ON shop_terms');
    await db.query(`
      CREATE TABLE partners (
        bot_id        text NOT NULL,
        user_id       uuid NOT NULL,
        percents      integer[] NOT NULL,
        every_payment boolean NOT NULL,
        since         timestamptz NOT NULL,
        ended_at      timestamptz,
        revision      integer NOT NULL,
        PRIMARY KEY (bot_id, user_id)
      )`);
    await personalTable(db, 'partners');
    await db.query('CREATE INDEX partners_of_bot ON partners (bot_id, since, user_id)');
    await db.query(`
      CREATE TABLE tracked_links (
        id         uuid PRIMARY KEY,
        bot_id     text NOT NULL,
        user_id    uuid NOT NULL,
        code       text NOT NULL UNIQUE,
        label      text,
        invited    integer NOT NULL DEFAULT 0,
        created_at timestamptz NOT NULL,
        ended_at   timestamptz
      )`);
    await personalTable(db, 'tracked_links');
    await db.query(
      `CREATE UNIQUE INDEX tracked_links_by_label ON tracked_links (user_id, bot_id, coalesce(label, ''))`,
    );
    await db.query(`
      CREATE TABLE referrals (
        bot_id         text NOT NULL,
        user_id        uuid NOT NULL,
        met_at         timestamptz NOT NULL,
        link_id        uuid,
        inviter_id     uuid,
        invited_at     timestamptz,
        refused        text,
        first_order_id uuid,
        PRIMARY KEY (bot_id, user_id)
      )`);
    await personalTable(db, 'referrals');
    await db.query(
      'CREATE INDEX referrals_of_inviter ON referrals (bot_id, inviter_id, invited_at) WHERE inviter_id IS NOT NULL',
    );
    await db.query(`
      CREATE TABLE rewards (
        id           uuid PRIMARY KEY,
        order_id     uuid NOT NULL REFERENCES orders,
        level        integer NOT NULL CHECK (level BETWEEN 1 AND 3),
        user_id      uuid NOT NULL,
        invitee_id   uuid NOT NULL,
        bot_id       text NOT NULL,
        link_id      uuid,
        percent      integer NOT NULL CHECK (percent BETWEEN 0 AND 100),
        paid_minor   bigint NOT NULL CHECK (paid_minor >= 0),
        amount_minor bigint NOT NULL CHECK (amount_minor BETWEEN 0 AND paid_minor),
        owed_minor   bigint NOT NULL DEFAULT 0 CHECK (owed_minor >= 0),
        currency     text NOT NULL,
        state        text NOT NULL,
        created_at   timestamptz NOT NULL,
        release_at   timestamptz NOT NULL,
        revision     integer NOT NULL,
        UNIQUE (order_id, level)
      )`);
    await personalTable(db, 'rewards');
    await db.query('CREATE INDEX rewards_of_person ON rewards (user_id, bot_id, id)');
    await db.query('CREATE INDEX rewards_of_invitee ON rewards (invitee_id)');
    await db.query(`CREATE INDEX rewards_to_release ON rewards (release_at) WHERE state = 'held'`);
    await db.query('ALTER TABLE invoices ADD COLUMN payer_hash text');
    await db.query('CREATE INDEX invoices_by_payer ON invoices (payer_hash) WHERE payer_hash IS NOT NULL');
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('ALTER TABLE invoices DROP COLUMN payer_hash');
    await db.query('DROP TABLE rewards, referrals, tracked_links, partners, shop_terms');
  }
}
