import { personalTable } from '@switchboard/service-kit';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Money that goes back. */
export class CreateRefunds1764200400000 implements MigrationInterface {
  readonly name = 'CreateRefunds1764200400000';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      CREATE TABLE refunds (
        id           uuid PRIMARY KEY,
        order_id     uuid NOT NULL REFERENCES orders,
        invoice_id   uuid REFERENCES invoices,
        user_id      uuid NOT NULL,
        bot_id       text NOT NULL,
        amount_minor bigint NOT NULL CHECK (amount_minor > 0),
        currency     text NOT NULL,
        cause        text NOT NULL,
        to_balance   boolean NOT NULL,
        state        text NOT NULL CHECK (state IN ('sending', 'done', 'failed')),
        external_id  text,
        asked_by     text NOT NULL,
        reason       text,
        created_at   timestamptz NOT NULL,
        done_at      timestamptz,
        revision     integer NOT NULL
      )`);
    await personalTable(db, 'refunds');
    await db.query('CREATE INDEX refunds_of_order ON refunds (order_id)');
    await db.query('CREATE INDEX refunds_of_person ON refunds (user_id)');
    await db.query(`CREATE INDEX refunds_to_send ON refunds (created_at) WHERE state = 'sending'`);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('DROP TABLE refunds');
  }
}
