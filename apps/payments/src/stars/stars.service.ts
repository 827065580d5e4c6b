import { Inject, Injectable } from '@nestjs/common';
import { Outbox } from '@switchboard/bus';
import {
  type CheckChannelPayment,
  type ChannelRenewalChanged,
  type EventOf,
  type LocalizedText,
  NoticeSendRequested,
  RenewalFailed,
  SERVED_STATUSES,
  SubscriptionChanged,
} from '@switchboard/contracts';
import { type AnswerOf, Clock, LOG, type Log, type RequestOf } from '@switchboard/service-kit';
import { DataSource, type EntityManager, In } from 'typeorm';
import { v5 as uuidv5 } from 'uuid';
import { CatalogueService } from '../catalogue/catalogue.service';
import { Invoice } from '../invoices/invoice.entity';
import { InvoicesJobs } from '../invoices/invoices.jobs';
import { InvoicesService } from '../invoices/invoices.service';
import { OPEN_STATES } from '../invoices/invoice.states';
import { Order } from '../orders/order.entity';
import { OrdersService } from '../orders/orders.service';
import type { PaymentRequest, ProviderPayment } from '../providers/payment-provider';
import { ProvidersService } from '../providers/providers.service';
import { type StarCharge, takingOf, TELEGRAM_STARS, telegramStars } from '../providers/telegram-stars.provider';
import { Subscription } from '../subscriptions/subscription.entity';
import { SubscriptionsService } from '../subscriptions/subscriptions.service';
import { StarSubscription } from './star-subscription.entity';

const DAY_MS = 86_400_000;
const RENEWAL_DAYS = telegramStars.renewsAfterDays!;

/** What a payment is refused for before it is made, as whoever pays reads it. */
const REFUSALS = {
  unknown: {
    en: 'This invoice is not valid any more. Please begin anew in the bot.',
    ru: 'Этот счёт больше не действует. Начните, пожалуйста, заново в боте.',
  },
  someoneElse: {
    en: 'This invoice was made for somebody else. Please make your own in the bot.',
    ru: 'Этот счёт выставлен другому человеку. Создайте, пожалуйста, свой в боте.',
  },
  paid: { en: 'This is paid already.', ru: 'Это уже оплачено.' },
  closed: {
    en: 'The offer is over or was cancelled. Please begin anew in the bot.',
    ru: 'Предложение истекло или отменено. Начните, пожалуйста, заново в боте.',
  },
  changed: {
    en: 'The price has changed. Please begin anew in the bot.',
    ru: 'Цена изменилась. Начните, пожалуйста, заново в боте.',
  },
} as const satisfies Record<string, LocalizedText>;

/** Payments in Stars: whether one may be made, what becomes of one that was, and subscriptions that Telegram charges for. */
@Injectable()
export class StarsService {
  constructor(
    private readonly db: DataSource,
    private readonly catalogue: CatalogueService,
    private readonly subscriptions: SubscriptionsService,
    private readonly orders: OrdersService,
    private readonly invoices: InvoicesService,
    private readonly providers: ProvidersService,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
    @Inject(LOG) private readonly log: Log,
    jobs: InvoicesJobs,
  ) {
    jobs.addToRequests((order, invoice) => this.renewalOf(order, invoice));
  }

  /** Asked while Telegram waits. Until its answer no money has moved. */
  async check({ body }: RequestOf<typeof CheckChannelPayment>): Promise<AnswerOf<typeof CheckChannelPayment>> {
    const { botId, userId, payload, amountMinor, currency } = body;
    const invoice = await this.invoiceOf(this.db.manager, botId, payload);
    const order = invoice && (await this.db.manager.findOneBy(Order, { id: invoice.orderId }));
    if (!invoice || !order) return { refusal: REFUSALS.unknown };
    if (invoice.userId !== userId) return { refusal: REFUSALS.someoneElse };
    if (order.paidAt) return { refusal: REFUSALS.paid };
    const isOpen = order.state === 'awaiting' && OPEN_STATES.includes(invoice.state);
    if (!isOpen || invoice.expiresAt <= this.clock.now()) return { refusal: REFUSALS.closed };
    const isSame = invoice.amountMinor === amountMinor && invoice.currency === currency;
    return { refusal: isSame ? null : REFUSALS.changed };
  }

