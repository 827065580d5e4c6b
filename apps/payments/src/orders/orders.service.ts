import { Injectable } from '@nestjs/common';
import { Outbox } from '@switchboard/bus';
import { OrderClosed, OrderPaid, OrderPlaced, SERVED_STATUSES, type Wanted } from '@switchboard/contracts';
import { Clock, DomainError, PersonalData } from '@switchboard/service-kit';
import type { EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { CatalogueService } from '../catalogue/catalogue.service';
import { LedgerService } from '../ledger/ledger.service';
import { PromoCodesService } from '../promo-codes/promo-codes.service';
import { ProvidersService } from '../providers/providers.service';
import type { Subscription } from '../subscriptions/subscription.entity';
import { SubscriptionsService } from '../subscriptions/subscriptions.service';
import { UsageBillingService } from '../usage-billing/usage-billing.service';
import { Order } from './order.entity';
import { UNPAID_STATES } from './order.states';
import type { Asked, Offer } from './quotes.service';

export class OrderNotFound extends DomainError {
  constructor() {
    super('payments.order_not_found', { en: 'There is no such order.', ru: 'Такого заказа нет.' }, 404);
  }
}

export class OrderIsClosed extends DomainError {
  constructor(state: string) {
    super('payments.order_closed', { en: 'The order is closed.', ru: 'Заказ закрыт.' }, 409, { state });
  }
}

export class TooManyOpenOrders extends DomainError {
  constructor() {
    const texts = {
      en: 'Pay or cancel what you have ordered before.',
      ru: 'Сначала оплатите или отмените прежние заказы.',
    };
    super('payments.too_many_open_orders', texts, 409);
  }
}

/** What was offered holds so long; a cart that waits for the balance does so for longer. */
export const OFFER_MS = 60 * 60_000;
const CART_MS = 30 * 86_400_000;

type WantedPlan = Extract<Wanted, { kind: 'plan' }>;
type ClosedReason = 'cancelled' | 'expired' | 'unavailable';

/** What is told of the provider by which the last part of an order was paid. */
export interface PaidBy {
  readonly provider: string;
}

/** Hands out what an order is for, in the transaction in which it is paid. */
export type HandOut = (tx: EntityManager, order: Order) => Promise<void>;

/** A feature whose things are ordered here, and have to be there and to be kept until they are paid. */
export interface OrderedThings {
  /** In the transaction in which it is ordered, before any money is set aside. */
  placed(tx: EntityManager, order: Order, asked: Asked, offer: Offer): Promise<void>;
  /** Whether it can be had still, just before it is paid. */
  canBeHad(tx: EntityManager, order: Order): Promise<boolean>;
  /** Nobody has paid it: before what was set aside for it is set free. */
  closed(tx: EntityManager, order: Order, reason: ClosedReason): Promise<void>;
  handOut: HandOut;
}

/** Gives back to the balance what was paid for use that another order had paid, in the transaction in which that is found. */
export type PaidTwice = (tx: EntityManager, order: Order, amountMinor: number) => Promise<void>;

/** Orders, from when they are placed until what they are for is had. */
@Injectable()
export class OrdersService {
  private readonly handOuts = new Map<Order['kind'], HandOut>();
  private readonly things = new Map<Order['kind'], OrderedThings>();
  private readonly paidTwice: PaidTwice[] = [];

  constructor(
    private readonly ledger: LedgerService,
    private readonly catalogue: CatalogueService,
    private readonly promoCodes: PromoCodesService,
    private readonly subscriptions: SubscriptionsService,
    private readonly usage: UsageBillingService,
    private readonly providers: ProvidersService,
    private readonly personal: PersonalData,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
  ) {}

  /** Features whose things are ordered here call it when they are made. */
  onHandOut(kind: Order['kind'], handOut: HandOut): void {
    this.handOuts.set(kind, handOut);
  }

  /** As `onHandOut`, of what is there in numbers. */
  onThings(kind: Order['kind'], things: OrderedThings): void {
    this.things.set(kind, things);
    this.onHandOut(kind, (tx, order) => things.handOut(tx, order));
  }

  /** Told of what was paid for use a second time. */
  onPaidTwice(listener: PaidTwice): void {
    this.paidTwice.push(listener);
  }

  /**
   * An order as it was offered. Whatever of the balance is to be used is set aside for it.
   * @param waits it is paid from the balance once that suffices, and by no provider
   */
  async place(
    tx: EntityManager,
    asked: Asked,
    offer: Offer,
    how: {
      useBalance: boolean;
      waits: boolean;
      campaign?: string | undefined;
      email?: string | undefined;
      locale: string;
      savesMethod: boolean;
      waitsForClaim?: boolean;
      automatic?: boolean;
    },
  ): Promise<Order> {
    const now = this.clock.now();
    const { userId, botId, currency } = asked;
    const id = uuidv7();
    const email = how.email ?? null;
    const sealed = await this.personal.encrypt(tx, { table: 'orders', id, userId }, { email });
    const { kind, title, listMinor, discountMinor, creditMinor, totalMinor, extraDays, promoCode, use } = offer;
    const order = tx.create(Order, {
      ...{ id, userId, botId, kind, wanted: kept(asked.wanted), title, state: 'awaiting', currency },
      ...{ listMinor, discountMinor, creditMinor, totalMinor, heldMinor: 0, extraDays, promoCode },
      ...{ useMinor: use?.amountMinor ?? 0, useBill: use?.bill ?? null, useMicros: use?.micros ?? null },
      ...{
        campaign: how.campaign ?? null,
        locale: how.locale,
        subscriptionId: offer.subscription?.id ?? null,
        savesMethod: how.savesMethod,
        waitsForClaim: how.waitsForClaim ?? false,
        automatic: how.automatic ?? false,
        ...sealed,
      },
      ...{
        refundedMinor: 0,
        createdAt: now,
        // Of goods there may be one piece only: nobody keeps it from others for a month.
        expiresAt: new Date(now.getTime() + (how.waits && kind !== 'goods' ? CART_MS : OFFER_MS)),
        paidAt: null,
      },
      revision: 1,
    });
    await tx.insert(Order, order as never);
    // Things before codes and balances, as wherever they are given up or paid.
    await this.things.get(kind)?.placed(tx, order, asked, offer);
    // Goods are those of the whole shop, and so are its codes.
    const ofShop = { id, userId, botId: offer.goods?.brandId ?? botId };
    if (promoCode) await this.promoCodes.reserve(tx, promoCode, ofShop);
    if (how.useBalance && kind !== 'top-up') await this.hold(tx, order);
    await this.outbox.add(tx, OrderPlaced(toldOf(order)));
    return order;
  }

  /** @throws OrderNotFound */
  async lock(tx: EntityManager, orderId: string): Promise<Order> {
    const order = await tx.findOne(Order, { where: { id: orderId }, lock: { mode: 'pessimistic_write' } });
    if (!order) throw new OrderNotFound();
    return order;
  }

  /**
   * Pays an order from what the person has, if that is enough, and hands out what it is for: all in this transaction. Also one that
   * was given up before its money came. What cannot be had any more is not paid: its money stays on the balance.
   * @returns `before`: it was paid already
   */
  async collect(tx: EntityManager, order: Order, { provider }: PaidBy): Promise<'paid' | 'before' | 'unpaid'> {
    if (!UNPAID_STATES.includes(order.state)) return 'before';
    const { userId, currency, totalMinor } = order;
    if (order.kind === 'top-up') {
      await this.finish(tx, order, provider, 0);
      await this.ledger.tell(tx, userId, currency, totalMinor, 'top-up');
      return 'paid';
    }
    const fromBalance = totalMinor - order.heldMinor;
    if ((await this.ledger.balance(tx, userId, 'customer', currency)) < fromBalance) return 'unpaid';
    if (!(await this.canBeHad(tx, order))) {
      if (order.state === 'awaiting') await this.close(tx, order, 'unavailable');
      return 'unpaid';
    }
    await this.ledger.book(tx, {
      ...{ key: `order:${order.id}`, reason: 'purchase', currency, userId, orderId: order.id },
      transfers: [
        { from: 'held', to: `sales:${order.botId}`, amountMinor: order.heldMinor },
        { from: 'customer', to: `sales:${order.botId}`, amountMinor: fromBalance },
      ],
    });
    await this.finish(tx, order, provider, provider === 'balance' ? totalMinor : order.heldMinor);
    return 'paid';
  }

  /** Hands out what was paid without an account to whoever has taken it over. */
  async serve(tx: EntityManager, order: Order): Promise<void> {
    order.waitsForClaim = false;
    await this.handOut(tx, order, 'balance', false);
    await this.save(tx, order);
  }

  /** Orders that wait for the balance are paid from it, the oldest first, as far as it goes. */
  async buyCarts(tx: EntityManager, userId: string, currency: string): Promise<void> {
    const carts = await tx.query<{ id: string }[]>(
      `SELECT id FROM orders o WHERE user_id = $1 AND currency = $2 AND state = 'awaiting'
         AND NOT EXISTS (SELECT FROM invoices i WHERE i.order_id = o.id) ORDER BY id`,
      [userId, currency],
    );
    for (const { id } of carts) await this.collect(tx, await this.lock(tx, id), { provider: 'balance' });
  }

  /** What was not paid in time, or is given up; what was set aside for it is the person's again. */
  async close(tx: EntityManager, order: Order, reason: ClosedReason): Promise<void> {
    if (order.state !== 'awaiting') throw new OrderIsClosed(order.state);
    order.become(reason === 'expired' ? 'expired' : 'cancelled');
    await this.things.get(order.kind)?.closed(tx, order, reason);
    await this.release(tx, order);
    if (order.promoCode) await this.promoCodes.release(tx, order.id);
    await this.save(tx, order);
    await this.outbox.add(tx, OrderClosed({ ...toldOf(order), reason }));
  }

  /** One that nobody has paid, nor ever will. */
  async forget(tx: EntityManager, { id }: Order): Promise<void> {
    await this.promoCodes.forget(tx, id);
    await tx.delete(Order, { id });
  }

  private async finish(tx: EntityManager, order: Order, provider: string, fromBalanceMinor: number): Promise<void> {
    const late = order.state !== 'awaiting';
    order.become('paid');
    order.paidAt = this.clock.now();
    if (order.promoCode) await this.promoCodes.use(tx, order);
    const paidTwiceMinor = order.waitsForClaim ? 0 : await this.handOut(tx, order, provider, late);
    await this.save(tx, order);
    const { discountMinor, promoCode } = order;
    await this.outbox.add(
      tx,
      OrderPaid({
        ...toldOf(order),
        ...{ provider, discountMinor, fromBalanceMinor, late, paidAt: order.paidAt.toISOString() },
        ...(promoCode && { promoCode }),
      }),
    );
    if (paidTwiceMinor > 0) for (const listener of this.paidTwice) await listener(tx, order, paidTwiceMinor);
  }

  /** More of something can only be had of what is served or rests. */
  private async canBeHad(tx: EntityManager, order: Order): Promise<boolean> {
    const { wanted } = order;
    const things = this.things.get(order.kind);
    if (things) return things.canBeHad(tx, order);
    if (wanted.kind !== 'package') return true;
    const { status } = await this.subscriptions.lock(tx, wanted.subscriptionId);
    return status === 'paused' || SERVED_STATUSES.includes(status);
  }

  /** @returns what was paid for use that another order had paid before */
  private async handOut(tx: EntityManager, order: Order, provider: string, late: boolean): Promise<number> {
    const { wanted } = order;
    const paidTwiceMinor = wanted.kind === 'plan' ? await this.handOutPlan(tx, order, wanted, provider, late) : 0;
    if (wanted.kind === 'package') {
      const { packageId, subscriptionId, quantity } = wanted;
      const subscription = await this.subscriptions.lock(tx, subscriptionId);
      const plan = await this.catalogue.plan(tx, order.botId, subscription.planId);
      const found = await this.catalogue.package(tx, order.botId, packageId);
      await this.subscriptions.addPackage(tx, subscription, plan, { orderId: order.id, package: found, quantity });
    }
    await this.handOuts.get(order.kind)?.(tx, order);
    if (order.state === 'paid') order.become('fulfilled');
    return paidTwiceMinor;
  }

  private async handOutPlan(
    tx: EntityManager,
    order: Order,
    wanted: WantedPlan,
    provider: string,
    late: boolean,
  ): Promise<number> {
    const { id: orderId, botId, userId, currency, extraDays, listMinor, totalMinor, useMinor, kind } = order;
    // What was used is no price of time: it is neither worth something on a change nor given back with days.
    const amountMinor = totalMinor - useMinor;
    const plan = await this.catalogue.plan(tx, botId, wanted.planId);
    const { region } = wanted;
    const price = { plan, currency, listMinor, dueMinor: totalMinor - order.heldMinor };
    const present = order.subscriptionId === null ? null : await this.subscriptions.lock(tx, order.subscriptionId);
    // A charge may be answered long after it was made: whoever has turned it off meanwhile does not turn it on by that.
    const isOff = order.automatic && present?.autoRenew === false && !this.providers.isChargedThere(botId, currency);
    const autoRenew = wanted.autoRenew && !isOff && this.providers.goesOn(provider, price);
    const bought = { orderId, userId, plan, periods: 1, amountMinor, currency, extraDays, region, autoRenew };
    const paidTwiceMinor = present ? await this.settleUse(tx, order, present) : 0;
    const isOther = present !== null && present.planId !== plan.id && present.status !== 'expired';
    // What was taken back does not return, and a month of one plan is no month of another that it was changed to since.
    if (!present || present.status === 'ended' || (isOther && kind !== 'change')) {
      order.subscriptionId = (await this.subscriptions.begin(tx, bought, 'active')).id;
    } else if (isOther) {
      // Until the offer ends the time that was left is worth what it was when the price was told.
      const at = late ? this.clock.now() : order.createdAt;
      const credit = { usedMinor: order.creditMinor, priceMinor: order.listMinor, at };
      await this.subscriptions.changePlan(tx, present, bought, credit);
    } else {
      await this.subscriptions.extend(tx, present, bought);
    }
    return paidTwiceMinor;
  }

  /** Two orders may have been made for the same use: what is paid a second time is the person's. */
  private async settleUse(tx: EntityManager, order: Order, subscription: Subscription): Promise<number> {
    const { useBill: bill, useMicros: micros, useMinor } = order;
    if (bill !== null && micros !== null)
      return (await this.usage.settle(tx, subscription, { bill, micros })) ? 0 : useMinor;
    await this.usage.rollOver(tx, subscription, await this.catalogue.plan(tx, order.botId, subscription.planId));
    return 0;
  }

  private async hold(tx: EntityManager, order: Order): Promise<void> {
    const { userId, currency, id: orderId } = order;
    const there = await this.ledger.balance(tx, userId, 'customer', currency);
    const amountMinor = Math.min(there, order.totalMinor);
    if (amountMinor === 0) return;
    await this.ledger.book(tx, {
      ...{ key: `hold:${orderId}`, reason: 'set aside', currency, userId, orderId },
      transfers: [{ from: 'customer', to: 'held', amountMinor }],
    });
    order.heldMinor = amountMinor;
    await tx.update(Order, { id: orderId }, { heldMinor: amountMinor });
  }

  private async release(tx: EntityManager, order: Order): Promise<void> {
    const { userId, currency, id: orderId, heldMinor: amountMinor } = order;
    if (amountMinor === 0) return;
    await this.ledger.book(tx, {
      ...{ key: `release:${orderId}`, reason: 'set free', currency, userId, orderId },
      transfers: [{ from: 'held', to: 'customer', amountMinor }],
    });
    order.heldMinor = 0;
  }

  private async save(tx: EntityManager, order: Order): Promise<void> {
    const { id, ...rest } = order;
    await tx.update(Order, { id }, rest as never);
  }
}

/** To whom goods go, and what they want to say, is kept with the parcel alone, and encrypted. */
function kept(wanted: Wanted): Wanted {
  if (wanted.kind !== 'goods') return wanted;
  const { address: _, recipient: __, note: ___, ...rest } = wanted;
  return rest;
}

/** What every event of an order says. */
export const toldOf = ({ id, userId, botId, kind, totalMinor, currency, campaign }: Order) => ({
  ...{ orderId: id, userId, botId, kind, amountMinor: totalMinor, currency },
  ...(campaign !== null && { campaign }),
});
