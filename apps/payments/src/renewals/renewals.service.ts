import { Injectable } from '@nestjs/common';
import { Outbox } from '@switchboard/bus';
import {
  RenewalFailed,
  RenewalUpcoming,
  type EventOf,
  type InvoiceFailed,
  type PaymentFailure,
} from '@switchboard/contracts';
import { Clock, eachDue, type EachDueOptions } from '@switchboard/service-kit';
import { DataSource, type EntityManager } from 'typeorm';
import type { z } from 'zod';
import { CatalogueService } from '../catalogue/catalogue.service';
import { Invoice } from '../invoices/invoice.entity';
import { InvoicesJobs } from '../invoices/invoices.jobs';
import { SavedMethodsService } from '../invoices/saved-methods.service';
import { Order } from '../orders/order.entity';
import { OrdersService } from '../orders/orders.service';
import { QuotesService } from '../orders/quotes.service';
import { ProvidersService } from '../providers/providers.service';
import { Subscription } from '../subscriptions/subscription.entity';
import { SubscriptionsService } from '../subscriptions/subscriptions.service';
import { UsageBillingService } from '../usage-billing/usage-billing.service';

const HOUR_MS = 3_600_000;
/** Tried again so long after each refusal: twice before the end of what was paid, and while grace lasts. Then the person has to act. */
const AGAIN_AFTER_MS = [12, 24, 48].map((hours) => hours * HOUR_MS);
/** What is told a day or more ahead: ten times a second, since whoever pays meanwhile waits for it; done before it is due again. */
const TELLING = { atOnce: 900, pauseMs: 100 };
const NOT_CHARGED_THERE = `NOT EXISTS (
  SELECT FROM star_subscriptions s WHERE s.subscription_id = subscriptions.id AND s.state IN ('active', 'changing'))`;
/**
 * A net below all that is to set the next attempt: whoever is to be charged, has attempts left and waits for no answer. What an event is
 * to set is left alone for an hour.
 */
const LOST = `auto_renew AND renew_at IS NULL AND renew_attempt > 0 AND paused_at IS NULL AND status IN ('active', 'grace')
  AND served_until > $1::timestamptz + (ARRAY[${AGAIN_AFTER_MS.join(', ')}])[renew_attempt] * interval '1 millisecond'
  AND ${NOT_CHARGED_THERE} AND NOT EXISTS (
    SELECT FROM orders o LEFT JOIN invoices i ON i.order_id = o.id AND i.state IN ('created', 'pending')
    WHERE o.subscription_id = subscriptions.id AND o.automatic
      AND (o.created_at > $1::timestamptz - interval '1 hour' OR i.id IS NOT NULL))`;
const DUE = `renew_at <= $1 AND ${NOT_CHARGED_THERE}`;
/**
 * Nothing has been charged for an hour though it was to be, as far as this database knows: it may be an older one, and whatever was
 * renewed since would be charged again, by orders of which no provider knows.
 */
const RESTORED = `SELECT last_success_at AS since, array(SELECT DISTINCT bot_id FROM subscriptions WHERE ${DUE} OR ${LOST}) AS bots
  FROM schedules WHERE job = 'renew-subscriptions' AND last_success_at < clock_timestamp() - interval '1 hour'`;
/**
 * Of how many days that are left it is to be told: three, one, and on the last day half a day before; of nothing in the first half of
 * what was bought last.
 */
const DAYS_LEFT = `(SELECT min(days) FROM (VALUES (0, interval '12 hours'), (1, interval '24 hours'), (3, interval '72 hours')) AS told (days, before)
  WHERE s.valid_until <= $1::timestamptz + before AND before * 2 <= least(s.valid_until - s.period_start,
    CASE p.period_unit WHEN 'day' THEN p.period_count * interval '1 day' END))`;

/** Subscriptions that go on by themselves, and those that do not. */
@Injectable()
export class RenewalsService {
  constructor(
    private readonly db: DataSource,
    private readonly catalogue: CatalogueService,
    private readonly subscriptions: SubscriptionsService,
    private readonly usage: UsageBillingService,
    private readonly quotes: QuotesService,
    private readonly orders: OrdersService,
    private readonly invoices: InvoicesJobs,
    private readonly methods: SavedMethodsService,
    private readonly providers: ProvidersService,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
  ) {}

  /** What Telegram charges for itself is none of it. */
  async renewDue(signal: AbortSignal): Promise<void> {
    const [restored] = await this.db.query<{ since: Date; bots: string[] }[]>(RESTORED, [this.clock.now()]);
    // What is paid in the sandbox is no money, and whoever tries things out stops them for days.
    if (restored?.bots.some((botId) => !this.providers.livesInSandbox(botId)))
      throw new Error(
        `nothing is renewed, and was not since ${restored.since.toISOString()}: was a database restored? See docs/runbooks/database-restored.md`,
      );
    const setLost = `UPDATE subscriptions SET renew_at = $1 WHERE id = $2 AND ${LOST}`;
    const lost = `SELECT id, valid_until AS at FROM subscriptions WHERE ${LOST}`;
    const set = (tx: EntityManager, id: string) => tx.query<void>(setLost, [this.clock.now(), id]);
    // The net keeps nobody from their turn.
    const failure = await this.eachDue(lost, set, { signal }).catch((error: Error) => error);
    const due = `SELECT id, renew_at AS at FROM subscriptions WHERE ${DUE}`;
    await this.eachDue(due, (tx, id) => this.renew(tx, id), { signal });
    if (failure) throw failure;
  }

