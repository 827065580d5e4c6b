import { Injectable } from '@nestjs/common';
import { Outbox } from '@switchboard/bus';
import {
  type Features,
  SERVED_STATUSES,
  SubscriptionActivated,
  SubscriptionChanged,
  SubscriptionEnded,
  SubscriptionExpired,
  SubscriptionExpiring,
  SubscriptionPaused,
  SubscriptionRenewed,
  SubscriptionResumed,
} from '@switchboard/contracts';
import { Clock, DomainError, Erasure } from '@switchboard/service-kit';
import { type EntityManager, type FindOptionsWhere, MoreThan, Not } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import type { Package } from '../catalogue/package.entity';
import { periodOf, Plan } from '../catalogue/plan.entity';
import { ProvidersService } from '../providers/providers.service';
import { MembershipsService } from './memberships.service';
import { addPeriods, creditOf, type PaidPeriod, timeFor } from './proration';
import { SubscriptionPackage } from './subscription-package.entity';
import { SubscriptionPeriod } from './subscription-period.entity';
import { Subscription } from './subscription.entity';

const DAY_MS = 86_400_000;

/** Above whatever was said of a subscription since a backup; an integer bears two thousand such restores. */
const ABOVE_ALL_REVISIONS = 1_000_000;
const ANNOUNCED_AT_ONCE = 200;
/** No database is restored from so long ago, and vpn-provisioner forgets by then who has ended. */
const ANNOUNCE_ENDED_DAYS = 400;

export class SubscriptionNotFound extends DomainError {
  constructor() {
    super('payments.subscription_not_found', { en: 'There is no such subscription.', ru: 'Такой подписки нет.' }, 404);
  }
}

/** What a subscription is bought or gone on with. */
export interface Purchase {
  readonly orderId: string | null;
  readonly userId: string;
  readonly plan: Plan;
  readonly periods: number;
  readonly amountMinor: number;
  readonly currency: string;
  readonly extraDays: number;
  readonly region?: string | undefined;
  /** It is to go on by itself. */
  readonly autoRenew?: boolean;
}

/** What happens to what a person has, always in the transaction of what it happens because of. */
@Injectable()
export class SubscriptionsService {
  constructor(
    private readonly memberships: MembershipsService,
    private readonly providers: ProvidersService,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
    erasure: Erasure,
  ) {
    // Nobody is charged who is not known any more; other services end what they serve by themselves.
    erasure.add({
      rows: (tx, userId) =>
        tx.query(`UPDATE subscriptions SET status = 'ended', auto_renew = false, renew_at = NULL WHERE user_id = $1`, [
          userId,
        ]),
    });
  }

  /** Locked: whoever changes it comes through here. @throws SubscriptionNotFound */
  async lock(tx: EntityManager, subscriptionId: string, userId?: string): Promise<Subscription> {
    const where = { id: subscriptionId, ...(userId !== undefined && { userId }) };
    const found = await tx.findOne(Subscription, { where, lock: { mode: 'pessimistic_write' } });
    if (!found) throw new SubscriptionNotFound();
    return found;
  }

  /** The latest of a plan that a person can go on with; locked. */
  async ofPlan(tx: EntityManager, userId: string, planId: string): Promise<Subscription | undefined> {
    const where = { userId, planId, status: Not<Subscription['status']>('ended') };
    const found = await tx.findOne(Subscription, { where, order: { id: 'DESC' }, lock: { mode: 'pessimistic_write' } });
    return found ?? undefined;
  }

  /** A subscription that begins now. */
  async begin(tx: EntityManager, bought: Purchase, status: 'trial' | 'active', subscriptionId = uuidv7()) {
    const now = this.clock.now();
    const { plan, userId } = bought;
    const validUntil = this.endOf(now, bought, status);
    const subscription = tx.create(Subscription, {
      ...{ id: subscriptionId, userId, botId: plan.botId, planId: plan.id, status, region: bought.region ?? null },
      ...{ startedAt: now, periodStart: now, validUntil, servedUntil: withGrace(validUntil, plan, status) },
      ...{
        pausedAt: null,
        restsForChannel: false,
        restsForPerson: false,
        restsAsTrial: false,
        autoRenew: false,
        methodId: null,
        renewCurrency: null,
        renewAt: null,
        renewAttempt: 0,
      },
      ...{ toldDaysLeft: null, toldOfRenewal: false, revision: 1 },
    });
    if (bought.autoRenew) await this.renewByItself(tx, subscription, plan, bought.currency);
    await tx.insert(Subscription, subscription as never);
    await this.note(tx, subscription, bought, {
      startsAt: now,
      endsAt: validUntil,
      cause: status === 'trial' ? 'trial' : 'bought',
    });
    await this.say(tx, SubscriptionActivated, subscription, plan);
    await this.restOutside(tx, subscription);
    return subscription;
  }

