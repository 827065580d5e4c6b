import { Injectable } from '@nestjs/common';
import type {
  CancelOrder,
  ForgetPaymentMethod,
  ListMyOrders,
  PayOrder,
  PlaceOrder,
  QuoteOrder,
  ReadMyBalance,
  ReadMyOrder,
  ReadShop,
} from '@switchboard/contracts';
import {
  type AnswerOf,
  asActor,
  BotsRegistry,
  Cursors,
  DomainError,
  PersonalData,
  type RequestOf,
} from '@switchboard/service-kit';
import { DataSource, type EntityManager, IsNull, Not } from 'typeorm';
import { CampaignsService } from '../campaigns/campaigns.service';
import { CatalogueService, NoShop } from '../catalogue/catalogue.service';
import { periodOf, type Plan, type Prices } from '../catalogue/plan.entity';
import { GiftsService } from '../gifts/gifts.service';
import { Invoice } from '../invoices/invoice.entity';
import { nextOf } from '../invoices/next-step';
import { InvoicesJobs } from '../invoices/invoices.jobs';
import { SavedMethodsService } from '../invoices/saved-methods.service';
import { LedgerService } from '../ledger/ledger.service';
import { Order } from '../orders/order.entity';
import { OrderIsClosed, OrderNotFound, OrdersService, TooManyOpenOrders } from '../orders/orders.service';
import { type Offer, QuotesService } from '../orders/quotes.service';
import { ProviderNotOffered, ProvidersService, takes } from '../providers/providers.service';
import { TrialsService } from '../subscriptions/trials.service';
import { SubscriptionViews } from '../subscriptions/subscription-views.service';

class EmailNeeded extends DomainError {
  constructor() {
    const texts = {
      en: 'An e-mail address is needed for the receipt.',
      ru: 'Для чека нужен адрес электронной почты.',
    };
    super('payments.email_needed', texts, 422);
  }
}

/** Of one person at a time: nobody needs more, and each may hold a use of a promo code. */
const OPEN_ORDERS = 20;

/** What a person sees of a shop, and how they buy. */
@Injectable()
export class CheckoutService {
  constructor(
    private readonly db: DataSource,
    private readonly bots: BotsRegistry,
    private readonly catalogue: CatalogueService,
    private readonly quotes: QuotesService,
    private readonly orders: OrdersService,
    private readonly invoices: InvoicesJobs,
    private readonly providers: ProvidersService,
    private readonly methods: SavedMethodsService,
    private readonly ledger: LedgerService,
    private readonly trials: TrialsService,
    private readonly views: SubscriptionViews,
    private readonly gifts: GiftsService,
    private readonly campaigns: CampaignsService,
    private readonly personal: PersonalData,
    private readonly cursors: Cursors,
  ) {}

  async shop({ actor, query: { botId } }: RequestOf<typeof ReadShop>): Promise<AnswerOf<typeof ReadShop>> {
    if (!this.bots.find(botId)) throw new NoShop(botId);
    return asActor(this.db, actor, async (tx) => {
      const [plans, packages] = [await this.catalogue.plans(tx, botId), await this.catalogue.packages(tx, botId)];
      if (plans.length + packages.length === 0) throw new NoShop(botId);
      return {
        botId,
        plans: plans.map(shownPlan),
        packages: packages.map(({ id, name, adds, lasts, prices }) => ({
          id,
          name,
          adds,
          lasts,
          prices: shown(prices),
        })),
        trial: await this.trials.offeredTo(tx, actor.id, plans),
        payWith: await this.methods.payWith(tx, actor.id, botId),
        balances: await this.ledger.balances(tx, actor.id),
        subscriptions: await this.views.of(tx, actor.id, botId),
        cart: await this.cartOf(tx, actor.id, botId),
        needsEmail:
          this.providers.offeredBy(botId).some(({ name }) => this.providers.needsEmail(botId, name)) &&
          (await this.emailOf(tx, actor.id)) === undefined,
      };
    });
  }

  quote({ actor, body }: RequestOf<typeof QuoteOrder>): Promise<AnswerOf<typeof QuoteOrder>> {
    return asActor(this.db, actor, async (tx) => {
      const offer = await this.quotes.offer(tx, { ...body, userId: actor.id });
      const balance = body.useBalance ? await this.ledger.balance(tx, actor.id, 'customer', body.currency) : 0;
      return this.quoteOf(body.botId, offer, body.currency, Math.min(balance, offer.totalMinor));
    });
  }