  async endDue(signal: AbortSignal): Promise<void> {
    const due = `SELECT id, valid_until AS at FROM subscriptions
      WHERE (status IN ('trial', 'active') AND valid_until <= $1) OR (status = 'grace' AND served_until <= $1)`;
    const end = async (tx: EntityManager, id: string) => {
      const subscription = await this.subscriptions.lock(tx, id);
      if (this.isOver(subscription)) await this.subscriptions.end(tx, subscription);
    };
    await this.eachDue(due, end, { signal });
  }

  /** A day before it is charged for; of short periods as long before as the charge is before their end. */
  async tellOfRenewals(signal: AbortSignal): Promise<void> {
    const due = `SELECT s.id, s.renew_at AS at FROM subscriptions s JOIN plans p ON p.id = s.plan_id
      WHERE NOT s.told_of_renewal AND s.renew_attempt = 0 AND s.renew_at > $1 AND s.renew_at <= $1::timestamptz + interval '1 day'
        AND (p.period_unit = 'month' OR s.renew_at <= $1::timestamptz + p.period_count * interval '1 day' / 4)`;
    const tell = async (tx: EntityManager, id: string) => {
      const subscription = await this.subscriptions.lock(tx, id);
      const { userId, botId, planId, renewAt, renewCurrency, toldOfRenewal } = subscription;
      const plan = await this.catalogue.plan(tx, botId, planId);
      const price = plan.prices[renewCurrency ?? ''];
      if (!renewAt || toldOfRenewal || price === undefined) return;
      const amountMinor = price + (await this.usage.upcoming(tx, subscription, plan, renewCurrency!));
      await tx.update(Subscription, { id }, { toldOfRenewal: true });
      const told = { subscriptionId: id, userId, botId, amountMinor, currency: renewCurrency! };
      await this.outbox.add(tx, RenewalUpcoming({ ...told, chargeAt: renewAt.toISOString() }));
    };
    await this.eachDue(due, tell, { ...TELLING, signal });
  }

  /** Of what does not go on by itself: of the nearest day alone, however many others have gone by. */
  async tellOfEnds(signal: AbortSignal): Promise<void> {
    const ending = `SELECT s.id, s.valid_until AS at, ${DAYS_LEFT} AS days FROM subscriptions s JOIN plans p ON p.id = s.plan_id
      WHERE s.status IN ('trial', 'active') AND NOT s.auto_renew AND s.valid_until > $1
        AND s.valid_until <= $1::timestamptz + interval '3 days' AND coalesce(s.told_days_left, 100) > ${DAYS_LEFT}`;
    const tell = async (tx: EntityManager, id: string) => {
      const subscription = await this.subscriptions.lock(tx, id);
      const [still] = await tx.query<{ days: number }[]>(`${ending} AND s.id = $2`, [this.clock.now(), id]);
      if (still) await this.subscriptions.tellOfEnd(tx, subscription, still.days);
    };
    await this.eachDue(ending, tell, { ...TELLING, signal });
  }

  /** The charge by which a subscription goes on was refused: it is tried again, or the person has to act. */
  async refused(tx: EntityManager, { data }: EventOf<typeof InvoiceFailed>): Promise<void> {
    const order = await this.orders.lock(tx, data.orderId);
    // What the person pays by hand says nothing of what is charged without them.
    if (!order.automatic || order.subscriptionId === null || order.paidAt) return;
    const subscription = await this.subscriptions.lock(tx, order.subscriptionId);
    // With a time at which it is charged next nothing waits for this answer any more.
    if (!subscription.autoRenew || subscription.renewAttempt === 0 || subscription.renewAt) return;
    // A provider may take longer to answer than an order lives.
    if (order.state === 'awaiting') await this.orders.close(tx, order, 'cancelled');
    if (data.reason === 'method_revoked') await this.forget(tx, data.invoiceId);
    await this.postpone(tx, subscription, order, data);
  }

  /** What was charged cannot be any more. The person may have forgotten it, and named another, by then. */
  private async forget(tx: EntityManager, invoiceId: string): Promise<void> {
    const { methodId } = await tx.findOneByOrFail(Invoice, { id: invoiceId });
    if (methodId && (await this.methods.find(tx, methodId))) await this.methods.revoke(tx, methodId);
  }

