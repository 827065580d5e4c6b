import { Injectable } from '@nestjs/common';
import type { ChangeMySubscription } from '@switchboard/contracts';
import type { AnswerOf } from '@switchboard/service-kit';
import { type EntityManager, In } from 'typeorm';
import { Plan } from '../catalogue/plan.entity';
import { UsageBillingService } from '../usage-billing/usage-billing.service';
import { Subscription } from './subscription.entity';
import { SubscriptionsService } from './subscriptions.service';

type MySubscription = AnswerOf<typeof ChangeMySubscription>;

/** Subscriptions as a person sees them. */
@Injectable()
export class SubscriptionViews {
  constructor(
    private readonly subscriptions: SubscriptionsService,
    private readonly usage: UsageBillingService,
  ) {}

  /** The latest first. */
  async of(tx: EntityManager, userId: string, botId?: string): Promise<MySubscription[]> {
    const where = { userId, ...(botId !== undefined && { botId }) };
    const rows = await tx.find(Subscription, { where, order: { id: 'DESC' } });
    const plans = await tx.findBy(Plan, { id: In(rows.map(({ planId }) => planId)) });
    const titles = await this.titles(tx, rows);
    return Promise.all(
      rows.map((row) =>
        this.shown(
          tx,
          row,
          plans.find(({ id }) => id === row.planId)!,
          titles,
        ),
      ),
    );
  }

  async one(tx: EntityManager, subscription: Subscription): Promise<MySubscription> {
    const plan = await tx.findOneByOrFail(Plan, { id: subscription.planId });
    return this.shown(tx, subscription, plan, await this.titles(tx, [subscription]));
  }

  private async shown(
    tx: EntityManager,
    subscription: Subscription,
    plan: Plan,
    titles: ReadonlyMap<string, string>,
  ): Promise<MySubscription> {
    const { id, botId, revision, planId, status, startedAt, periodStart, validUntil, servedUntil, region, autoRenew } =
      subscription;
    const { renewAt, renewCurrency, methodId } = subscription;
    const use = await this.usage.view(tx, subscription, plan);
    const price = renewCurrency === null ? undefined : plan.prices[renewCurrency];
    const due =
      price === undefined ? undefined : price + (await this.usage.upcoming(tx, subscription, plan, renewCurrency!));
    return {
      ...{ id, botId, revision, planId, planName: plan.name, level: plan.level, status },
      ...{ startedAt, periodStart, validUntil, servedUntil, region, autoRenew },
      features: await this.subscriptions.featuresOf(tx, subscription, plan),
      renewsWith: autoRenew && methodId !== null ? (titles.get(methodId) ?? null) : null,
      nextCharge: renewAt && due !== undefined ? { at: renewAt, amountMinor: due, currency: renewCurrency! } : null,
      pausable: status === 'active',
      ...(use && { use }),
    };
  }

  private async titles(tx: EntityManager, rows: readonly Subscription[]): Promise<Map<string, string>> {
    const ids = rows.flatMap(({ methodId }) => methodId ?? []);
    if (ids.length === 0) return new Map();
    const found = await tx.query<{ id: string; title: string }[]>(
      `SELECT id, title FROM saved_methods WHERE id = ANY($1)`,
      [ids],
    );
    return new Map(found.map(({ id, title }) => [id, title]));
  }
}
