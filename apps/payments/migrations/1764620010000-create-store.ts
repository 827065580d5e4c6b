import { grantToPersons, personalTable } from '@switchboard/service-kit';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** How goods come to people: carts, ways of delivery, how far parcels are, and what comes back. */
export class CreateStore1764620010000 implements MigrationInterface {
  readonly name = 'CreateStore1764620010000';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      CREATE TABLE delivery_methods (
        id          uuid PRIMARY KEY,
        brand_id    text NOT NULL,
        code        text NOT NULL,
        name        jsonb NOT NULL,
        prices      jsonb NOT NULL,
        free_from   jsonb,
        countries   text[],
        needs       text NOT NULL CHECK (needs IN ('address', 'point', 'nothing')),
        days        jsonb,
        position    integer NOT NULL,
        revision    integer NOT NULL,
        created_at  timestamptz NOT NULL,
        archived_at timestamptz,
        UNIQUE (brand_id, code)
      )`);
    await grantToPersons(db, 'SELECT ON delivery_methods');
    await db.query(`
      CREATE TABLE carts (
        id         uuid PRIMARY KEY,
        user_id    uuid NOT NULL,
        brand_id   text NOT NULL,
        currency   text NOT NULL,
        revision   integer NOT NULL,
        updated_at timestamptz NOT NULL,
        UNIQUE (user_id, brand_id)
      )`);
    await personalTable(db, 'carts');
    await db.query('CREATE INDEX carts_to_forget ON carts (updated_at)');
    await db.query(`
      CREATE TABLE cart_lines (
        cart_id    uuid NOT NULL REFERENCES carts ON DELETE CASCADE,
        variant_id uuid NOT NULL REFERENCES variants,
        quantity   integer NOT NULL CHECK (quantity BETWEEN 1 AND 999),
        added_at   timestamptz NOT NULL,
        PRIMARY KEY (cart_id, variant_id)
      )`);
    await personalTable(db, 'cart_lines', { column: 'cart_id', of: 'carts' });
    await db.query(`
      CREATE TABLE store_numbers (
        brand_id text NOT NULL,
        year     integer NOT NULL,
        last     integer NOT NULL,
        PRIMARY KEY (brand_id, year)
      )`);
    await db.query(`
      CREATE TABLE store_orders (
        id         uuid PRIMARY KEY REFERENCES orders ON DELETE CASCADE,
        number     text NOT NULL,
        user_id    uuid NOT NULL,
        brand_id   text NOT NULL,
        bot_id     text NOT NULL,
        chat_id    uuid,
        lines      jsonb NOT NULL,
        delivery   jsonb NOT NULL,
        address    text,
        recipient  text,
        note       text,
        tracking   text,
        state      text NOT NULL,
        created_at timestamptz NOT NULL,
        paid_at    timestamptz,
        packed_at  timestamptz,
        sent_at    timestamptz,
        done_at    timestamptz,
        forgotten_at timestamptz, -- to whom it went is not kept any more
        revision   integer NOT NULL,
        UNIQUE (brand_id, number)
      )`);
    await personalTable(db, 'store_orders');
    await db.query('CREATE INDEX store_orders_of_person ON store_orders (user_id, id)');
    await db.query('CREATE INDEX store_orders_of_brand ON store_orders (brand_id, state, id)');
    await db.query('CREATE INDEX store_orders_by_line ON store_orders USING gin (lines jsonb_path_ops)');
    await db.query('CREATE INDEX store_orders_of_account ON store_orders (bot_id, id)');
    await db.query(
      `CREATE INDEX store_orders_to_forget ON store_orders (coalesce(done_at, created_at))
       WHERE forgotten_at IS NULL AND state IN ('done', 'cancelled', 'partly-returned', 'returned')`,
    );
    await db.query(`
      CREATE TABLE store_order_changes (
        id         uuid PRIMARY KEY,
        order_id   uuid NOT NULL REFERENCES store_orders ON DELETE CASCADE,
        from_state text,
        to_state   text NOT NULL,
        by         text NOT NULL,
        reason     text,
        at         timestamptz NOT NULL
      )`);
    await db.query('CREATE INDEX store_order_changes_of_order ON store_order_changes (order_id, id)');
    await db.query(`
      CREATE TABLE returns (
        id          uuid PRIMARY KEY,
        order_id    uuid NOT NULL REFERENCES store_orders ON DELETE CASCADE,
        user_id     uuid NOT NULL,
        lines       jsonb NOT NULL,
        state       text NOT NULL,
        goods_minor bigint NOT NULL,
        asked_by    text NOT NULL,
        reason      text,
        decision    text,
        restock     boolean,
        refund_id   uuid REFERENCES refunds,
        created_at  timestamptz NOT NULL,
        decided_at  timestamptz,
        received_at timestamptz,
        lapses_at   timestamptz,
        revision    integer NOT NULL
      )`);
    await personalTable(db, 'returns');
    await db.query('CREATE INDEX returns_of_order ON returns (order_id, id)');
    await db.query('CREATE INDEX returns_of_person ON returns (user_id)');
    await db.query(`CREATE INDEX returns_to_lapse ON returns (lapses_at) WHERE state = 'agreed'`);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(
      'DROP TABLE returns, store_order_changes, store_orders, store_numbers, cart_lines, carts, delivery_methods',
    );
  }
}
