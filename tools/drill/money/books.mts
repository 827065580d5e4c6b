import type { Pool } from 'pg';
import type { Bank } from '../../local/banks.mts';
import type { SandboxClient } from '../../local/sandbox-client.mts';
import type { ShopServer } from '../../local/shop.mts';
import type {
  AccessRow,
  Books,
  EntryRow,
  Intent,
  OrderRow,
  PanelUserRow,
  RefundRow,
  SubscriptionRow,
} from './books-check.mts';

export interface BooksSources {
  readonly db: Pool;
  readonly sandbox: SandboxClient;
  readonly banks: readonly Bank[];
  readonly servers: readonly ShopServer[];
  readonly intents: readonly Intent[];
  /** What the services take the time to be. */
  now(): Date;
}

const ORDERS = `
  SELECT o.id, o.user_id AS "userId", o.kind, o.state, o.currency, o.total_minor::float8 AS "totalMinor",
    o.held_minor::float8 AS "heldMinor", o.extra_days AS "extraDays", o.subscription_id AS "subscriptionId", o.paid_at AS "paidAt",
    CASE p.period_unit WHEN 'day' THEN p.period_count END AS "planDays",
    coalesce((SELECT (k.adds->>'vpn.traffic-bytes')::float8 * (o.wanted->>'quantity')::int FROM payments.packages k
      WHERE o.wanted->>'kind' = 'package' AND k.id = (o.wanted->>'packageId')::uuid), 0) AS "addsBytes",
    NOT EXISTS (SELECT FROM payments.invoices i WHERE i.order_id = o.id) AS "isCart"
  FROM payments.orders o LEFT JOIN payments.plans p ON o.wanted->>'kind' = 'plan' AND p.id = (o.wanted->>'planId')::uuid`;

const REFUNDS = `SELECT user_id AS "userId", currency, state, to_balance AS "toBalance", amount_minor::float8 AS "amountMinor" FROM payments.refunds`;

const ENTRIES = `
  SELECT key, reason, from_account AS "from", to_account AS "to", amount_minor::float8 AS "amountMinor", currency,
    user_id AS "userId", order_id AS "orderId" FROM payments.ledger_entries`;

const BALANCES = `SELECT user_id AS "userId", account, currency, amount_minor::float8 AS "amountMinor" FROM payments.balances`;

const SUBSCRIPTIONS = `
  SELECT s.id, s.user_id AS "userId", (p.features->>'vpn.traffic-bytes')::float8 AS "planBytes", s.status, s.started_at AS "startedAt", s.valid_until AS "validUntil", s.served_until AS "servedUntil",
    CASE WHEN EXISTS (SELECT FROM payments.subscription_periods t WHERE t.subscription_id = s.id AND t.cause = 'trial')
      THEN p.trial_days ELSE 0 END AS "trialDays"
  FROM payments.subscriptions s JOIN payments.plans p ON p.id = s.plan_id`;

const ACCESSES = `
  SELECT a.subscription_id AS "subscriptionId", a.panel_user AS "panelUser", a.enabled, a.told_version >= a.version AS "isTold",
    a.limit_bytes::float8 AS "limitBytes",
    ARRAY(SELECT k.server_id::text FROM vpn_provisioner.access_keys k WHERE k.access_id = a.id AND k.state <> 'leaving') AS servers
  FROM vpn_provisioner.accesses a`;

export async function readBooks({ db, sandbox, banks, servers, intents, now }: BooksSources): Promise<Books> {
  const rows = async <Row extends object>(sql: string) => (await db.query<Row>(sql)).rows;
  return {
    now: now(),
    intents,
    takings: (await Promise.all(banks.map((bank) => bank.takings()))).flat(),
    orders: await rows<OrderRow>(ORDERS),
    refunds: await rows<RefundRow>(REFUNDS),
    entries: await rows<EntryRow>(ENTRIES),
    balances: await rows(BALANCES),
    subscriptions: await rows<SubscriptionRow>(SUBSCRIPTIONS),
    accesses: await rows<AccessRow>(ACCESSES),
    panelUsers: (await Promise.all(servers.map((server) => usersOf(sandbox, server)))).flat(),
  };
}

async function usersOf(sandbox: SandboxClient, { party, name, serverId }: ShopServer): Promise<PanelUserRow[]> {
  const users = await sandbox.panels(party).server(name).users();
  return users.map(({ name: user, served, expiresAt, limitBytes }) => ({
    ...{ serverId, name: user, served, limitBytes },
    expiresAt: expiresAt === null ? null : new Date(expiresAt),
  }));
}
