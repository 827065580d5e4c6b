import { Injectable } from '@nestjs/common';
import { type Features, type ReadEntitlements, SERVED_STATUSES } from '@switchboard/contracts';
import type { AnswerOf } from '@switchboard/service-kit';
import { DataSource, type EntityManager, In } from 'typeorm';
import { Plan } from '../catalogue/plan.entity';
import { Subscription } from '../subscriptions/subscription.entity';
import { UsageBillingService } from '../usage-billing/usage-billing.service';
import { SubscriptionsService } from '../subscriptions/subscriptions.service';

/** What a person may have of a bot, by everything they are subscribed to. */
@Injectable()
export class EntitlementsService {
  constructor(
    private readonly db: DataSource,
    private readonly subscriptions: SubscriptionsService,
    private readonly usage: UsageBillingService,
  ) {}

  async read(userId: string, botId: string): Promise<AnswerOf<typeof ReadEntitlements>> {
    const tx = this.db.manager;
    const served = await tx.findBy(Subscription, { userId, botId, status: In([...SERVED_STATUSES]) });
    const plans = new Map(
      (await tx.findBy(Plan, { id: In(served.map(({ planId }) => planId)) })).map((plan) => [plan.id, plan]),
    );
    const features: Features = {};
    let highest: Plan | undefined;
    for (const subscription of served) {
      const plan = plans.get(subscription.planId)!;
      if (!highest || plan.rank > highest.rank) highest = plan;
      for (const [name, value] of Object.entries(await this.subscriptions.featuresOf(tx, subscription, plan)))
        features[name] = mostOf(features[name], value);
    }
    const until = served.map(({ servedUntil }) => servedUntil).sort((a, b) => a.getTime() - b.getTime())[0] ?? null;
    const revision = served.reduce((sum, one) => sum + one.revision, 0);
    const modelUse = await this.modelUse(tx, served, plans);
    return { level: highest?.level ?? null, features, until, revision, ...(modelUse && { modelUse }) };
  }

  /** Of the plan under which use is counted, as `UsageBillingService.record` does. */
  private async modelUse(tx: EntityManager, served: readonly Subscription[], plans: ReadonlyMap<string, Plan>) {
    const planOf = ({ planId }: Subscription) => plans.get(planId)!;
    const [best] = served
      .filter((one) => planOf(one).byUse !== null)
      .sort((a, b) => planOf(b).rank - planOf(a).rank || (a.id < b.id ? -1 : 1));
    return best && this.usage.allowance(tx, best, planOf(best));
  }
}

/** Null is without limit. */
function mostOf(one: Features[string] | undefined, other: Features[string]): Features[string] {
  if (one === undefined) return other;
  if (one === null || other === null) return null;
  if (typeof one === 'number' && typeof other === 'number') return Math.max(one, other);
  return Boolean(one) || Boolean(other) ? (typeof one === 'number' ? one : other) : false;
}
