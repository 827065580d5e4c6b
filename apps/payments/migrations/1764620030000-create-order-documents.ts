import { personalTable } from '@switchboard/service-kit';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Papers of orders of goods. */
export class CreateOrderDocuments1764620030000 implements MigrationInterface {
  readonly name = 'CreateOrderDocuments1764620030000';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      CREATE TABLE order_documents (
        id       uuid PRIMARY KEY,
        order_id uuid NOT NULL REFERENCES store_orders ON DELETE CASCADE,
        user_id  uuid NOT NULL,
        kind     text NOT NULL CHECK (kind IN ('invoice', 'packing-slip')),
        locale   text NOT NULL,
        state    text NOT NULL CHECK (state IN ('waiting', 'done', 'failed')),
        content  text,
        bytes    integer,
        sha256   text,
        at       timestamptz NOT NULL,
        UNIQUE (order_id, kind)
      )`);
    await personalTable(db, 'order_documents');
    await db.query('CREATE INDEX order_documents_of_person ON order_documents (user_id)');
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('DROP TABLE order_documents');
  }
}
