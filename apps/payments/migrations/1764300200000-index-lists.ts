import type { MigrationInterface, QueryRunner } from 'typeorm';

const INDEXES = {
  orders_of_renewals: `orders (created_at) WHERE kind = 'renewal'`,
  orders_by_state: 'orders (state, id)',
  invoices_by_external_id_alone: 'invoices (external_id) WHERE external_id IS NOT NULL',
  invoices_by_taking: 'invoices (taking_id) WHERE taking_id IS NOT NULL',
  invoices_of_order_by_provider: 'invoices (provider, order_id)',
  refunds_of_bot: 'refunds (bot_id, id)',
  refunds_by_state: 'refunds (state, id)',
  subscriptions_by_status: 'subscriptions (status, id)',
  subscriptions_of_plan: 'subscriptions (plan_id, id)',
  payouts_of_bot: 'payouts (bot_id, id)',
  payouts_by_state: 'payouts (state, id)',
  promo_codes_of_bot: 'promo_codes (bot_id, id)',
  reconciliations_by_state: 'reconciliations (state, day, id)',
  reconciliations_of_provider: 'reconciliations (provider, day, id)',
};

/** What staff look for in lists is found without reading the whole table, however rare it is. */
export class IndexLists1764300200000 implements MigrationInterface {
  readonly name = 'IndexLists1764300200000';

  async up(db: QueryRunner): Promise<void> {
    // Some databases had that of renewals before.
    for (const [name, on] of Object.entries(INDEXES)) await db.query(`CREATE INDEX IF NOT EXISTS ${name} ON ${on}`);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`DROP INDEX ${Object.keys(INDEXES).join(', ')}`);
  }
}