  /** In the service's name: what is ordered changes rows of nobody, such as uses of promo codes. */
  async place(tx: EntityManager, { actor, body }: RequestOf<typeof PlaceOrder>): Promise<AnswerOf<typeof PlaceOrder>> {
    const { botId, provider, useBalance, savedMethodId } = body;
    if (!this.bots.find(botId)) throw new NoShop(botId);
    await this.refuseMany(tx, actor.id);
    if (provider !== undefined) this.checkProvider(botId, provider, body.currency);
    const asked = { ...body, userId: actor.id };
    const offer = await this.quotes.offer(tx, asked);
    const isTopUp = offer.kind === 'top-up';
    if (provider === undefined && isTopUp) throw new ProviderNotOffered('balance');
    const { locale, saveMethod: savesMethod } = body;
    const campaign = body.campaign ?? (await this.campaigns.lastOf(tx, botId, actor.id));
    const email = body.email ?? (await this.emailOf(tx, actor.id));
    if (provider !== undefined) this.checkEmail(botId, provider, email !== undefined);
    const waits = provider === undefined;
    const order = await this.orders.place(tx, asked, offer, {
      useBalance: useBalance || waits,
      waits,
      campaign,
      email,
      locale,
      savesMethod,
    });
    await this.pay(tx, order, provider, savedMethodId);
    return this.shownOrder(tx, order);
  }

  async payAnew(
    tx: EntityManager,
    { actor, params, body }: RequestOf<typeof PayOrder>,
  ): Promise<AnswerOf<typeof PayOrder>> {
    const order = await this.lockOwn(tx, params.orderId, actor.id);
    if (order.state !== 'awaiting') throw new OrderIsClosed(order.state);
    this.checkProvider(order.botId, body.provider, order.currency);
    const place = { table: 'orders', id: order.id, userId: order.userId };
    if (body.email) Object.assign(order, await this.personal.encrypt(tx, place, { email: body.email }));
    this.checkEmail(order.botId, body.provider, order.email !== null);
    order.savesMethod = body.saveMethod ?? order.savesMethod;
    await tx.update(Order, { id: order.id }, { savesMethod: order.savesMethod, email: order.email });
    await this.pay(tx, order, body.provider, body.savedMethodId);
    return this.shownOrder(tx, order);
  }

  async cancel(
    tx: EntityManager,
    { actor, params }: RequestOf<typeof CancelOrder>,
  ): Promise<AnswerOf<typeof CancelOrder>> {
    const order = await this.lockOwn(tx, params.orderId, actor.id);
    await this.orders.close(tx, order, 'cancelled');
    return this.shownOrder(tx, order);
  }

  read({ actor, params }: RequestOf<typeof ReadMyOrder>): Promise<AnswerOf<typeof ReadMyOrder>> {
    return asActor(this.db, actor, async (tx) => {
      const order = await tx.findOneBy(Order, { id: params.orderId });
      if (!order) throw new OrderNotFound();
      return this.shownOrder(tx, order);
    });
  }

  list(request: RequestOf<typeof ListMyOrders>): Promise<AnswerOf<typeof ListMyOrders>> {
    const { actor, query } = request;
    return asActor(this.db, actor, async (tx) => {
      const rows = tx.createQueryBuilder(Order, 'o').where('o.userId = :userId', { userId: actor.id });
      if (query.botId) rows.andWhere('o.botId = :botId', { botId: query.botId });
      const { data, page } = await this.cursors.select(request, rows, ['id']);
      return { data: await Promise.all(data.map((order) => this.shownOrder(tx, order))), page };
    });
  }

  async balance(request: RequestOf<typeof ReadMyBalance>): Promise<AnswerOf<typeof ReadMyBalance>> {
    const { actor } = request;
    return asActor(this.db, actor, async (tx) => ({
      balances: await this.ledger.balances(tx, actor.id),
      ...(await this.ledger.history(tx, actor.id, request)),
    }));
  }

  async forgetMethod({ actor, params }: RequestOf<typeof ForgetPaymentMethod>): Promise<void> {
    await this.db.transaction((tx) => this.methods.revoke(tx, params.methodId, actor.id));
  }

  private async pay(
    tx: EntityManager,
    order: Order,
    provider: string | undefined,
    methodId: string | undefined,
  ): Promise<void> {
    // What is on the balance and was not to be used stays there.
    const isHeld = order.heldMinor === order.totalMinor;
    if (provider === undefined || isHeld) await this.orders.collect(tx, order, { provider: 'balance' });
    else await this.invoices.request(tx, order, provider, methodId);
  }

