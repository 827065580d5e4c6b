import { Injectable } from '@nestjs/common';
import { Clock } from '@switchboard/service-kit';
import { Gauge, Registry } from 'prom-client';
import { DataSource } from 'typeorm';
import { LedgerReports } from '../ledger/ledger-reports.service';

interface Figures {
  readonly purchases: readonly { readonly bot: string; readonly n: number }[];
  readonly payments: readonly { readonly provider: string; readonly n: number }[];
  readonly differences: readonly { readonly provider: string; readonly n: number; readonly unknown: number }[];
  readonly unanswered: readonly { readonly what: string; readonly seconds: number }[];
  readonly renewals: readonly { readonly bot: string; readonly outcome: string; readonly n: number }[];
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** What was compared before is not compared again. */
const LOOK_BACK_DAYS = 3;
/** All months that are not closed are read for it. */
const IMBALANCES_EVERY_MS = 600_000;

/** How sales stand, as one may ask any process of the service. Absent while the database is away. */
@Injectable()
export class SalesMetrics {
  private reading: Promise<Figures | undefined> | undefined;
  private imbalances: number | undefined;
  private imbalancesAt = -Infinity;

  constructor(
    private readonly db: DataSource,
    private readonly ledger: LedgerReports,
    private readonly clock: Clock,
    private readonly registry: Registry,
  ) {
    this.gauge(
      'payments_purchases_within_hour',
      'Orders that were paid within the last hour, without those by which a subscription goes on by itself.',
      ['bot'],
      (gauge, all) => all.purchases.forEach(({ bot, n }) => gauge.set({ bot }, n)),
    );
    this.gauge(
      'payments_taken_within_hour',
      'Payments that a provider has taken within the last hour.',
      ['provider'],
      (gauge, all) => all.payments.forEach(({ provider, n }) => gauge.set({ provider }, n)),
    );
    this.gauge(
      'payments_unanswered_age_seconds',
      'For how long a provider has not said what became of a payment or a refund that it was asked for; 0: it has of all.',
      ['what'],
      (gauge, all) => all.unanswered.forEach(({ what, seconds }) => gauge.set({ what }, seconds)),
    );
    this.gauge(
      'payments_reconciliation_differences',
      'What the books of a provider and the ledger of the last days do not agree on.',
      ['provider'],
      (gauge, all) => all.differences.forEach(({ provider, n }) => gauge.set({ provider }, n)),
    );
    this.gauge(
      'payments_reconciliation_unknown_orders',
      'What a provider has taken for orders that are not here, of the days that were compared last.',
      ['provider'],
      (gauge, all) => all.differences.forEach(({ provider, unknown }) => gauge.set({ provider }, unknown)),
    );
    this.gauge(
      'payments_renewals_within_day',
      'Renewals that were tried by themselves within the last 24 hours, by what became of them: `renewed` or `failed`.',
      ['bot', 'outcome'],
      (gauge, all) => all.renewals.forEach(({ bot, outcome, n }) => gauge.set({ bot, outcome }, n)),
    );
    this.gauge(
      'payments_ledger_imbalances',
      'Accounts that do not hold what was booked on them. Absent while they could not be compared.',
      [],
      (gauge) => {
        if (this.imbalances !== undefined) gauge.set(this.imbalances);
        this.compareAccounts();
      },
    );
  }

  /** Seldom, and no scrape waits for it. */
  private compareAccounts(): void {
    const now = this.clock.now().getTime();
    if (now - this.imbalancesAt < IMBALANCES_EVERY_MS) return;
    this.imbalancesAt = now;
    void this.ledger.imbalances(this.db.manager).then(
      (imbalances) => (this.imbalances = imbalances),
      () => Object.assign(this, { imbalances: undefined, imbalancesAt: -Infinity }),
    );
  }

  private gauge(name: string, help: string, labelNames: string[], fill: (gauge: Gauge, all: Figures) => void): void {
    const figures = () => this.figures();
    new Gauge({
      ...{ name, help, labelNames, registers: [this.registry] },
      async collect() {
        const now = await figures();
        this.reset();
        // One without labels is 0 then, which would say that all is well.
        if (labelNames.length === 0) this.remove();
        if (now) fill(this, now);
      },
    });
  }

  /** Once for all gauges of a scrape. */
  private figures(): Promise<Figures | undefined> {
    this.reading ??= this.read()
      .catch(() => undefined)
      .finally(() => (this.reading = undefined));
    return this.reading;
  }

  private async read(): Promise<Figures> {
    const now = this.clock.now();
    const hourAgo = new Date(now.getTime() - HOUR_MS);
    const daysAgo = new Date(now.getTime() - LOOK_BACK_DAYS * DAY_MS);
    const booked = await this.db.query<{ bot: string | null; provider: string | null; n: number }[]>(
      `SELECT CASE reason WHEN 'purchase' THEN substr(to_account, 7) END AS bot,
         CASE reason WHEN 'payment' THEN substr(from_account, 10) END AS provider, count(DISTINCT key)::int AS n
       FROM ledger_entries e LEFT JOIN orders o ON o.id = e.order_id
       WHERE booked_at > $1 AND (reason = 'payment' OR reason = 'purchase' AND o.automatic IS NOT TRUE) GROUP BY 1, 2`,
      [hourAgo],
    );
    const differences = await this.db.query<Figures['differences']>(
      `SELECT r.provider, count(f.id) FILTER (WHERE f.kind <> 'unknown-order')::int AS n,
         count(f.id) FILTER (WHERE f.kind = 'unknown-order')::int AS unknown
       FROM reconciliations r LEFT JOIN reconciliation_findings f ON f.reconciliation_id = r.id
       WHERE r.day >= $1::date OR r.finished_at >= $1 GROUP BY 1`,
      [daysAgo],
    );
    const [open] = await this.db.query<[{ payment: number | null; refund: number | null }]>(
      `SELECT (SELECT extract(epoch FROM $1 - min(created_at)) FROM invoices WHERE state = 'created')::float8 AS payment,
         (SELECT extract(epoch FROM $1 - min(created_at)) FROM refunds WHERE state = 'sending' AND external_id IS NULL)::float8 AS refund`,
      [now],
    );
    const renewals = await this.db.query<Figures['renewals']>(
      `SELECT bot_id AS bot, CASE WHEN paid_at IS NULL THEN 'failed' ELSE 'renewed' END AS outcome, count(*)::int AS n
       FROM orders WHERE kind = 'renewal' AND automatic AND created_at > $1 AND state <> 'awaiting' GROUP BY 1, 2`,
      [new Date(now.getTime() - DAY_MS)],
    );
    return {
      purchases: booked.flatMap(({ bot, n }) => (bot === null ? [] : [{ bot, n }])),
      payments: booked.flatMap(({ provider, n }) => (provider === null ? [] : [{ provider, n }])),
      ...{ differences, renewals },
      unanswered: Object.entries(open).map(([what, seconds]) => ({ what, seconds: Math.max(0, seconds ?? 0) })),
    };
  }
}
