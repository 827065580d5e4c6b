import { grantToPersons } from '@switchboard/service-kit';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What shops sell by the piece, how many pieces there are, and for whom some of them are kept. */
export class CreateGoods1764620000000 implements MigrationInterface {
  readonly name = 'CreateGoods1764620000000';

  async up(db: QueryRunner): Promise<void> {
    await db.query('CREATE SEQUENCE product_changes');
    await db.query(`
      CREATE TABLE products (
        id          uuid PRIMARY KEY,
        brand_id    text NOT NULL,
        code        text NOT NULL,
        title       jsonb NOT NULL,
        description jsonb NOT NULL,
        attributes  jsonb NOT NULL,
        options     jsonb NOT NULL,
        media       jsonb NOT NULL,
        position    integer NOT NULL,
        revision    integer NOT NULL,
        change_no   bigint NOT NULL DEFAULT nextval('product_changes'), -- in the order in which changes were committed
        created_at  timestamptz NOT NULL,
        archived_at timestamptz,
        UNIQUE (brand_id, code)
      )`);
    await db.query('CREATE INDEX products_as_shown ON products (brand_id, position, id)');
    await db.query('CREATE INDEX products_by_change ON products (change_no)');
    await db.query(`
      CREATE TABLE variants (
        id          uuid PRIMARY KEY,
        product_id  uuid NOT NULL REFERENCES products,
        brand_id    text NOT NULL,
        sku         text NOT NULL,
        choice      jsonb NOT NULL,
        prices      jsonb NOT NULL,
        weight_g    integer,
        on_hand     integer NOT NULL DEFAULT 0 CHECK (on_hand >= 0),
        reserved    integer NOT NULL DEFAULT 0 CHECK (reserved BETWEEN 0 AND on_hand),
        tracked     boolean NOT NULL,
        warn_below  integer,
        receipt     jsonb NOT NULL,
        position    integer NOT NULL,
        revision    integer NOT NULL,
        archived_at timestamptz,
        UNIQUE (brand_id, sku)
      )`);
    await db.query('CREATE UNIQUE INDEX variants_by_choice ON variants (product_id, choice) WHERE archived_at IS NULL');
    await db.query('CREATE INDEX variants_of_product ON variants (product_id, position, id)');
    await db.query(`
      CREATE TABLE stock_moves (
        id         uuid PRIMARY KEY,
        variant_id uuid NOT NULL REFERENCES variants,
        kind       text NOT NULL,
        on_hand    integer NOT NULL, -- by so much either number has changed
        reserved   integer NOT NULL,
        order_id   uuid,
        by         text NOT NULL,
        reason     text,
        at         timestamptz NOT NULL
      )`);
    await db.query('CREATE INDEX stock_moves_of_variant ON stock_moves (variant_id, id)');
    await db.query(`
      CREATE FUNCTION refuse_change_of_stock_moves() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        RAISE EXCEPTION 'moves of stock are neither changed nor deleted';
      END $$`);
    await db.query(`
      CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON stock_moves
        FOR EACH ROW EXECUTE FUNCTION refuse_change_of_stock_moves()`);
    await db.query(`
      CREATE TABLE stock_reservations (
        order_id   uuid NOT NULL REFERENCES orders ON DELETE CASCADE,
        variant_id uuid NOT NULL REFERENCES variants,
        quantity   integer NOT NULL CHECK (quantity > 0),
        state      text NOT NULL CHECK (state IN ('held', 'sold', 'released')),
        PRIMARY KEY (order_id, variant_id)
      )`);
    await db.query(`CREATE INDEX stock_reservations_held ON stock_reservations (variant_id) WHERE state = 'held'`);
    for (const table of ['products', 'variants']) await grantToPersons(db, `SELECT ON ${table}`);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('DROP TABLE stock_reservations, stock_moves, variants, products');
    await db.query('DROP FUNCTION refuse_change_of_stock_moves');
    await db.query('DROP SEQUENCE product_changes');
  }
}