  /** Goes on for what was bought: after what is left of it, or from now on where nothing is. Nothing that is left is lost. */
  async extend(tx: EntityManager, subscription: Subscription, bought: Purchase): Promise<void> {
    const now = this.clock.now();
    const { plan } = bought;
    const { validUntil, pausedAt } = subscription;
    const goesOn = validUntil > now || pausedAt !== null;
    const wasServed = SERVED_STATUSES.includes(subscription.status);
    // Where it rests in its days of grace, what is bought begins when it goes on.
    const startsAt = pausedAt && pausedAt > validUntil ? pausedAt : goesOn ? validUntil : now;
    const endsAt = this.endOf(startsAt, bought, 'active', goesOn ? subscription.periodStart : startsAt);
    if (subscription.status !== 'paused') subscription.become('active');
    subscription.restsAsTrial = false;
    if (!goesOn) Object.assign(subscription, { periodStart: now, planId: plan.id });
    await this.note(tx, subscription, bought, { startsAt, endsAt, cause: 'bought' });
    if (bought.autoRenew) await this.renewByItself(tx, subscription, plan, bought.currency);
    this.until(subscription, endsAt, plan);
    await this.save(tx, subscription);
    await this.say(tx, wasServed || goesOn ? SubscriptionRenewed : SubscriptionActivated, subscription, plan);
    await this.restOutside(tx, subscription);
  }

  /**
   * Another plan from now on. What was left of the present one made it cheaper (`creditFor`); what it is worth beyond that buys time,
   * and what it is no longer worth, since it was taken back in between, is time that is not had.
   */
  async changePlan(
    tx: EntityManager,
    subscription: Subscription,
    bought: Purchase,
    credit: { usedMinor: number; priceMinor: number; at: Date },
  ): Promise<void> {
    const now = this.clock.now();
    const { plan } = bought;
    const { usedMinor, priceMinor } = credit;
    const { creditMinor, otherMs } = await this.worthOf(tx, subscription, bought.currency, credit.at);
    const wholeMs = addPeriods(now, periodOf(plan), bought.periods).getTime() - now.getTime();
    const boughtMs = timeFor(Math.max(0, priceMinor + creditMinor - usedMinor), priceMinor, wholeMs);
    const endsAt = new Date(now.getTime() + boughtMs + otherMs + bought.extraDays * DAY_MS);
    await tx.query(
      `UPDATE subscription_periods SET ends_at = greatest(starts_at, $2) WHERE subscription_id = $1 AND ends_at > $2`,
      [subscription.id, now],
    );
    subscription.become('active');
    Object.assign(subscription, {
      ...{ planId: plan.id, periodStart: now, pausedAt: null, restsAsTrial: false },
      ...{ restsForChannel: false, restsForPerson: false },
      ...(bought.region && { region: bought.region }),
    });
    // What the former plan was worth is part of what was paid for this one, for the next change and for a refund.
    const amountMinor = bought.amountMinor + Math.min(usedMinor, creditMinor);
    await this.note(tx, subscription, { ...bought, amountMinor }, { startsAt: now, endsAt, cause: 'changed' });
    const { renewCurrency } = subscription;
    if (bought.autoRenew) await this.renewByItself(tx, subscription, plan, bought.currency);
    // What a provider charges for by itself is the former plan, and ends with it.
    else if (renewCurrency !== null && this.providers.isChargedThere(plan.botId, renewCurrency))
      subscription.autoRenew = false;
    this.until(subscription, endsAt, plan);
    await this.save(tx, subscription);
    await this.say(tx, SubscriptionChanged, subscription, plan);
    await this.restOutside(tx, subscription);
  }

