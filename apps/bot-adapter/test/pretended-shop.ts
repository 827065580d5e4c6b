import {
  CancelOrder,
  ChangeMySubscription,
  ChooseMyServer,
  ClaimGuestOrder,
  FEATURES,
  ForgetMyDevice,
  GIGABYTE,
  ListMyAccesses,
  ListMyDevices,
  ListMyGifts,
  ListMyOrders,
  ListMyOffers,
  ListMyPayouts,
  ListMyRewards,
  ListMySubscriptions,
  ListRegions,
  type LocalizedText,
  OpenGift,
  PayOrder,
  PlaceOrder,
  PreviewGift,
  QuoteOrder,
  ReadMyBalance,
  ReadMyOrder,
  ReadMyReferrals,
  ReadSalesOfBot,
  ReadShop,
  RequestPayout,
  ResetMyDevices,
  RotateMyLink,
  StartTrial,
  UseReferral,
  WithdrawPayout,
} from '@switchboard/contracts';
import type { AnswerOf, RequestOf } from '@switchboard/service-kit';
import { PretendedService, Refusal } from '@switchboard/testing';
import { v7 as uuidv7 } from 'uuid';

type Shop = AnswerOf<typeof ReadShop>;
type Order = AnswerOf<typeof ReadMyOrder>;
type Subscription = Shop['subscriptions'][number];
type Access = AnswerOf<typeof ListMyAccesses>['data'][number];
type Gift = AnswerOf<typeof ListMyGifts>['data'][number];
type Payout = AnswerOf<typeof ListMyPayouts>['data'][number];
type Quoted = RequestOf<typeof QuoteOrder>['body'];

const DAY_MS = 86_400_000;
export const text = (en: string, ru = `${en} по-русски`): LocalizedText => ({ en, ru });

const PLAN = { giftable: true, recurring: true, level: 'plus', description: text('For everything') };

/** Services that sell a VPN, as far as a person sees them; what somebody has is kept by their id. */
export class PretendedShop {
  readonly month = {
    ...{ ...PLAN, id: uuidv7(), name: text('A month', 'Месяц'), period: { count: 1, unit: 'month' as const } },
    prices: [
      { currency: 'RUB', amountMinor: 19900 },
      { currency: 'XTR', amountMinor: 250 },
    ],
    features: { [FEATURES.vpnTraffic]: 100 * GIGABYTE, [FEATURES.vpnDevices]: 3 },
  };
  readonly year = {
    ...{ ...PLAN, id: uuidv7(), name: text('A year', 'Год'), period: { count: 12, unit: 'month' as const } },
    prices: [{ currency: 'RUB', amountMinor: 149_000 }],
    features: { [FEATURES.vpnTraffic]: null, [FEATURES.vpnDevices]: 5 },
  };
  readonly pack = {
    ...{ id: uuidv7(), name: text('10 GB more', 'Ещё 10 ГБ'), lasts: 'period' as const },
    ...{ prices: [{ currency: 'RUB', amountMinor: 9900 }], adds: { [FEATURES.vpnTraffic]: 10 * GIGABYTE } },
  };
  readonly payWith: Shop['payWith'] = [
    { provider: 'yookassa', methods: ['card'], currencies: ['RUB'], recurring: true, needsEmail: false, saved: [] },
    {
      provider: 'telegram-stars',
      methods: ['stars'],
      currencies: ['XTR'],
      recurring: true,
      needsEmail: false,
      saved: [],
    },
  ];
  trial = true;
  maintenance = false;
  needsEmail = false;
  /** Of anybody, in roubles. */
  balanceMinor = 0;
  readonly orders = new Map<string, Order & { userId: string }>();
  readonly subscriptions = new Map<string, Subscription & { userId: string }>();
  readonly accesses = new Map<string, Access>();
  devices: { deviceId: string; name: string }[] = [];
  readonly gifts: (Gift & { userId: string })[] = [];
  /** Whoever brings people has something of it. */
  rewards = false;
  offers: AnswerOf<typeof ListMyOffers>['data'] = [];
  readonly payouts: Payout[] = [];
  private readonly placed = new Map<string, string>();

