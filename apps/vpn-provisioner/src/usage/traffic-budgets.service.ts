import { Injectable } from '@nestjs/common';
import { FEATURES, PlanPeriod, SERVED_STATUSES } from '@switchboard/contracts';
import { Clock, eachDue } from '@switchboard/service-kit';
import { DataSource, type EntityManager, In } from 'typeorm';
import { vpnFeaturesOf } from '../accesses/access.rules';
import { AccessQueue } from '../accesses/access-queue';
import { Access } from '../accesses/access.entity';
import { AccessesService, type SubscriptionState } from '../accesses/accesses.service';
import { OwnAccessesService } from '../own-accesses/own-accesses.service';
import { TrafficBudget } from './traffic-budget.entity';
import { nextPeriod } from './traffic-periods';

/** When the traffic of a subscription is counted from zero again. */
@Injectable()
export class TrafficBudgets {
  constructor(
    private readonly db: DataSource,
    private readonly accesses: AccessesService,
    private readonly queue: AccessQueue,
    private readonly clock: Clock,
    own: OwnAccessesService,
  ) {
    own.addPart(async (tx, accesses) => {
      const renewals = await this.renewals(tx, accesses);
      return new Map(
        accesses.map(({ id, usedBytes, limitBytes, usedAt }) => [
          id,
          { traffic: { usedBytes, limitBytes, resetsAt: renewals.get(id) ?? null, asOf: usedAt } },
        ]),
      );
    });
  }

  /** The highest revision counts. @param goesOn the period is that of before, moved by the days for which it rested */
  async follow(tx: EntityManager, state: SubscriptionState, { goesOn = false } = {}): Promise<void> {
    const { subscriptionId, userId, revision, features, status } = state;
    if (vpnFeaturesOf(features).serverCount === 0 && revision === 1) return;
    const countedFrom = new Date(state.periodStart);
    // Of a unit that is not known here nothing begins anew.
    const { data: period = null } = PlanPeriod.safeParse(state.period);
    const isCounted = period !== null && SERVED_STATUSES.includes(status);
    const fairUse = features[FEATURES.vpnFairUse];
    await tx.query(
      `INSERT INTO traffic_budgets AS known (subscription_id, user_id, revision, counted_from, period_count, period_unit, renews_at,
         fair_use_bytes)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
       ON CONFLICT (subscription_id) DO UPDATE SET revision = $3, counted_from = $4, period_count = $5, period_unit = $6,
         renews_at = $7, fair_use_bytes = $8,
         told_percent = CASE WHEN known.counted_from < $4 AND NOT $9 THEN 0 ELSE known.told_percent END
         WHERE known.revision < $3`,
      [
        ...[subscriptionId, userId, revision, countedFrom, period?.count ?? null, period?.unit ?? null],
        isCounted ? nextPeriod(countedFrom, period, this.clock.now()) : null,
        ...[typeof fairUse === 'number' ? fairUse : null, goesOn],
      ],
    );
  }

  /** Begins the periods whose time has come. */
  async renewDue(signal: AbortSignal): Promise<void> {
    const due = 'SELECT subscription_id AS id, renews_at AS at FROM traffic_budgets WHERE renews_at <= $1';
    await eachDue(this.db, due, [this.clock.now()], (tx, id) => this.renew(tx, id), { signal });
  }

  /** By access, of those that are paid for beyond the present period. */
  private async renewals(tx: EntityManager, accesses: readonly Access[]): Promise<Map<string, Date>> {
    const budgets = await tx.findBy(TrafficBudget, {
      subscriptionId: In(accesses.map(({ subscriptionId }) => subscriptionId)),
    });
    return new Map(
      accesses.flatMap(({ id, subscriptionId, validUntil }) => {
        const { renewsAt } = budgets.find((budget) => budget.subscriptionId === subscriptionId) ?? {};
        return renewsAt && renewsAt < validUntil ? [[id, renewsAt]] : [];
      }),
    );
  }

  private async renew(tx: EntityManager, subscriptionId: string): Promise<void> {
    // The access first, as by whoever counts.
    const access = await tx.findOne(Access, { where: { subscriptionId }, lock: { mode: 'pessimistic_write' } });
    const budget = await tx.findOne(TrafficBudget, { where: { subscriptionId }, lock: { mode: 'pessimistic_write' } });
    const now = this.clock.now();
    if (!budget?.renewsAt || budget.renewsAt > now) return;
    const period = { count: budget.periodCount!, unit: budget.periodUnit! } satisfies PlanPeriod;
    const renewsAt = nextPeriod(budget.countedFrom, period, now);
    await tx.update(TrafficBudget, { subscriptionId }, { renewsAt, toldPercent: 0, toldLimit: null });
    if (!access) return;
    await this.accesses.renewTraffic(tx, access);
    await this.queue.settle(tx, access.id);
  }
}