  /** What the time that is left takes off the price of another plan, and how much longer that lasts for what is over. */
  async creditFor(
    tx: EntityManager,
    subscription: Subscription,
    wanted: Plan,
    priceMinor: number,
    currency: string,
  ): Promise<Credit> {
    const now = this.clock.now();
    const { creditMinor, otherMs } = await this.worthOf(tx, subscription, currency, now);
    const usedMinor = Math.min(creditMinor, priceMinor);
    const periodMs = addPeriods(now, periodOf(wanted)).getTime() - now.getTime();
    return { usedMinor, surplusMs: timeFor(creditMinor - usedMinor, priceMinor, periodMs) + otherMs };
  }

  /**
   * Charged from now on by what the person has saved last with the bot and can be charged in the currency, else from their balance.
   * Saved by whoever calls.
   */
  async renewByItself(tx: EntityManager, subscription: Subscription, plan: Plan, currency: string): Promise<void> {
    if (!plan.recurring || plan.prices[currency] === undefined) return;
    const { userId, botId, validUntil } = subscription;
    const [saved] = await tx.query<{ id: string }[]>(
      `SELECT id FROM saved_methods WHERE user_id = $1 AND bot_id = $2 AND revoked_at IS NULL AND provider = ANY ($3)
       ORDER BY id = $4 DESC NULLS LAST, saved_at DESC, id DESC LIMIT 1`,
      [userId, botId, this.providers.charging(botId, currency), subscription.autoRenew ? subscription.methodId : null],
    );
    Object.assign(subscription, {
      ...{
        autoRenew: true,
        methodId: saved?.id ?? null,
        renewCurrency: currency,
        renewAttempt: 0,
        toldOfRenewal: false,
      },
      renewAt: subscription.pausedAt ? null : renewalOf(validUntil, plan),
    });
  }

  /** More of something, beside the plan. */
  async addPackage(
    tx: EntityManager,
    subscription: Subscription,
    plan: Plan,
    bought: { orderId: string; package: Package; quantity: number },
  ) {
    const { orderId, quantity } = bought;
    const { id: packageId, adds, lasts } = bought.package;
    const times = ([name, value]: [string, Features[string]]) =>
      [name, typeof value === 'number' ? value * quantity : value] as const;
    await tx.insert(SubscriptionPackage, {
      ...{ id: uuidv7(), subscriptionId: subscription.id, userId: subscription.userId, orderId, packageId },
      adds: Object.fromEntries(Object.entries(adds).map(times)),
      fromAt: this.clock.now(),
      untilAt: lasts === 'period' ? subscription.validUntil : null,
    });
    await this.save(tx, subscription);
    await this.say(tx, SubscriptionChanged, subscription, plan);
  }

  /** Time that was bought by an order is taken back. A subscription without any left has ended. */
  async takeBack(tx: EntityManager, orderId: string): Promise<void> {
    const now = this.clock.now();
    await this.removePackage(tx, orderId);
    const period = await tx.findOneBy(SubscriptionPeriod, { orderId });
    if (!period) return;
    const subscription = await this.lock(tx, period.subscriptionId);
    if (subscription.status === 'ended') return;
    const plan = await tx.findOneByOrFail(Plan, { id: subscription.planId });
    const from = period.startsAt > now ? period.startsAt : now;
    const lostMs = Math.max(0, period.endsAt.getTime() - from.getTime());
    await tx.delete(SubscriptionPeriod, { id: period.id });
    // What was bought after it moves up.
    await tx.query(
      `UPDATE subscription_periods SET starts_at = starts_at - $3 * interval '1 millisecond', ends_at = ends_at - $3 * interval '1 millisecond'
       WHERE subscription_id = $1 AND starts_at >= $2`,
      [subscription.id, period.endsAt, lostMs],
    );
    const validUntil = new Date(subscription.validUntil.getTime() - lostMs);
    if (validUntil > now && subscription.status !== 'expired') {
      this.until(subscription, validUntil, plan);
      await this.save(tx, subscription);
      return this.say(tx, SubscriptionChanged, subscription, plan);
    }
    await this.endNow(tx, subscription);
  }