  private constructor(
    readonly payments: PretendedService,
    readonly vpn: PretendedService,
    private readonly now: () => Date,
  ) {
    this.sell();
    this.befriend();
    this.provide();
  }

  static async start(now: () => Date = () => new Date()): Promise<PretendedShop> {
    const [payments, vpn] = [await PretendedService.start('payments'), await PretendedService.start('vpn-provisioner')];
    return new PretendedShop(payments, vpn, now);
  }

  get directory() {
    return new Map([
      ['payments', this.payments.url],
      ['vpn-provisioner', this.vpn.url],
    ]);
  }

  stop(): void {
    this.payments.stop();
    this.vpn.stop();
  }

  /** A person has something. */
  give(userId: string, more: Partial<Subscription> = {}, isReady = true): Subscription {
    const now = this.now();
    const end = new Date(now.getTime() + 29.5 * DAY_MS);
    const subscription = {
      ...{ id: uuidv7(), userId, botId: 'lumen', revision: 1, planId: this.month.id, planName: this.month.name },
      ...{ level: 'plus', status: 'active' as const, startedAt: now, periodStart: now, validUntil: end },
      ...{ servedUntil: end, features: this.month.features, region: null, autoRenew: false, renewsWith: null },
      ...{ nextCharge: null, pausable: (more.status ?? 'active') === 'active' },
      ...more,
    };
    this.subscriptions.set(subscription.id, subscription);
    if (isReady) this.grant(subscription.id);
    return subscription;
  }

  grant(subscriptionId: string): Access {
    const access: Access = {
      ...{ id: uuidv7(), subscriptionId, botId: 'lumen', state: 'ready', link: `https://vpn.example/s/${uuidv7()}` },
      servers: [{ serverId: uuidv7(), name: 'Berlin 1', region: 'de', latencyMs: 12, load: 40, best: true }],
      traffic: { usedBytes: 12.3 * GIGABYTE, limitBytes: 100 * GIGABYTE, resetsAt: this.now(), asOf: this.now() },
      devices: { used: this.devices.length, limit: 3 },
    };
    access.traffic.usedBytes = Math.round(access.traffic.usedBytes);
    this.accesses.set(access.id, access);
    return access;
  }

  /** The provider has taken the money of an order. */
  paid(orderId: string): Order & { userId: string } {
    const order = this.orders.get(orderId)!;
    const paid = { state: 'fulfilled', next: { kind: 'done' }, paidAt: this.now() };
    if (order.kind === 'gift') return Object.assign(order, paid, { giftLink: this.giftOf(order.userId, order.id).url });
    return Object.assign(order, paid, { subscriptionId: this.give(order.userId, {}, false).id });
  }

  /** Somebody has bought one. */
  giftOf(userId: string, orderId = uuidv7(), state: Gift['state'] = 'waiting'): Gift {
    const code = uuidv7().slice(-12);
    const startParameter = `gift_${code}`;
    const gift = {
      ...{ id: uuidv7(), userId, botId: 'lumen', orderId, title: this.month.name, state, code, startParameter },
      ...{ url: `https://bot.example/?start=${startParameter}`, openedAt: null },
      expiresAt: new Date(this.now().getTime() + 90 * DAY_MS),
    };
    this.gifts.push(gift);
    return gift;
  }