  private checkProvider(botId: string, provider: string, currency: string): void {
    const found = this.providers.offeredBy(botId).find(({ name }) => name === provider);
    if (!found || !takes(found, currency)) throw new ProviderNotOffered(provider);
  }

  private checkEmail(botId: string, provider: string, isKnown: boolean): void {
    if (!isKnown && this.providers.needsEmail(botId, provider)) throw new EmailNeeded();
  }

  /** The one that the person gave last. */
  private async emailOf(tx: EntityManager, userId: string): Promise<string | undefined> {
    const last = await tx.findOne(Order, { where: { userId, email: Not(IsNull()) }, order: { id: 'DESC' } });
    if (!last) return undefined;
    const place = { table: 'orders', id: last.id, userId };
    return (await this.personal.tryDecrypt(tx, place, { email: last.email })).email ?? undefined;
  }

  private async lockOwn(tx: EntityManager, orderId: string, userId: string): Promise<Order> {
    const order = await this.orders.lock(tx, orderId);
    if (order.userId !== userId) throw new OrderNotFound();
    return order;
  }

  private async refuseMany(tx: EntityManager, userId: string): Promise<void> {
    const open = await tx.countBy(Order, { userId, state: 'awaiting' });
    if (open >= OPEN_ORDERS) throw new TooManyOpenOrders();
  }

  private async cartOf(tx: EntityManager, userId: string, botId: string) {
    const [cart] = await tx.query<{ id: string; missing: string; currency: string }[]>(
      `SELECT o.id, o.total_minor - o.held_minor AS missing, o.currency FROM orders o
       WHERE o.user_id = $1 AND o.bot_id = $2 AND o.state = 'awaiting'
         AND NOT EXISTS (SELECT FROM invoices i WHERE i.order_id = o.id) ORDER BY o.id DESC LIMIT 1`,
      [userId, botId],
    );
    return cart ? { orderId: cart.id, missingMinor: Number(cart.missing), currency: cart.currency } : null;
  }

  private quoteOf(
    botId: string,
    offer: Offer,
    currency: string,
    fromBalanceMinor: number,
  ): AnswerOf<typeof QuoteOrder> {
    const { listMinor, discountMinor, creditMinor, totalMinor, extraDays, use, plan } = offer;
    const dueMinor = totalMinor - fromBalanceMinor;
    const priced = { listMinor, discountMinor, creditMinor, ...(use && { useMinor: use.amountMinor }) };
    const renewsBy = this.providers.renewing(botId, {
      plan: offer.kind === 'gift' ? undefined : plan,
      ...{ currency, listMinor, dueMinor },
    });
    return { ...priced, fromBalanceMinor, dueMinor, currency, extraDays, validUntil: null, renewsBy };
  }

  private async shownOrder(tx: EntityManager, order: Order): Promise<AnswerOf<typeof ReadMyOrder>> {
    const invoice = await tx.findOne(Invoice, { where: { orderId: order.id }, order: { attempt: 'DESC' } });
    const { id, botId, kind, title, promoCode, subscriptionId, createdAt, paidAt, refundedMinor } = order;
    const { listMinor, discountMinor, creditMinor, totalMinor, heldMinor, currency, extraDays, useMinor } = order;
    return {
      ...{ id, botId, kind, title, promoCode, subscriptionId, createdAt, paidAt, refundedMinor, state: order.state },
      quote: {
        ...{ listMinor, discountMinor, creditMinor, currency, extraDays, validUntil: null },
        ...(useMinor > 0 && { useMinor }),
        ...{ fromBalanceMinor: heldMinor, dueMinor: paidAt ? 0 : totalMinor - heldMinor },
      },
      totalMinor,
      next: nextOf(order, invoice),
      provider: invoice?.provider ?? null,
      failure: invoice?.failure ?? null,
      giftLink: kind === 'gift' && paidAt ? await this.gifts.linkOf(tx, id) : null,
      receiptUrl: null,
    };
  }
}

/** A plan as it is shown to whoever may buy it. */
export function shownPlan(plan: Plan) {
  const { id, name, description, level, features, byUse, recurring, giftable, prices } = plan;
  return {
    ...{ id, name, description, level, features, recurring, giftable, ...(byUse && { byUse }) },
    ...{ period: periodOf(plan), prices: shown(prices) },
  };
}

const shown = (prices: Prices) => Object.entries(prices).map(([currency, amountMinor]) => ({ currency, amountMinor }));