  /** Books what Telegram says of a charge, however often it says it. */
  async apply(tx: EntityManager, botId: string, charge: StarCharge): Promise<void> {
    const known = await tx.findOneBy(Invoice, { botId, provider: TELEGRAM_STARS, takingId: charge.chargeId });
    if (known) return this.invoices.apply(tx, known.id, this.paymentOf(known, charge));
    const invoice = await this.invoiceOf(tx, botId, charge.payload);
    // Of another program that sells by the same bot.
    if (!invoice) return this.log.info({ botId, chargeId: charge.chargeId }, 'a payment of Stars is none of ours');
    if (invoice.takingId === null) {
      await this.invoices.apply(tx, invoice.id, this.paymentOf(invoice, { ...charge, refundedMinor: 0 }));
      if (charge.renews) await this.begin(tx, invoice, charge);
      return charge.refundedMinor > 0 ? this.apply(tx, botId, charge) : undefined;
    }
    if (charge.renews && (await this.renew(tx, invoice, charge))) return undefined;
    // Paid twice, or for what is had no more: it is on the balance of the person.
    if (charge.refundedMinor === 0) return this.invoices.apply(tx, invoice.id, this.paymentOf(invoice, charge));
    return this.tellStaff(tx, invoice, charge);
  }

  /** Telegram says whether it goes on charging. */
  async renewalChanged(tx: EntityManager, { data }: EventOf<typeof ChannelRenewalChanged>): Promise<void> {
    const { botId, payload, state } = data;
    const invoice = await this.invoiceOf(tx, botId, payload);
    const known = invoice && (await tx.findOneBy(StarSubscription, { orderId: invoice.orderId }));
    if (!known || !isState(state) || known.state === state) return;
    await tx.update(StarSubscription, { orderId: known.orderId }, { state });
    const subscription = await this.subscriptions.lock(tx, known.subscriptionId);
    if (!SERVED_STATUSES.includes(subscription.status)) return;
    if (state === 'active') return this.goOn(tx, subscription);
    const changed = { autoRenew: false, renewAt: null };
    if (subscription.autoRenew) {
      Object.assign(subscription, changed);
      await this.subscriptions.changed(tx, subscription, SubscriptionChanged);
    }
    if (state === 'failed') await this.tellOfFailure(tx, subscription, invoice);
  }

  /** Whether Telegram is to go on charging for a subscription as it is now; undefined where it does what it is to do. */
  async renewalToChange(
    tx: EntityManager,
    subscriptionId: string,
  ): Promise<{ charge: StarSubscription; renews: boolean } | undefined> {
    const where = { subscriptionId, state: In(['active', 'canceled'] satisfies StarSubscription['state'][]) };
    const charge = await tx.findOne(StarSubscription, { where, order: { orderId: 'DESC' } });
    if (!charge) return undefined;
    const { autoRenew, planId, status } = await tx.findOneByOrFail(Subscription, { id: subscriptionId });
    const renews = autoRenew && charge.planId === planId && status !== 'ended';
    return renews === (charge.state === 'active') ? undefined : { charge, renews };
  }

  /** Telegram was told, or has refused: then it charges no more. */
  async renewalSet(tx: EntityManager, orderId: string, state: StarSubscription['state']): Promise<void> {
    await tx.update(StarSubscription, { orderId }, { state });
  }

  /** Where a plan is to go on by itself at its usual price, Telegram charges for it. */
  private async renewalOf(order: Order, invoice: Invoice): Promise<Partial<PaymentRequest>> {
    const { wanted, botId } = order;
    const isWanted = invoice.provider === TELEGRAM_STARS && wanted.kind === 'plan' && wanted.autoRenew;
    if (!isWanted || invoice.amountMinor !== order.listMinor) return {};
    const { periodCount, periodUnit, recurring } = await this.catalogue.plan(this.db.manager, botId, wanted.planId);
    const isMonth = periodUnit === 'month' ? periodCount === 1 : periodCount === RENEWAL_DAYS;
    if (!recurring || !isMonth || (await this.isRenewed(this.db.manager, order.subscriptionId))) return {};
    return { renewsAfterDays: RENEWAL_DAYS };
  }

  private async begin(tx: EntityManager, { orderId, userId, botId }: Invoice, charge: StarCharge): Promise<void> {
    const { subscriptionId, wanted } = await tx.findOneByOrFail(Order, { id: orderId });
    if (subscriptionId === null || wanted.kind !== 'plan') return;
    const row = { orderId, subscriptionId, userId, botId, planId: wanted.planId, chargeId: charge.chargeId };
    await tx.insert(StarSubscription, { ...row, state: 'active' });
    await this.coverUntilNext(tx, await this.subscriptions.lock(tx, subscriptionId), charge);
  }

