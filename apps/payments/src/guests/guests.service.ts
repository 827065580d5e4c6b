import { Injectable } from '@nestjs/common';
import { Outbox } from '@switchboard/bus';
import {
  type PlaceGuestOrder,
  type ReadGuestOrder,
  type ReadGuestShop,
  ShopPageStepReached,
} from '@switchboard/contracts';
import { type AnswerOf, BlindIndex, BotsRegistry, Clock, PersonalData, type RequestOf } from '@switchboard/service-kit';
import { randomBytes } from 'node:crypto';
import type { EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { startUrl } from '../bot-links';
import { CatalogueService, NoShop } from '../catalogue/catalogue.service';
import { shownPlan } from '../checkout/checkout.service';
import { Invoice } from '../invoices/invoice.entity';
import { InvoicesJobs } from '../invoices/invoices.jobs';
import { nextOf } from '../invoices/next-step';
import { Order } from '../orders/order.entity';
import { OrdersService, TooManyOpenOrders } from '../orders/orders.service';
import { QuotesService } from '../orders/quotes.service';
import { PromoUsed } from '../promo-codes/promo-codes.service';
import { ProviderNotOffered, ProvidersService } from '../providers/providers.service';
import { GuestOrderNotFound } from './guest-orders.errors';
import { GuestOrder } from './guest-order.entity';

type Shown = AnswerOf<typeof ReadGuestOrder>;

/** 192 bits. */
const TOKEN_BYTES = 24;
/** Of one address at a time. */
const OPEN_ORDERS = 5;
/** What is paid in the chat with a bot needs one. */
const IN_CHAT = ['telegram-stars'];
/** Of the page of this site on which whoever is signed in takes over what was bought. */
const CLAIM_PAGE = '/me/claim';

/** By which a purchase is taken over: in the bot, and on this site. */
export const claimLinksOf = (bots: BotsRegistry, botId: string, token: string) => {
  const startParameter = `guest_${token}`;
  return { startParameter, botUrl: startUrl(bots, botId, startParameter), path: `${CLAIM_PAGE}#${token}` };
};

/** A page on which people buy who have no account. */
@Injectable()
export class GuestsService {
  constructor(
    private readonly bots: BotsRegistry,
    private readonly catalogue: CatalogueService,
    private readonly providers: ProvidersService,
    private readonly quotes: QuotesService,
    private readonly orders: OrdersService,
    private readonly invoices: InvoicesJobs,
    private readonly personal: PersonalData,
    private readonly blindIndex: BlindIndex,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
  ) {}

  /** @throws NoShop */
  async shop(tx: EntityManager, botId: string): Promise<AnswerOf<typeof ReadGuestShop>> {
    const bot = this.bots.find(botId);
    const payWith = this.offered(botId).map(({ name, methods, currencies, recurring }) => ({
      ...{ provider: name, methods: [...methods], currencies: [...currencies], recurring },
    }));
    const plans = await this.catalogue.plans(tx, botId);
    if (!bot || plans.length === 0 || payWith.length === 0) throw new NoShop(botId);
    return { botId, name: bot.name, plans: plans.map(shownPlan), payWith };
  }

  /** A guest is somebody of their own until they say who they are: see decision 47. */
  async place(
    tx: EntityManager,
    { params: { botId }, body }: RequestOf<typeof PlaceGuestOrder>,
  ): Promise<AnswerOf<typeof PlaceGuestOrder>> {
    const { planId, currency, provider, promoCode, campaign, locale, visitId } = body;
    if (!this.bots.find(botId)) throw new NoShop(botId);
    const taken = this.offered(botId).find(({ name }) => name === provider)?.currencies;
    if (!taken || (taken.length > 0 && !taken.includes(currency))) throw new ProviderNotOffered(provider);
    const emailHash = this.blindIndex.hash('guest-email', body.email.toLowerCase());
    await this.refuseMany(tx, emailHash, promoCode);
    const userId = uuidv7();
    const asked = { userId, botId, wanted: { kind: 'plan' as const, planId, autoRenew: false }, currency, promoCode };
    const offer = await this.quotes.offer(tx, asked);
    const order = await this.orders.place(tx, asked, offer, {
      ...{ useBalance: false, waits: false, savesMethod: false, waitsForClaim: true },
      ...{ campaign, email: body.email, locale },
    });
    const token = randomBytes(TOKEN_BYTES).toString('base64url');
    const sealed = await this.personal.encrypt(tx, { table: 'guest_orders', id: order.id, userId }, { token });
    const guest = tx.create(GuestOrder, {
      ...{ orderId: order.id, userId, botId, ...sealed, tokenHash: this.hash(token), emailHash },
      ...{ visitId: visitId ?? null, createdAt: this.clock.now(), mailedAt: null, claimedAt: null },
    });
    await tx.insert(GuestOrder, guest);
    await this.tellStep(tx, guest, 'placed', campaign);
    // What costs nothing is paid by that.
    if ((await this.orders.collect(tx, order, { provider: 'balance' })) !== 'paid')
      await this.invoices.request(tx, order, provider);
    return { ...(await this.shown(tx, order, guest, token)), token };
  }

  /** @throws GuestOrderNotFound */
  async read(tx: EntityManager, token: string): Promise<Shown> {
    const guest = await this.find(tx, token);
    const order = await tx.findOneByOrFail(Order, { id: guest.orderId });
    return this.shown(tx, order, guest, token);
  }

  /** @throws GuestOrderNotFound */
  async find(tx: EntityManager, token: string): Promise<GuestOrder> {
    const guest = await tx.findOneBy(GuestOrder, { tokenHash: this.hash(token) });
    if (!guest) throw new GuestOrderNotFound();
    return guest;
  }

  /** Says how far the visit came by which it was ordered, where the page has told of one. */
  async tellStep(
    tx: EntityManager,
    { visitId, botId }: Pick<GuestOrder, 'visitId' | 'botId'>,
    step: string,
    campaign?: string | null,
  ): Promise<void> {
    if (visitId === null) return;
    await this.outbox.add(tx, ShopPageStepReached({ visitId, botId, step, ...(campaign && { campaign }) }));
  }

  private async shown(tx: EntityManager, order: Order, guest: GuestOrder, token: string): Promise<Shown> {
    const invoice = await tx.findOne(Invoice, { where: { orderId: order.id }, order: { attempt: 'DESC' } });
    const { botId, title, state, totalMinor: amountMinor, currency } = order;
    const isToBeClaimed = order.waitsForClaim && order.paidAt !== null && state !== 'refunded';
    return {
      ...{ botId, title, state, amountMinor, currency, next: nextOf(order, invoice), claimedAt: guest.claimedAt },
      failure: invoice?.failure ?? null,
      claim: isToBeClaimed ? claimLinksOf(this.bots, botId, token) : null,
    };
  }

  /** A code that each person may use is used once by each address: a guest is somebody else each time. */
  private async refuseMany(tx: EntityManager, emailHash: string, promoCode: string | undefined): Promise<void> {
    const [row] = await tx.query<[{ open: number; used: boolean }]>(
      `SELECT count(*) FILTER (WHERE o.state = 'awaiting')::int AS open,
         coalesce(bool_or(lower(o.promo_code) = lower($2) AND o.state NOT IN ('cancelled', 'expired', 'refunded')), false) AS used
       FROM guest_orders g JOIN orders o ON o.id = g.order_id WHERE g.email_hash = $1`,
      [emailHash, promoCode ?? null],
    );
    if (row.open >= OPEN_ORDERS) throw new TooManyOpenOrders();
    if (row.used) throw new PromoUsed();
  }

  private offered(botId: string) {
    return this.providers.offeredBy(botId).filter(({ name }) => !IN_CHAT.includes(name));
  }

  private hash(token: string): string {
    return this.blindIndex.hash('guest-order', token);
  }
}
