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
import { DataSource, type EntityManager, In, Not } from 'typeorm';
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
import { CHARGING_STATES, StarSubscription } from './star-subscription.entity';

const DAY_MS = 86_400_000;
const RENEWAL_DAYS = telegramStars.renewsAfterDays!;
/** So long after a charge it is heard of at the latest, but for an outage. */
const HEARD_OF_MS = DAY_MS / 2;
/** No renewal comes sooner after the first payment, and no second one of the same order so late. */
const FIRST_RENEWAL_MS = (RENEWAL_DAYS * DAY_MS) / 2;

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

/** What is to be said to Telegram after a charge was booked. */
export interface Booked {
  /** A subscription for which it charges from now on: is it still to? */
  readonly subscriptionId?: string;
  /** What renews by itself and is of no use: whoever paid it first is to be charged no more. */
  readonly stops?: { readonly userId: string; readonly chargeId: string };
}

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

  /** Books what Telegram says of a charge, however often it says it, and whoever else has booked it before. */
  async apply(tx: EntityManager, botId: string, charge: StarCharge): Promise<Booked> {
    const known = await tx.findOneBy(Invoice, { botId, provider: TELEGRAM_STARS, takingId: charge.chargeId });
    if (known) {
      await this.invoices.apply(tx, known.id, this.paymentOf(known, charge));
      return this.begin(tx, known, charge);
    }
    const invoice = await this.invoiceOf(tx, botId, charge.payload);
    // Of another program that sells by the same bot.
    if (!invoice) {
      this.log.info({ botId, chargeId: charge.chargeId }, 'Stars payment ignored: no matching invoice');
      return {};
    }
    if (invoice.takingId === null) {
      await this.invoices.apply(tx, invoice.id, this.paymentOf(invoice, { ...charge, refundedMinor: 0 }));
      const booked = await this.begin(tx, invoice, charge);
      return charge.refundedMinor > 0 ? this.apply(tx, botId, charge) : booked;
    }
    // Two who confirm one link at once are two subscriptions of Telegram's, of which one would be paid for nothing.
    const isDouble = charge.renews && !isRenewalOf(invoice, charge);
    const { userId, takingId, paidAt } = invoice;
    // Its first charge may have been booked without its subscription.
    const first = { ...charge, chargeId: takingId, at: paidAt ?? charge.at };
    const booked = isDouble ? { stops: { userId, chargeId: charge.chargeId } } : await this.begin(tx, invoice, first);
    if (charge.renews && !isDouble && (await this.renew(tx, invoice, charge))) return booked;
    // Paid twice, or for what is had no more: it is on the balance of the person.
    if (charge.refundedMinor === 0) await this.invoices.apply(tx, invoice.id, this.paymentOf(invoice, charge));
    else await this.tellOfRefund(tx, invoice, charge);
    return booked;
  }

  /** All that Telegram charges a person for. */
  active(userId: string): Promise<StarSubscription[]> {
    return this.db.manager.findBy(StarSubscription, { userId, state: In(CHARGING_STATES) });
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
    const where = { subscriptionId, state: Not<StarSubscription['state']>('failed') };
    const charges = await tx.find(StarSubscription, { where, order: { orderId: 'DESC' } });
    if (charges.length === 0) return undefined;
    const { autoRenew, planId, status } = await tx.findOneByOrFail(Subscription, { id: subscriptionId });
    // What rests is not charged for: it would be paid and not served.
    const goesOn = autoRenew && status !== 'ended' && status !== 'paused';
    const last = charges.find((charge) => charge.planId === planId);
    return charges
      .map((charge) => ({ charge, renews: goesOn && charge === last }))
      .find(({ charge, renews }) => charge.state === 'changing' || renews !== (charge.state === 'active'));
  }

  /** Telegram is being told, was told, or has refused: then it charges no more. */
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
    if (!recurring || !isMonth || (await this.isRenewed(this.db.manager, order.subscriptionId, wanted.planId)))
      return {};
    return { renewsAfterDays: RENEWAL_DAYS };
  }

  /** By the first charge of an order, once: the poll of its invoice may have booked it before anybody came here. */
  private async begin(tx: EntityManager, invoice: Invoice, charge: StarCharge): Promise<Booked> {
    const { orderId, userId, botId, key } = invoice;
    // Charges that follow are orders of their own, and come with the key of the first.
    if (!charge.renews || key !== charge.payload) return {};
    const { subscriptionId, wanted, paidAt, waitsForClaim } = await tx.findOneByOrFail(Order, { id: orderId });
    if (waitsForClaim) return {};
    const { chargeId } = charge;
    const stops = { userId, chargeId };
    if (subscriptionId === null || wanted.kind !== 'plan' || !paidAt) return { stops };
    const known = await tx.findOneBy(StarSubscription, { orderId });
    if (known) return known.chargeId === chargeId ? { subscriptionId } : { stops };
    await this.subscriptions.lock(tx, subscriptionId);
    // Another order of it was paid meanwhile, for which Telegram charges as well.
    if (await this.isRenewed(tx, subscriptionId, wanted.planId)) return { stops };
    const row = { orderId, subscriptionId, userId, botId, planId: wanted.planId, chargeId, state: 'active' } as const;
    await tx.createQueryBuilder().insert().into(StarSubscription).values(row).orIgnore().execute();
    await this.coverUntilNext(tx, { subscriptionId, orderId, at: charge.at });
    return { subscriptionId };
  }

  /** An order of its own for each month that Telegram has charged for. False where there is nothing that could go on. */
  private async renew(tx: EntityManager, first: Invoice, charge: StarCharge): Promise<boolean> {
    const known = await tx.findOneBy(StarSubscription, { orderId: first.orderId });
    if (!known || charge.refundedMinor > 0) return false;
    const subscription = await this.subscriptions.lock(tx, known.subscriptionId);
    const { planId, userId, botId } = known;
    if (subscription.status === 'ended' || subscription.planId !== planId) return false;
    const { money } = takingOf(charge);
    // Where Telegram was to stop it is told so again; where it had stopped the person has let it go on there.
    const autoRenew = subscription.autoRenew || !CHARGING_STATES.includes(known.state);
    const wanted = { kind: 'plan', planId, subscriptionId: subscription.id, autoRenew } as const;
    const asked = { userId, botId, wanted, currency: money.currency };
    // At the price that was agreed to with Telegram, whatever the plan costs by now.
    const plan = await this.catalogue.plan(tx, botId, planId);
    const price = { listMinor: money.amountMinor, totalMinor: money.amountMinor, creditMinor: 0, discountMinor: 0 };
    const offer = { kind: 'renewal', title: plan.name, ...price, extraDays: 0, promoCode: null, subscription } as const;
    const { locale } = await tx.findOneByOrFail(Order, { id: first.orderId });
    const how = { useBalance: false, waits: false, savesMethod: false, locale, automatic: true };
    const order = await this.orders.place(tx, asked, { ...offer, plan }, how);
    const invoice = await this.invoices.open(tx, order, TELEGRAM_STARS);
    const payment = this.paymentOf({ ...invoice, externalId: charge.chargeId }, charge);
    await this.invoices.apply(tx, invoice.id, payment);
    await tx.update(StarSubscription, { orderId: known.orderId }, { state: 'active' });
    await this.coverUntilNext(tx, { subscriptionId: subscription.id, orderId: order.id, at: charge.at });
    return true;
  }

  /** A month may be shorter than the thirty days after which Telegram charges next, and nobody hears of that at once. */
  private async coverUntilNext(
    tx: EntityManager,
    { subscriptionId, orderId, at }: { subscriptionId: string; orderId: string; at: Date },
  ): Promise<void> {
    const subscription = await this.subscriptions.lock(tx, subscriptionId);
    if (!SERVED_STATUSES.includes(subscription.status)) return;
    const next = new Date(at.getTime() + RENEWAL_DAYS * DAY_MS + HEARD_OF_MS);
    await this.subscriptions.lastUntil(tx, subscription, orderId, next);
  }

  private async goOn(tx: EntityManager, subscription: Subscription): Promise<void> {
    if (subscription.autoRenew) return;
    const plan = await this.catalogue.plan(tx, subscription.botId, subscription.planId);
    await this.subscriptions.renewByItself(tx, subscription, plan, 'XTR');
    await this.subscriptions.changed(tx, subscription, SubscriptionChanged);
  }

  /** What Telegram charges for another plan, which it was changed from, ends with the change. */
  private async isRenewed(tx: EntityManager, subscriptionId: string | null, planId: string): Promise<boolean> {
    if (subscriptionId === null) return false;
    return tx.existsBy(StarSubscription, { subscriptionId, planId, state: In(CHARGING_STATES) });
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

  /** Nobody here can have Telegram stop: whoever pays can, in Telegram. */
  async tellOfNotStopped(tx: EntityManager, botId: string, chargeId: string): Promise<void> {
    const texts = {
      en: `**Telegram goes on charging for a subscription that has ended.** Bot ${botId}, charge \`${chargeId}\`: give back what comes, and have the person end it in Telegram.`,
      ru: `**Telegram продолжает списывать за подписку, которой больше нет.** Бот ${botId}, списание \`${chargeId}\`: возвращайте то, что придёт, и попросите человека отменить её в Telegram.`,
    };
    const noticeId = uuidv5(`${chargeId} goes on`, STAR_NOTICES);
    await this.outbox.add(tx, NoticeSendRequested({ noticeId, audience: 'staff', texts }));
  }

  private async tellOfRefund(tx: EntityManager, { orderId }: Invoice, charge: StarCharge): Promise<void> {
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

/** As Telegram says; its list says it of none, and there the time tells. */
const isRenewalOf = ({ paidAt }: Invoice, { isRenewal, at }: StarCharge): boolean =>
  isRenewal ?? at.getTime() - paidAt!.getTime() >= FIRST_RENEWAL_MS;

const isState = (state: string): state is StarSubscription['state'] =>
  state === 'active' || state === 'canceled' || state === 'failed';