  /** An order of its own for each month that Telegram has charged for. False where there is nothing that could go on. */
  private async renew(tx: EntityManager, first: Invoice, charge: StarCharge): Promise<boolean> {
    const known = await tx.findOneBy(StarSubscription, { orderId: first.orderId });
    if (!known || charge.refundedMinor > 0) return false;
    const subscription = await this.subscriptions.lock(tx, known.subscriptionId);
    const { planId, userId, botId } = known;
    if (subscription.status === 'ended' || subscription.planId !== planId) return false;
    const { money } = takingOf(charge);
    const wanted = { kind: 'plan', planId, subscriptionId: subscription.id, autoRenew: true } as const;
    const asked = { userId, botId, wanted, currency: money.currency };
    // At the price that was agreed to with Telegram, whatever the plan costs by now.
    const plan = await this.catalogue.plan(tx, botId, planId);
    const price = { listMinor: money.amountMinor, totalMinor: money.amountMinor, creditMinor: 0, discountMinor: 0 };
    const offer = { kind: 'renewal', title: plan.name, ...price, extraDays: 0, promoCode: null, subscription } as const;
    const { locale } = await tx.findOneByOrFail(Order, { id: first.orderId });
    const how = { useBalance: false, waits: false, savesMethod: false, locale };
    const order = await this.orders.place(tx, asked, { ...offer, plan }, how);
    const invoice = await this.invoices.open(tx, order, TELEGRAM_STARS);
    const payment = this.paymentOf({ ...invoice, externalId: charge.chargeId }, charge);
    await this.invoices.apply(tx, invoice.id, payment);
    await tx.update(StarSubscription, { orderId: known.orderId }, { state: 'active' });
    await this.coverUntilNext(tx, await this.subscriptions.lock(tx, subscription.id), charge);
    return true;
  }

  /** A month may be shorter than the thirty days after which Telegram charges next. */
  private async coverUntilNext(tx: EntityManager, subscription: Subscription, { at }: StarCharge): Promise<void> {
    const nextMs = at.getTime() + RENEWAL_DAYS * DAY_MS;
    const missing = Math.ceil((nextMs - subscription.validUntil.getTime()) / DAY_MS);
    if (missing > 0) await this.subscriptions.giveDays(tx, subscription, missing);
  }

  private async goOn(tx: EntityManager, subscription: Subscription): Promise<void> {
    if (subscription.autoRenew) return;
    const plan = await this.catalogue.plan(tx, subscription.botId, subscription.planId);
    await this.subscriptions.renewByItself(tx, subscription, plan, 'XTR');
    await this.subscriptions.changed(tx, subscription, SubscriptionChanged);
  }

  private async isRenewed(tx: EntityManager, subscriptionId: string | null): Promise<boolean> {
    return subscriptionId !== null && (await tx.existsBy(StarSubscription, { subscriptionId, state: 'active' }));
  }

  private async invoiceOf(tx: EntityManager, botId: string, payload: string): Promise<Invoice | null> {
    const [, orderId, attempt] = /^([0-9a-f-]{36}):(\d{1,4})$/.exec(payload) ?? [];
    if (orderId === undefined) return null;
    return tx.findOneBy(Invoice, { botId, provider: TELEGRAM_STARS, orderId, attempt: Number(attempt) });
  }

  private paymentOf(
    { externalId, botId, orderId, attempt }: Pick<Invoice, 'externalId' | 'botId' | 'orderId' | 'attempt'>,
    charge: StarCharge,
  ): ProviderPayment {
    const takings = [takingOf(charge)];
    const key = externalId ?? `${orderId}:${attempt}`;
    const isTest = this.providers.isSandbox(botId, TELEGRAM_STARS);
    return { externalId: key, key: undefined, state: 'paid', takings, isTest };
  }

  private async tellOfFailure(tx: EntityManager, subscription: Subscription, invoice: Invoice): Promise<void> {
    const { id: subscriptionId, userId, botId, servedUntil } = subscription;
    const { amountMinor, currency } = invoice;
    const told = { subscriptionId, userId, botId, amountMinor, currency, reason: 'insufficient_funds', attempt: 1 };
    await this.outbox.add(tx, RenewalFailed({ ...told, servedUntil: servedUntil.toISOString() }));
  }

  private async tellStaff(tx: EntityManager, { orderId }: Invoice, charge: StarCharge): Promise<void> {
    const { chargeId, amountMinor } = charge;
    const texts = {
      en: `**Stars went back that had bought nothing.** ${amountMinor} ⭐ of charge \`${chargeId}\`, order ${orderId}: look at the balance of the person.`,
      ru: `**Вернулись звёзды, на которые ничего не было куплено.** ${amountMinor} ⭐, списание \`${chargeId}\`, заказ ${orderId}: проверьте баланс человека.`,
    };
    const noticeId = uuidv5(chargeId, STAR_NOTICES);
    await this.outbox.add(tx, NoticeSendRequested({ noticeId, audience: 'staff', texts }));
  }
}

const STAR_NOTICES = '7b0c1f5e-6a53-4c39-9d0b-0a7f6d4f2c11';

const isState = (state: string): state is StarSubscription['state'] =>
  state === 'active' || state === 'canceled' || state === 'failed';