  /** Before its time, by staff. */
  async endNow(tx: EntityManager, subscription: Subscription): Promise<void> {
    const now = this.clock.now();
    subscription.become('ended');
    Object.assign(subscription, { validUntil: now, servedUntil: now, pausedAt: null, renewAt: null, autoRenew: false });
    await this.save(tx, subscription);
    await this.sayOf(tx, SubscriptionEnded, subscription);
  }

  /** By its person, or because they have left the channel that the bot asks for: each of the two by itself keeps it at rest. */
  async pause(tx: EntityManager, subscription: Subscription, { forChannel = false } = {}): Promise<void> {
    const why = forChannel ? 'restsForChannel' : 'restsForPerson';
    if (subscription[why]) return;
    subscription[why] = true;
    if (subscription.status === 'paused') return this.changed(tx, subscription, SubscriptionChanged);
    const restsAsTrial = subscription.status === 'trial';
    subscription.become('paused');
    Object.assign(subscription, { restsAsTrial, pausedAt: this.clock.now(), renewAt: null });
    await this.save(tx, subscription);
    await this.sayOf(tx, SubscriptionPaused, subscription);
  }

  /** It goes on once nothing keeps it at rest any more. Its days are those that were left. */
  async resume(tx: EntityManager, subscription: Subscription, { forChannel = false } = {}): Promise<void> {
    const why = forChannel ? 'restsForChannel' : 'restsForPerson';
    if (subscription.status !== 'paused') return;
    // One that rests for no reason that is known here rests no longer than until somebody wants it to go on.
    const isOther = !subscription[why] && (subscription.restsForChannel || subscription.restsForPerson);
    if (isOther) return;
    subscription[why] = false;
    if (subscription.restsForChannel || subscription.restsForPerson)
      return this.changed(tx, subscription, SubscriptionChanged);
    const now = this.clock.now();
    const restedMs = now.getTime() - subscription.pausedAt!.getTime();
    const plan = await tx.findOneByOrFail(Plan, { id: subscription.planId });
    await tx.query(
      `UPDATE subscription_periods SET ends_at = ends_at + $3 * interval '1 millisecond',
         starts_at = starts_at + CASE WHEN starts_at >= $2 THEN $3 ELSE 0 END * interval '1 millisecond'
       WHERE subscription_id = $1 AND ends_at > $2`,
      [subscription.id, subscription.pausedAt, restedMs],
    );
    subscription.become(subscription.restsAsTrial ? 'trial' : 'active');
    Object.assign(subscription, { pausedAt: null, restsAsTrial: false });
    subscription.periodStart = new Date(subscription.periodStart.getTime() + restedMs);
    this.until(subscription, new Date(subscription.validUntil.getTime() + restedMs), plan);
    await this.save(tx, subscription);
    await this.say(tx, SubscriptionResumed, subscription, plan);
  }

  /** Something of it was changed that is no step of its life. */
  async changed(tx: EntityManager, subscription: Subscription, event: SubscriptionEvent): Promise<void> {
    await this.save(tx, subscription);
    await this.sayOf(tx, event, subscription);
  }

  /**
   * Others have heard of later states than a restored database knows, and would take all that it says for old.
   * @returns the last that was said; undefined: there are no more
   */
  async announce(tx: EntityManager, after: string): Promise<string | undefined> {
    const some = await tx.find(Subscription, {
      where: this.announced().map((which) => ({ ...which, id: MoreThan(after) })),
      order: { id: 'ASC' },
      take: ANNOUNCED_AT_ONCE,
      lock: { mode: 'pessimistic_write' },
    });
    for (const subscription of some) {
      subscription.revision += ABOVE_ALL_REVISIONS;
      await this.changed(tx, subscription, SubscriptionChanged);
    }
    return some.length < ANNOUNCED_AT_ONCE ? undefined : some.at(-1)!.id;
  }

  countAnnounced(tx: EntityManager): Promise<number> {
    return tx.countBy(Subscription, this.announced());
  }

  /** Also those that have ended: a restored database may still have them served. */
  private announced(): FindOptionsWhere<Subscription>[] {
    const since = new Date(this.clock.now().getTime() - ANNOUNCE_ENDED_DAYS * DAY_MS);
    return [{ status: Not<Subscription['status']>('ended') }, { status: 'ended', validUntil: MoreThan(since) }];
  }