  private quoteOf({
    wanted,
    currency,
    promoCode,
    useBalance,
  }: Pick<Quoted, 'wanted' | 'currency' | 'promoCode' | 'useBalance'>) {
    const priceOf = () => {
      if (wanted.kind === 'top-up') return wanted.amountMinor;
      if (wanted.kind === 'goods') throw new Error('this shop sells no goods');
      const thing =
        wanted.kind === 'package' ? this.pack : [this.month, this.year].find(({ id }) => id === wanted.planId);
      const price = thing?.prices.find((one) => one.currency === currency);
      if (!price) throw new Refusal(422, 'payments.currency_not_sold');
      return price.amountMinor;
    };
    const listMinor = priceOf();
    if (promoCode === 'OLD') throw new Refusal(422, 'payments.promo_expired');
    if (promoCode !== undefined && promoCode !== 'HALF') throw new Refusal(422, 'payments.promo_not_found');
    const discountMinor = promoCode === 'HALF' ? Math.floor(listMinor / 2) : 0;
    const rest = listMinor - discountMinor;
    const fromBalanceMinor = useBalance && currency === 'RUB' ? Math.min(this.balanceMinor, rest) : 0;
    return {
      ...{ listMinor, discountMinor, creditMinor: 0, fromBalanceMinor, dueMinor: rest - fromBalanceMinor, currency },
      ...{ extraDays: 0, validUntil: null },
    };
  }

  private nextOf(provider: string | undefined, orderId: string, dueMinor: number): Order['next'] {
    const expiresAt = new Date(this.now().getTime() + 3_600_000);
    if (dueMinor === 0) return { kind: 'done' };
    if (provider === undefined) return { kind: 'top-up', missingMinor: dueMinor };
    if (provider === 'telegram-stars') return { kind: 'stars', link: `https://t.me/$${orderId}`, expiresAt };
    return { kind: 'open', url: `https://pay.example/${orderId}`, expiresAt };
  }

  private sell(): void {
    const own = (userId: string, orderId: string) => {
      const order = this.orders.get(orderId);
      if (order?.userId !== userId) throw new Refusal(404, 'payments.order_not_found');
      return order;
    };
    const ofPerson = (userId: string) => [...this.subscriptions.values()].filter((one) => one.userId === userId);
    this.payments
      .on(ReadShop, ({ actor }) => ({
        ...{ botId: 'lumen', plans: [this.month, this.year], packages: [this.pack], payWith: this.payWith },
        trial: this.trial && ofPerson(actor.id).length === 0 ? { planId: this.month.id, days: 7 } : null,
        balances: this.balanceMinor > 0 ? [{ currency: 'RUB', amountMinor: this.balanceMinor }] : [],
        ...{ subscriptions: ofPerson(actor.id), cart: null, needsEmail: this.needsEmail },
      }))
      .on(ListMySubscriptions, ({ actor }) => ({ data: ofPerson(actor.id) }))
      .on(QuoteOrder, ({ body }) => this.quoteOf(body))
      .on(PlaceOrder, ({ actor, body, idempotencyKey }) => {
        const known = this.placed.get(`${actor.id} ${idempotencyKey}`);
        if (known) return this.orders.get(known)!;
        if (this.needsEmail && body.email === undefined) throw new Refusal(422, 'payments.email_needed');
        const quote = this.quoteOf(body);
        const id = uuidv7();
        const isPaid = quote.dueMinor === 0;
        this.orders.set(id, {
          ...{ id, userId: actor.id, botId: 'lumen', kind: body.wanted.kind, title: this.month.name, quote },
          ...{ state: isPaid ? 'fulfilled' : 'awaiting', promoCode: body.promoCode ?? null, failure: null },
          ...{ next: this.nextOf(body.provider, id, quote.dueMinor), provider: body.provider ?? null },
          ...{ subscriptionId: isPaid ? this.give(actor.id).id : null, receiptUrl: null },
          giftLink: null as string | null,
          ...{ createdAt: this.now(), paidAt: null, refundedMinor: 0 },
          totalMinor: quote.fromBalanceMinor + quote.dueMinor,
        });
        this.placed.set(`${actor.id} ${idempotencyKey}`, id);
        return this.orders.get(id)!;
      })
      .on(ReadMyOrder, ({ actor, params }) => own(actor.id, params.orderId))
      .on(ListMyOrders, ({ actor }) => ({
        data: [...this.orders.values()].filter(({ userId }) => userId === actor.id),
        page: { next: null, prev: null },
      }))
      .on(PayOrder, ({ actor, params, body }) => {
        const order = own(actor.id, params.orderId);
        if (order.state !== 'awaiting') throw new Refusal(409, 'payments.order_closed');
        const next = this.nextOf(body.provider, order.id, order.quote.dueMinor);
        return Object.assign(order, { provider: body.provider, next, failure: null });
      })
      .on(CancelOrder, ({ actor, params }) => {
        const order = own(actor.id, params.orderId);
        if (order.state !== 'awaiting') throw new Refusal(409, 'payments.order_closed');
        return Object.assign(order, { state: 'cancelled', next: null });
      })
      .on(StartTrial, ({ actor }) => {
        if (ofPerson(actor.id).length > 0) throw new Refusal(409, 'payments.trial_only_once');
        return this.give(
          actor.id,
          { status: 'trial', validUntil: new Date(this.now().getTime() + 6.5 * DAY_MS) },
          false,
        );
      })
      .on(ChangeMySubscription, ({ params, body, ifMatch }) => {
        const found = this.subscriptions.get(params.subscriptionId)!;
        if (ifMatch !== `"${found.revision}"`) throw new Refusal(412, 'precondition_failed');
        const { autoRenew = found.autoRenew, paused } = body;
        const status = paused === undefined ? found.status : paused ? 'paused' : 'active';
        return Object.assign(found, { autoRenew, status, pausable: status === 'active', revision: found.revision + 1 });
      })
      .on(ReadSalesOfBot, ({ query: { currency } }) => ({
        ...{
          currency,
          currencies: ['RUB', 'XTR'],
          byPlan: [{ planId: this.month.id, name: this.month.name, active: 7 }],
        },
        months: [
          {
            ...{ month: '2026-11', revenueMinor: 123_400, refundsMinor: 19900, feesMinor: 0, orders: 9, buyers: 8 },
            ...{ mrrMinor: 99_500, active: 7, began: 3, churned: 1, churnPercent: 12.5, trials: 4, converted: 2 },
            ...{ arpuMinor: 14_214, ltvMinor: 113_712 },
          },
        ],
        byProvider: [{ provider: 'yookassa', amountMinor: 123_400, payments: 9 }],
        byCampaign: [{ campaign: 'spring', orders: 4, revenueMinor: 50_000 }],
      }))
      .on(ReadMyBalance, () => ({
        balances: this.balanceMinor > 0 ? [{ currency: 'RUB', amountMinor: this.balanceMinor }] : [],
        ...{ data: [], page: { next: null, prev: null } },
      }));
  }

