import { personalTable } from '@switchboard/service-kit';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What was ordered, each attempt to have it paid, and cards that people have saved with providers. */
export class CreateOrders1764200200000 implements MigrationInterface {
  readonly name = 'CreateOrders1764200200000';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      CREATE TABLE orders (
        id              uuid PRIMARY KEY,
        user_id         uuid NOT NULL,
        bot_id          text NOT NULL,
        kind            text NOT NULL,
        wanted          jsonb NOT NULL,
        title           jsonb NOT NULL,
        state           text NOT NULL,
        currency        text NOT NULL,
        list_minor      bigint NOT NULL CHECK (list_minor >= 0),
        discount_minor  bigint NOT NULL CHECK (discount_minor >= 0),
        credit_minor    bigint NOT NULL CHECK (credit_minor >= 0),
        total_minor     bigint NOT NULL CHECK (total_minor >= 0),
        held_minor      bigint NOT NULL DEFAULT 0 CHECK (held_minor >= 0),
        extra_days      integer NOT NULL DEFAULT 0,
        promo_code      text,
        locale          text NOT NULL,
        campaign        text,
        subscription_id uuid,
        saves_method    boolean NOT NULL DEFAULT false,
        email           text,
        refunded_minor  bigint NOT NULL DEFAULT 0,
        created_at      timestamptz NOT NULL,
        expires_at      timestamptz NOT NULL,
        paid_at         timestamptz,
        revision        integer NOT NULL,
        CHECK (total_minor = greatest(list_minor - discount_minor - credit_minor, 0)),
        CHECK (refunded_minor <= total_minor)
      )`);
    await personalTable(db, 'orders');
    await db.query('CREATE INDEX orders_of_person ON orders (user_id, id)');
    await db.query('CREATE INDEX orders_of_bot ON orders (bot_id, id)');
    await db.query(
      'CREATE INDEX orders_of_subscription ON orders (subscription_id, id) WHERE subscription_id IS NOT NULL',
    );
    await db.query(`CREATE INDEX orders_to_close ON orders (expires_at) WHERE state = 'awaiting'`);
    await db.query(`
      CREATE TABLE invoices (
        id             uuid PRIMARY KEY,
        order_id       uuid NOT NULL REFERENCES orders,
        user_id        uuid NOT NULL,
        bot_id         text NOT NULL,
        provider       text NOT NULL,
        attempt        integer NOT NULL,
        state          text NOT NULL,
        amount_minor   bigint NOT NULL CHECK (amount_minor > 0),
        currency       text NOT NULL,
        external_id    text,
        taking_id      text,
        url            text,
        method_id      uuid,
        failure        text,
        received_minor bigint,
        refunded_minor bigint NOT NULL DEFAULT 0,
        fee_minor      bigint,
        created_at     timestamptz NOT NULL,
        expires_at     timestamptz NOT NULL,
        paid_at        timestamptz,
        poll_at        timestamptz,
        polls          integer NOT NULL DEFAULT 0,
        revision       integer NOT NULL,
        UNIQUE (order_id, attempt)
      )`);
    await personalTable(db, 'invoices');
    await db.query(
      'CREATE UNIQUE INDEX invoices_by_external_id ON invoices (provider, external_id) WHERE external_id IS NOT NULL',
    );
    await db.query('CREATE INDEX invoices_to_poll ON invoices (poll_at) WHERE poll_at IS NOT NULL');
    await db.query('CREATE INDEX invoices_of_person ON invoices (user_id, id)');
    await db.query('CREATE INDEX invoices_of_provider ON invoices (provider, paid_at) WHERE paid_at IS NOT NULL');
    await db.query(`
      CREATE TABLE saved_methods (
        id          uuid PRIMARY KEY,
        user_id     uuid NOT NULL,
        bot_id      text NOT NULL,
        provider    text NOT NULL,
        external_id text NOT NULL,
        external_id_hash text NOT NULL,
        title       text NOT NULL,
        saved_at    timestamptz NOT NULL,
        revoked_at  timestamptz,
        UNIQUE (user_id, bot_id, provider, external_id_hash)
      )`);
    await personalTable(db, 'saved_methods');
    await db.query('CREATE INDEX saved_methods_of_person ON saved_methods (user_id)');
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('DROP TABLE saved_methods, invoices, orders');
  }
}