  /** Days that are given, by staff or by a promo code. */
  async giveDays(tx: EntityManager, subscription: Subscription, days: number): Promise<void> {
    const plan = await tx.findOneByOrFail(Plan, { id: subscription.planId });
    const bought = {
      orderId: null,
      userId: subscription.userId,
      plan,
      periods: 0,
      amountMinor: 0,
      currency: 'XXX',
      extraDays: days,
    };
    await this.extend(tx, subscription, bought);
  }

  /** What was paid by an order lasts until then at least, and is taken back with it. */
  async lastUntil(tx: EntityManager, subscription: Subscription, orderId: string, least: Date): Promise<void> {
    const missingMs = least.getTime() - subscription.validUntil.getTime();
    if (missingMs <= 0) return;
    await tx.query(
      `UPDATE subscription_periods SET ends_at = ends_at + $2 * interval '1 millisecond' WHERE order_id = $1`,
      [orderId, missingMs],
    );
    const plan = await tx.findOneByOrFail(Plan, { id: subscription.planId });
    this.until(subscription, least, plan);
    await this.save(tx, subscription);
    await this.say(tx, SubscriptionChanged, subscription, plan);
  }

  /** What has come to its end: grace first, where the plan has any. */
  async end(tx: EntityManager, subscription: Subscription): Promise<void> {
    const now = this.clock.now();
    const plan = await tx.findOneByOrFail(Plan, { id: subscription.planId });
    const hasGrace = subscription.servedUntil > now && subscription.status === 'active';
    subscription.become(hasGrace ? 'grace' : 'expired');
    if (!hasGrace) subscription.renewAt = null;
    await this.save(tx, subscription);
    await this.say(tx, hasGrace ? SubscriptionChanged : SubscriptionExpired, subscription, plan);
  }

  /** Tells of an end that comes, once for each of the days it is told of. */
  async tellOfEnd(tx: EntityManager, subscription: Subscription, daysLeft: number): Promise<void> {
    const plan = await tx.findOneByOrFail(Plan, { id: subscription.planId });
    subscription.toldDaysLeft = daysLeft;
    await tx.update(Subscription, { id: subscription.id }, { toldDaysLeft: daysLeft });
    const state = await this.stateOf(tx, subscription, plan);
    await this.outbox.add(tx, SubscriptionExpiring({ ...state, daysLeft }));
  }

  /** Everything that the plan and what was bought beside it bring now. */
  async featuresOf(tx: EntityManager, { id }: Pick<Subscription, 'id'>, plan: Plan): Promise<Features> {
    const now = this.clock.now();
    const rows = await tx.findBy(SubscriptionPackage, { subscriptionId: id });
    const features: Features = { ...plan.features };
    for (const { adds, untilAt } of rows) {
      if (untilAt && untilAt <= now) continue;
      for (const [name, value] of Object.entries(adds)) features[name] = sumOf(features[name], value);
    }
    return features;
  }

  async say(tx: EntityManager, event: SubscriptionEvent, subscription: Subscription, plan: Plan): Promise<void> {
    await this.outbox.add(tx, event(await this.stateOf(tx, subscription, plan)));
  }

  private async sayOf(tx: EntityManager, event: SubscriptionEvent, subscription: Subscription): Promise<void> {
    await this.say(tx, event, subscription, await tx.findOneByOrFail(Plan, { id: subscription.planId }));
  }

  private async stateOf(tx: EntityManager, subscription: Subscription, plan: Plan) {
    const { id, revision, userId, botId, planId, status, region, autoRenew } = subscription;
    return {
      ...{ subscriptionId: id, revision, userId, botId, planId, level: plan.level, status, autoRenew },
      startedAt: subscription.startedAt.toISOString(),
      periodStart: subscription.periodStart.toISOString(),
      period: periodOf(plan),
      validUntil: subscription.validUntil.toISOString(),
      servedUntil: subscription.servedUntil.toISOString(),
      features: await this.featuresOf(tx, subscription, plan),
      ...(region !== null && { region }),
    };
  }

