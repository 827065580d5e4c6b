import { Injectable } from '@nestjs/common';
import { Outbox } from '@switchboard/bus';
import {
  RenewalFailed,
  RenewalUpcoming,
  type EventOf,
  type InvoiceFailed,
  type PaymentFailure,
} from '@switchboard/contracts';
import { Clock } from '@switchboard/service-kit';
import { setTimeout as sleep } from 'node:timers/promises';
import { DataSource, type EntityManager } from 'typeorm';
import type { z } from 'zod';
import { CatalogueService } from '../catalogue/catalogue.service';
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
const AT_ONCE = 200;
/** What is told a day or more ahead: ten times a second, since whoever pays meanwhile waits for it; done before it is due again. */
const TELLING = { atOnce: 900, pauseMs: 100 };
/** Told so many days before. */
const DAYS_LEFT = [3, 1, 0];
/** On the last day half a day before. */
const beforeEnd = (daysLeft: number): number => (daysLeft === 0 ? 12 : daysLeft * 24) * HOUR_MS;

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
  async renewDue(): Promise<void> {
    const condition = `renew_at <= $1 AND NOT EXISTS (
      SELECT FROM star_subscriptions s WHERE s.subscription_id = subscriptions.id AND s.state = 'active')`;
    await this.eachDue(condition, 'renew_at', (tx, id) => this.renew(tx, id));
  }

  async endDue(): Promise<void> {
    await this.eachDue(
      `(status IN ('trial', 'active') AND valid_until <= $1) OR (status = 'grace' AND served_until <= $1)`,
      'valid_until',
      async (tx, id) => {
        const subscription = await this.subscriptions.lock(tx, id);
        if (this.isOver(subscription)) await this.subscriptions.end(tx, subscription);
      },
    );
  }

  /** A day before it is charged for. */
  async tellOfRenewals(signal: AbortSignal): Promise<void> {
    await this.eachDue(
      `NOT told_of_renewal AND renew_attempt = 0 AND renew_at <= $1::timestamptz + interval '1 day' AND renew_at > $1`,
      'renew_at',
      async (tx, id) => {
        const subscription = await this.subscriptions.lock(tx, id);
        const { userId, botId, planId, renewAt, renewCurrency, toldOfRenewal } = subscription;
        const plan = await this.catalogue.plan(tx, botId, planId);
        const price = plan.prices[renewCurrency ?? ''];
        if (!renewAt || toldOfRenewal || price === undefined) return;
        const amountMinor = price + (await this.usage.upcoming(tx, subscription, plan, renewCurrency!));
        await tx.update(Subscription, { id }, { toldOfRenewal: true });
        const told = { subscriptionId: id, userId, botId, amountMinor, currency: renewCurrency! };
        await this.outbox.add(tx, RenewalUpcoming({ ...told, chargeAt: renewAt.toISOString() }));
      },
      { ...TELLING, signal },
    );
  }

  /** Of what does not go on by itself: of the nearest day alone, however many others have gone by. */
  async tellOfEnds(signal: AbortSignal): Promise<void> {
    const due = DAYS_LEFT.map(
      (days) => `valid_until <= $1::timestamptz + interval '${beforeEnd(days) / HOUR_MS} hours'
      AND (told_days_left IS NULL OR told_days_left > ${days})`,
    );
    await this.eachDue(
      `status IN ('trial', 'active') AND NOT auto_renew AND valid_until > $1 AND (${due.join(' OR ')})`,
      'valid_until',
      async (tx, id) => {
        const subscription = await this.subscriptions.lock(tx, id);
        const leftMs = subscription.validUntil.getTime() - this.clock.now().getTime();
        const days = DAYS_LEFT.findLast((one) => leftMs <= beforeEnd(one));
        const { toldDaysLeft } = subscription;
        const isTold = days === undefined || (toldDaysLeft !== null && toldDaysLeft <= days);
        if (!isTold && !this.isOver(subscription)) await this.subscriptions.tellOfEnd(tx, subscription, days);
      },
      { ...TELLING, signal },
    );
  }

  /** The charge by which a subscription goes on was refused: it is tried again, or the person has to act. */
  async refused(tx: EntityManager, { data }: EventOf<typeof InvoiceFailed>): Promise<void> {
    const order = await this.orders.lock(tx, data.orderId);
    if (order.kind !== 'renewal' || order.subscriptionId === null || order.paidAt) return;
    const subscription = await this.subscriptions.lock(tx, order.subscriptionId);
    // With a time at which it is charged next nothing waits for this answer any more.
    if (!subscription.autoRenew || subscription.renewAttempt === 0 || subscription.renewAt) return;
    // A provider may take longer to answer than an order lives.
    if (order.state === 'awaiting') await this.orders.close(tx, order, 'cancelled');
    if (data.reason === 'method_revoked' && subscription.methodId) await this.methods.revoke(tx, subscription.methodId);
    await this.postpone(tx, subscription, order, data.reason);
  }

  /** By what is saved, or from the balance. */
  private async renew(tx: EntityManager, id: string): Promise<void> {
    const subscription = await this.subscriptions.lock(tx, id);
    const { userId, botId, planId, methodId, renewCurrency: currency } = subscription;
    if (!subscription.renewAt || subscription.renewAt > this.clock.now() || currency === null) return;
    // What rests is charged for once it goes on.
    if (subscription.pausedAt) return void (await tx.update(Subscription, { id }, { renewAt: null }));
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
    await this.postpone(tx, subscription, order, 'insufficient_funds');
  }

  private async postpone(
    tx: EntityManager,
    { id, userId, botId, renewAttempt, servedUntil, pausedAt }: Subscription,
    { totalMinor: amountMinor, currency }: Order,
    reason: z.output<typeof PaymentFailure>,
  ): Promise<void> {
    const pause = AGAIN_AFTER_MS[renewAttempt - 1];
    const next = pause === undefined ? undefined : new Date(this.clock.now().getTime() + pause);
    const nextAttemptAt = next && next < servedUntil && !pausedAt ? next : undefined;
    await tx.update(Subscription, { id }, { renewAt: nextAttemptAt ?? null });
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

  /** Each in a transaction of its own: one that fails keeps nobody else from theirs. */
  private async eachDue(
    condition: string,
    order: string,
    change: (tx: EntityManager, id: string) => Promise<void>,
    { atOnce = AT_ONCE, pauseMs = 0, signal }: { atOnce?: number; pauseMs?: number; signal?: AbortSignal } = {},
  ): Promise<void> {
    const rows = await this.db.query<{ id: string }[]>(
      `SELECT id FROM subscriptions WHERE ${condition} ORDER BY ${order} LIMIT ${atOnce}`,
      [this.clock.now()],
    );
    const failures: unknown[] = [];
    for (const { id } of rows) {
      if (signal?.aborted) break;
      await this.db.transaction((tx) => change(tx, id)).catch((error: unknown) => failures.push(error));
      if (pauseMs > 0) await sleep(pauseMs);
    }
    if (failures.length > 0) throw new AggregateError(failures, `${failures.length} of ${rows.length} subscriptions`);
  }
}