  private befriend(): void {
    const gift = (code: string) => {
      const found = this.gifts.find((one) => one.startParameter === `gift_${code}`);
      if (!found) throw new Refusal(404, 'payments.gift_not_found');
      if (found.state === 'opened') throw new Refusal(409, 'payments.gift_opened');
      return found;
    };
    const opened = new Map<string, ReturnType<PretendedShop['give']>>();
    const earned = [{ currency: 'RUB', amountMinor: 60_000 }];
    const page = { next: null, prev: null };
    const noProgramme = () => {
      if (!this.rewards) throw new Refusal(404, 'payments.no_referrals');
    };
    this.payments
      .on(ListMyGifts, ({ actor }) => ({ data: this.gifts.filter(({ userId }) => userId === actor.id), page }))
      .on(PreviewGift, ({ actor, body }) => {
        const { userId, botId, title, expiresAt } = gift(body.code);
        return { botId, title, period: this.month.period, expiresAt, isOwn: userId === actor.id };
      })
      .on(OpenGift, ({ actor, body, idempotencyKey }) => {
        const known = opened.get(`${actor.id} ${idempotencyKey}`);
        if (known) return known;
        const found = gift(body.code);
        if (found.userId === actor.id && found.state === 'waiting') throw new Refusal(409, 'payments.gift_own');
        Object.assign(found, { state: 'opened', code: null });
        const given = this.give(actor.id, {}, false);
        opened.set(`${actor.id} ${idempotencyKey}`, given);
        return given;
      })
      .on(ClaimGuestOrder, ({ actor, body }) => {
        if (body.token.startsWith('unpaid')) throw new Refusal(409, 'payments.guest_order_unpaid');
        return { botId: 'lumen', orderId: uuidv7(), subscriptionId: this.give(actor.id, {}, false).id };
      })
      .on(UseReferral, ({ body }) => {
        if (body.code === 'nobody') throw new Refusal(404, 'payments.referral_not_found');
        return { counted: true };
      })
      .on(ReadMyReferrals, ({ query: { botId } }) => {
        noProgramme();
        const code = 'bring-me';
        const url = `https://bot.example/?start=ref_${code}`;
        return {
          ...{ botId, link: { code, startParameter: `ref_${code}`, url, invited: 3 }, percents: [20, 5], paying: 2 },
          ...{ everyPayment: true, holdDays: 14, pending: [{ currency: 'RUB', amountMinor: 3980 }], earned },
        };
      })
      .on(ListMyOffers, () => ({ data: this.offers }))
      .on(ListMyRewards, () => {
        const reward = { id: uuidv7(), level: 1, amountMinor: 3980, currency: 'RUB', state: 'held' as const };
        return { data: [{ ...reward, at: this.now(), releaseAt: this.now() }], page };
      })
      .on(ListMyPayouts, () => {
        const least = [{ currency: 'RUB', amountMinor: 50_000 }];
        return { data: this.payouts, payable: earned, least, page };
      })
      .on(RequestPayout, ({ body: { amountMinor, currency } }) => {
        if (this.payouts.some(({ state }) => state === 'asked')) throw new Refusal(409, 'payments.payout_open');
        const about = { id: uuidv7(), botId: 'lumen', amountMinor, currency, state: 'asked' as const, revision: 1 };
        const payout = { ...about, askedAt: this.now(), decidedAt: null, refusal: null };
        this.payouts.unshift(payout);
        return payout;
      })
      .on(WithdrawPayout, ({ params }) => {
        const found = this.payouts.find(({ id }) => id === params.payoutId)!;
        return Object.assign(found, { state: 'withdrawn' as const });
      });
  }

