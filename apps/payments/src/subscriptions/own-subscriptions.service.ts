import { Injectable } from '@nestjs/common';
import { SubscriptionChanged } from '@switchboard/contracts';
import { DomainError, type IfMatch } from '@switchboard/service-kit';
import type { EntityManager } from 'typeorm';
import { Plan } from '../catalogue/plan.entity';
import { ProvidersService } from '../providers/providers.service';
import { UsageBillingService } from '../usage-billing/usage-billing.service';
import { MembershipsService } from './memberships.service';
import type { Subscription } from './subscription.entity';
import { SubscriptionsService } from './subscriptions.service';

class NothingToCharge extends DomainError {
  constructor() {
    const texts = {
      en: 'There is nothing that could be charged.',
      ru: 'Списывать не с чего: сохраните карту или пополните баланс.',
    };
    super('payments.nothing_to_charge', texts, 409);
  }
}
class NotPausable extends DomainError {
  constructor() {
    super('payments.not_pausable', { en: 'It cannot rest now.', ru: 'Сейчас её нельзя приостановить.' }, 409);
  }
}

export interface Change {
  readonly autoRenew?: boolean | undefined;
  readonly paused?: boolean | undefined;
  readonly region?: string | null | undefined;
  readonly useLimitMinor?: number | undefined;
}

/** What people change of their subscriptions by themselves. */
@Injectable()
export class OwnSubscriptionsService {
  constructor(
    private readonly subscriptions: SubscriptionsService,
    private readonly memberships: MembershipsService,
    private readonly usage: UsageBillingService,
    private readonly providers: ProvidersService,
  ) {}

  async change(tx: EntityManager, userId: string, id: string, change: Change, seen: IfMatch): Promise<Subscription> {
    const subscription = await this.subscriptions.lock(tx, id, userId);
    seen.check(subscription.revision);
    if (change.autoRenew !== undefined) await this.renew(tx, subscription, change.autoRenew);
    if (change.region !== undefined) subscription.region = change.region;
    if (change.useLimitMinor !== undefined) await this.limitUse(tx, subscription, change.useLimitMinor);
    const { autoRenew, region, useLimitMinor } = change;
    if ([autoRenew, region, useLimitMinor].some((value) => value !== undefined))
      await this.subscriptions.changed(tx, subscription, SubscriptionChanged);
    if (change.paused === undefined || change.paused === (subscription.status === 'paused')) return subscription;
    if (!change.paused) {
      const isOutside = await this.memberships.isOutside(tx, userId, subscription.botId);
      if (subscription.restsForChannel || isOutside) throw new NotPausable();
      await this.subscriptions.resume(tx, subscription);
    } else if (subscription.status === 'active') await this.subscriptions.pause(tx, subscription);
    else throw new NotPausable();
    return subscription;
  }

  private async limitUse(tx: EntityManager, subscription: Subscription, limitMinor: number): Promise<void> {
    const plan = await tx.findOneByOrFail(Plan, { id: subscription.planId });
    await this.usage.limit(tx, subscription, plan, limitMinor);
  }

  /** Telegram charges for it, or would again. */
  private async isChargedThere(tx: EntityManager, { id, planId }: Subscription): Promise<boolean> {
    const [known] = await tx.query<unknown[]>(
      `SELECT FROM star_subscriptions WHERE subscription_id = $1 AND plan_id = $2 AND state <> 'failed'`,
      [id, planId],
    );
    return known !== undefined;
  }

  /** In the currency of what they paid last. */
  private async renew(tx: EntityManager, subscription: Subscription, on: boolean): Promise<void> {
    if (!on) return void Object.assign(subscription, { autoRenew: false, renewAt: null, renewAttempt: 0 });
    const plan = await tx.findOneByOrFail(Plan, { id: subscription.planId });
    const { userId, botId } = subscription;
    const [paid] = await tx.query<{ currency: string }[]>(
      `SELECT currency FROM orders WHERE user_id = $1 AND bot_id = $2 AND paid_at IS NOT NULL AND kind <> 'top-up' ORDER BY id DESC LIMIT 1`,
      [userId, botId],
    );
    const currency = paid?.currency ?? Object.keys(plan.prices)[0] ?? '';
    await this.subscriptions.renewByItself(tx, subscription, plan, currency);
    if (!subscription.autoRenew) throw new NothingToCharge();
    const hasNone = subscription.methodId === null && this.providers.isChargedThere(botId, currency);
    if (hasNone && !(await this.isChargedThere(tx, subscription))) throw new NothingToCharge();
  }
}
