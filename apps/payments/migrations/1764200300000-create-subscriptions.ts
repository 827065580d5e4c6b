import { grantToPersons, personalTable } from '@switchboard/service-kit';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What people are subscribed to, the time they have paid for, what they bought beside it, and who has had a trial. */
export class CreateSubscriptions1764200300000 implements MigrationInterface {
  readonly name = 'CreateSubscriptions1764200300000';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      CREATE TABLE subscriptions (
        id             uuid PRIMARY KEY,
        user_id        uuid NOT NULL,
        bot_id         text NOT NULL,
        plan_id        uuid NOT NULL REFERENCES plans,
        status         text NOT NULL,
        region         text,
        started_at     timestamptz NOT NULL,
        period_start   timestamptz NOT NULL,
        valid_until    timestamptz NOT NULL,
        served_until   timestamptz NOT NULL,
        paused_at      timestamptz,
        auto_renew     boolean NOT NULL,
        method_id      uuid,
        renew_currency text,
        renew_at       timestamptz,
        renew_attempt  integer NOT NULL DEFAULT 0,
        told_days_left integer,
        told_of_renewal boolean NOT NULL DEFAULT false,
        revision       integer NOT NULL
      )`);
    await personalTable(db, 'subscriptions');
    await db.query('CREATE INDEX subscriptions_of_person ON subscriptions (user_id, bot_id)');
    await db.query(
      `CREATE INDEX subscriptions_by_end ON subscriptions (valid_until) WHERE status IN ('trial', 'active')`,
    );
    await db.query(`CREATE INDEX subscriptions_in_grace ON subscriptions (served_until) WHERE status = 'grace'`);
    await db.query(`CREATE INDEX subscriptions_to_renew ON subscriptions (renew_at) WHERE renew_at IS NOT NULL`);
    await db.query(`CREATE INDEX subscriptions_of_bot ON subscriptions (bot_id, id)`);
    await db.query(`
      CREATE TABLE subscription_periods (
        id              uuid PRIMARY KEY,
        subscription_id uuid NOT NULL REFERENCES subscriptions,
        user_id         uuid NOT NULL,
        order_id        uuid UNIQUE,
        plan_id         uuid NOT NULL,
        starts_at       timestamptz NOT NULL,
        ends_at         timestamptz NOT NULL CHECK (ends_at >= starts_at),
        amount_minor    bigint NOT NULL,
        currency        text NOT NULL,
        cause           text NOT NULL
      )`);
    await personalTable(db, 'subscription_periods');
    await db.query(
      'CREATE INDEX subscription_periods_of_subscription ON subscription_periods (subscription_id, ends_at)',
    );
    await db.query(`
      CREATE TABLE subscription_packages (
        id              uuid PRIMARY KEY,
        subscription_id uuid NOT NULL REFERENCES subscriptions,
        user_id         uuid NOT NULL,
        order_id        uuid NOT NULL UNIQUE,
        package_id      uuid NOT NULL REFERENCES packages,
        adds            jsonb NOT NULL,
        from_at         timestamptz NOT NULL,
        until_at        timestamptz
      )`);
    await personalTable(db, 'subscription_packages');
    await db.query('CREATE INDEX subscription_packages_of_subscription ON subscription_packages (subscription_id)');
    await db.query(`
      CREATE TABLE trial_claims (
        bot_id     text NOT NULL,
        identity   text NOT NULL,
        claimed_at timestamptz NOT NULL,
        PRIMARY KEY (bot_id, identity)
      )`);
    await grantToPersons(db, 'SELECT ON trial_claims');
    await db.query(`
      CREATE TABLE identities (
        identity   text NOT NULL,
        user_id    uuid NOT NULL,
        linked_at  timestamptz NOT NULL,
        PRIMARY KEY (identity, user_id)
      )`);
    await personalTable(db, 'identities');
    await db.query('CREATE INDEX identities_of_person ON identities (user_id)');
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('DROP TABLE identities, trial_claims, subscription_packages, subscription_periods, subscriptions');
  }
}