  /** By what is saved, or from the balance. */
  private async renew(tx: EntityManager, id: string): Promise<void> {
    const subscription = await this.subscriptions.lock(tx, id);
    const { userId, botId, planId, methodId, renewCurrency: currency } = subscription;
    if (!subscription.renewAt || subscription.renewAt > this.clock.now() || currency === null) return;
    // What rests is charged for once it goes on.
    if (subscription.pausedAt) return void (await tx.update(Subscription, { id }, { renewAt: null }));
    // Made before it was turned off and on, or rested: whatever becomes of that charge goes on from here.
    if (await this.isCharged(tx, id)) {
      const renewAttempt = Math.max(subscription.renewAttempt, 1);
      return void (await tx.update(Subscription, { id }, { renewAt: null, renewAttempt }));
    }
    const wanted = { kind: 'plan', planId, subscriptionId: id, autoRenew: true } as const;
    const asked = { userId, botId, wanted, currency };
    const plan = await this.catalogue.plan(tx, botId, planId);
    if (plan.prices[currency] === undefined) return this.stop(tx, subscription, currency);
    const offer = await this.quotes.offer(tx, asked);
    const saved = methodId === null ? undefined : await this.methods.find(tx, methodId);
    const charging = this.providers.charging(botId, currency);
    const method = saved && charging.includes(saved.provider) ? saved : undefined;
    const how = {
      useBalance: true,
      waits: method === undefined,
      savesMethod: false,
      automatic: true,
      locale: await this.localeOf(tx, userId),
    };
    const order = await this.orders.place(tx, asked, offer, how);
    // Until the provider has said yes or no nothing more is charged.
    Object.assign(subscription, { renewAt: null, renewAttempt: subscription.renewAttempt + 1 });
    await tx.update(Subscription, { id }, { renewAt: null, renewAttempt: subscription.renewAttempt });
    if ((await this.orders.collect(tx, order, { provider: 'balance' })) === 'paid') return;
    if (method) return void (await this.invoices.request(tx, order, method.provider, method.id));
    await this.orders.close(tx, order, 'cancelled');
    await this.postpone(tx, subscription, order, { reason: 'insufficient_funds' });
  }

  /** By a charge of which nobody knows yet what becomes of it. */
  private async isCharged(tx: EntityManager, subscriptionId: string): Promise<boolean> {
    const [open] = await tx.query<unknown[]>(
      `SELECT FROM orders o JOIN invoices i ON i.order_id = o.id AND i.state IN ('created', 'pending')
       WHERE o.subscription_id = $1 AND o.automatic`,
      [subscriptionId],
    );
    return open !== undefined;
  }

  private async postpone(
    tx: EntityManager,
    { id, userId, botId, renewAttempt, servedUntil, pausedAt }: Subscription,
    { totalMinor: amountMinor, currency }: Order,
    { reason, unknown = false }: { reason: z.output<typeof PaymentFailure>; unknown?: boolean | undefined },
  ): Promise<void> {
    // What may have been charged is not charged again: the person, or staff, know more.
    const pause = unknown ? undefined : AGAIN_AFTER_MS[renewAttempt - 1];
    const next = pause === undefined ? undefined : new Date(this.clock.now().getTime() + pause);
    const nextAttemptAt = next && next < servedUntil && !pausedAt ? next : undefined;
    const attempts = unknown ? { renewAttempt: AGAIN_AFTER_MS.length + 1 } : {};
    await tx.update(Subscription, { id }, { renewAt: nextAttemptAt ?? null, ...attempts });
    const told = { subscriptionId: id, userId, botId, amountMinor, currency, reason, attempt: renewAttempt };
    const again = nextAttemptAt && { nextAttemptAt: nextAttemptAt.toISOString() };
    await this.outbox.add(tx, RenewalFailed({ ...told, ...again, servedUntil: servedUntil.toISOString() }));
  }

  /** The plan is sold no more in the currency in which it was paid: nothing is charged that nobody agreed to. */
  private async stop(tx: EntityManager, { id, userId, botId, servedUntil }: Subscription, currency: string) {
    await tx.update(Subscription, { id }, { renewAt: null, autoRenew: false });
    const told = { subscriptionId: id, userId, botId, amountMinor: 0, currency, reason: 'other', attempt: 1 };
    await this.outbox.add(tx, RenewalFailed({ ...told, servedUntil: servedUntil.toISOString() }));
  }

  private async localeOf(tx: EntityManager, userId: string): Promise<string> {
    const [last] = await tx.query<{ locale: string }[]>(
      `SELECT locale FROM orders WHERE user_id = $1 ORDER BY id DESC LIMIT 1`,
      [userId],
    );
    return last?.locale ?? 'en';
  }

  private isOver({ status, validUntil, servedUntil }: Subscription): boolean {
    const now = this.clock.now();
    if (status === 'grace') return servedUntil <= now;
    return (status === 'trial' || status === 'active') && validUntil <= now;
  }
  private eachDue(
    due: string,
    change: (tx: EntityManager, id: string) => Promise<void>,
    options: EachDueOptions,
  ): Promise<void> {
    return eachDue(this.db, due, [this.clock.now()], change, options);
  }
}