  private async worthOf(tx: EntityManager, { id, pausedAt }: Subscription, currency: string, at: Date) {
    const rows = await tx.findBy(SubscriptionPeriod, { subscriptionId: id });
    const periods: PaidPeriod[] = rows.map(({ startsAt, endsAt, amountMinor, currency }) => ({
      from: startsAt,
      to: endsAt,
      amountMinor,
      currency,
    }));
    return creditOf(periods, pausedAt ?? at, currency);
  }

  private async removePackage(tx: EntityManager, orderId: string): Promise<void> {
    const found = await tx.findOneBy(SubscriptionPackage, { orderId });
    if (!found) return;
    const subscription = await this.lock(tx, found.subscriptionId);
    await tx.delete(SubscriptionPackage, { id: found.id });
    await this.save(tx, subscription);
    await this.sayOf(tx, SubscriptionChanged, subscription);
  }

  /** Whatever is had outside of the channel that the bot asks for. */
  private async restOutside(tx: EntityManager, subscription: Subscription): Promise<void> {
    const { userId, botId, status } = subscription;
    const isServed = SERVED_STATUSES.includes(status);
    if (isServed && (await this.memberships.isOutside(tx, userId, botId)))
      await this.pause(tx, subscription, { forChannel: true });
  }

  /** @param since when it has gone on without a gap */
  private endOf(from: Date, { plan, periods, extraDays }: Purchase, status: 'trial' | 'active', since = from): Date {
    if (status === 'trial') return new Date(from.getTime() + (plan.trialDays ?? 0) * DAY_MS);
    return new Date(addPeriods(from, periodOf(plan), periods, since).getTime() + extraDays * DAY_MS);
  }

  private until(subscription: Subscription, validUntil: Date, plan: Plan): void {
    Object.assign(subscription, {
      ...{ validUntil, servedUntil: withGrace(validUntil, plan, subscription.status) },
      ...{ renewAttempt: 0, toldDaysLeft: null, toldOfRenewal: false },
      renewAt: subscription.autoRenew && !subscription.pausedAt ? renewalOf(validUntil, plan) : null,
    });
  }

  private async note(
    tx: EntityManager,
    { id: subscriptionId, userId }: Subscription,
    { orderId, plan, amountMinor, currency }: Purchase,
    time: { startsAt: Date; endsAt: Date; cause: string },
  ): Promise<void> {
    // By its order, no time is added twice.
    await tx.insert(SubscriptionPeriod, {
      ...{ id: uuidv7(), subscriptionId, userId, orderId, planId: plan.id, amountMinor, currency },
      ...time,
    });
  }

  private async save(tx: EntityManager, subscription: Subscription): Promise<void> {
    subscription.revision += 1;
    const { id, ...rest } = subscription;
    await tx.update(Subscription, { id }, rest as never);
  }
}

type SubscriptionEvent =
  | typeof SubscriptionActivated
  | typeof SubscriptionChanged
  | typeof SubscriptionRenewed
  | typeof SubscriptionPaused
  | typeof SubscriptionResumed
  | typeof SubscriptionExpired
  | typeof SubscriptionEnded;

export interface Credit {
  /** Taken off the price. */
  readonly usedMinor: number;
  /** What is more than the price, and what was given, as time of the new plan. */
  readonly surplusMs: number;
}

/** A day before its end, so that a refusal can be told and tried again while the person is still served; of short periods their last quarter. */
function renewalOf(validUntil: Date, { periodUnit, periodCount }: Plan): Date {
  const beforeMs = periodUnit === 'day' ? Math.min(DAY_MS, (periodCount * DAY_MS) / 4) : DAY_MS;
  return new Date(validUntil.getTime() - beforeMs);
}

const withGrace = (validUntil: Date, plan: Plan, status: string): Date =>
  status === 'trial' ? validUntil : new Date(validUntil.getTime() + plan.graceDays * DAY_MS);

/** Without limit stays so; numbers add up; what one of them allows is allowed. */
function sumOf(one: Features[string] | undefined, other: Features[string]): Features[string] {
  if (one === undefined) return other;
  if (one === null || other === null) return null;
  if (typeof one === 'number' && typeof other === 'number') return one + other;
  return Boolean(one) || Boolean(other);
}