  private provide(): void {
    const access = (accessId: string) => {
      const found = this.accesses.get(accessId);
      if (!found) throw new Refusal(404, 'vpn-provisioner.access_not_found');
      return found;
    };
    const moment = new Date(0);
    this.vpn
      .on(ListMyAccesses, ({ query }) => ({
        data: [...this.accesses.values()].filter(({ subscriptionId }) => subscriptionId === query.subscriptionId),
      }))
      .on(ListRegions, () => ({
        ...{ maintenance: this.maintenance },
        data: [
          { id: 'de', name: text('Germany', 'Германия'), available: true, load: 40 },
          { id: 'nl', name: text('Netherlands', 'Нидерланды'), available: true, load: 10 },
          { id: 'us', name: text('USA', 'США'), available: false, load: 100 },
        ],
      }))
      .on(ChooseMyServer, ({ params, body }) => {
        if (body.region === 'de') throw new Refusal(409, 'vpn-provisioner.no_capacity');
        return access(params.accessId);
      })
      .on(RotateMyLink, ({ params, idempotencyKey }) => {
        const link = `https://vpn.example/s/new-${idempotencyKey}`;
        return Object.assign(access(params.accessId), { link }) as { link: string };
      })
      .on(ListMyDevices, () => ({
        data: this.devices.map((one) => ({ ...one, firstSeenAt: moment, seenAt: moment })),
        ...{ limit: 3, resetsLeft: 2 },
      }))
      .on(ForgetMyDevice, ({ params }) => {
        const before = this.devices.length;
        this.devices = this.devices.filter(({ deviceId }) => deviceId !== params.deviceId);
        if (this.devices.length === before) throw new Refusal(404, 'vpn-provisioner.device_not_found');
      })
      .on(ResetMyDevices, () => ({ forgotten: this.devices.splice(0).length }));
  }
}
