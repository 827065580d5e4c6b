import { setTimeout as sleep } from 'node:timers/promises';
import {
  CancelOrder,
  PayOrder,
  PlaceOrder,
  ReadMyOrder,
  ReadShop,
  RefundOrder,
  StartTrial,
} from '@switchboard/contracts';
import type { AnswerOf } from '@switchboard/service-kit';
import type { z } from 'zod';
import type { Bank } from '../../local/banks.mts';
import { YOOKASSA_SHOP } from '../../local/providers.mts';
import { isRefusal } from '../../local/gateway.mts';
import type { SandboxClient } from '../../local/sandbox-client.mts';
import { BOT, type Catalogue, type Shop } from '../../local/shop.mts';
import { Random } from '../service/random.mts';
import type { Intent } from './books-check.mts';

type Order = AnswerOf<typeof ReadMyOrder>;
type ShopView = AnswerOf<typeof ReadShop>;
type Ordered = z.input<(typeof PlaceOrder)['body']>;
type Wanted = Ordered['wanted'];

export interface BuyersOptions {
  readonly shop: Shop;
  readonly sandbox: SandboxClient;
  readonly banks: readonly Bank[];
  readonly catalogue: Catalogue;
  readonly seed: number;
}

/** Somebody who buys something, as far as dice have decided it. */
interface Visit {
  readonly person: string;
  readonly random: Random;
  readonly bank: Bank;
  readonly currency: string;
  /** The shop as they saw it when they came. */
  readonly view: ShopView;
}

const PAGE_WITHIN_MS = 20_000;
const SERVED_WITHIN_MS = 4000;
const LOOK_EVERY_MS = 100;
/** Several of them buy more than once. */
const PURCHASES_OF_ONE = 4;

/** How money goes back: all or a part by our staff, to the balance, or by staff of the provider. */
const RETURNS = ['all', 'part', 'balance', 'provider'] as const;
type Return = (typeof RETURNS)[number];

/** An order whose money is to go back once it has been handed out. */
interface Returned {
  readonly order: Order;
  readonly person: string;
  readonly random: Random;
  readonly bank: Bank;
  readonly how: Return;
  /** Where it was paid. */
  readonly url: string | undefined;
}

/** People who buy, each in a way of their own, and what they have meant by it. */
export class Buyers {
  readonly intents = new Map<string, Intent>();
  /** How often each way was gone. */
  readonly ways: Record<string, number> = {};
  purchases = 0;
  private readonly options: BuyersOptions;
  private readonly people: string[] = [];
  private readonly returns: Returned[] = [];

  constructor(options: BuyersOptions) {
    this.options = options;
  }

  /**
   * @param sideBySide how many buy at the same time
   * @param begins is waited for before each, with how many have begun
   */
  async buy(purchases: number, sideBySide: number, begins?: (begun: number) => Promise<unknown>): Promise<void> {
    const { seed } = this.options;
    const random = new Random(seed);
    for (let i = 0; i < Math.ceil(purchases / PURCHASES_OF_ONE); i++) this.people.push(crypto.randomUUID());
    const one = async () => {
      while (this.purchases < purchases) {
        const number = this.purchases++;
        await begins?.(number);
        const own = new Random(seed * 100_000 + number);
        const how = RETURNS[number];
        await this.unlessRefused(how ? this.buyToReturn(how, own) : this.visit(random.pick(this.people), own));
        if (own.chance(0.2)) await this.claim(own);
      }
    };
    await Promise.all(Array.from({ length: sideBySide }, one));
  }

  /** What is left of it, when everything else has been handed out. @returns whether anything was */
  async giveBackRest(): Promise<boolean> {
    const rest = this.returns.splice(0);
    const given = await Promise.all(rest.map((returned) => this.unlessRefused(this.giveBack(returned, 0))));
    return given.includes(true);
  }

  /** Several buy for one person: what one has seen another may have changed. */
  private unlessRefused<T>(work: Promise<T>): Promise<T | undefined> {
    return work.catch((error: unknown) => {
      if (!isRefusal(error)) throw error;
      this.count(`refused: ${error.problem?.code ?? error.status}`);
      return undefined;
    });
  }

  /** Whatever dice decide, money goes back in every way, from another provider each: somebody new buys until they can pay. */
  private async buyToReturn(how: Return, random: Random): Promise<void> {
    const banks = this.options.banks.filter(({ refunds }) => refunds);
    const bank = banks[RETURNS.indexOf(how) % banks.length]!;
    const wanted: Wanted = { kind: 'plan', planId: this.options.catalogue.plans[0]! };
    for (;;) {
      const person = crypto.randomUUID();
      const order = await this.place(person, { wanted, currency: bank.currencies[0]!, provider: bank.provider });
      const url = await this.page(person, order.id);
      if (url === undefined) continue;
      await this.pay(bank, order.id, url, random);
      return this.giveBackLater({ order, person, random, bank, how, url });
    }
  }

  private async visit(person: string, random: Random): Promise<void> {
    const view = await this.look(person);
    if (view.trial && random.chance(0.3)) {
      const input = { body: { botId: BOT }, idempotencyKey: crypto.randomUUID() };
      await this.as(person, (client, options) => client.call(StartTrial, input, options));
      return this.count('trial');
    }
    const withCard = view.payWith.find(({ saved }) => saved.length > 0)?.provider;
    const known = random.chance(0.5) ? this.options.banks.find(({ provider }) => provider === withCard) : undefined;
    const bank = known ?? random.pick(this.options.banks);
    const visit = { person, random, bank, currency: random.pick(bank.currencies), view };
    const active = view.subscriptions.filter(({ status }) => status === 'active');
    const way = random.next();
    if (way < 0.1) return this.topUp(visit, random.int(10_000, 60_000));
    if (way < 0.2) return this.buyByBalance(visit);
    if (way < 0.3 && active.length > 0) {
      const { packageId } = this.options.catalogue;
      return this.buyBy(visit, { kind: 'package', packageId, subscriptionId: random.pick(active).id });
    }
    return this.buyBy(visit, this.aPlan(visit));
  }

  /** Who has a trial goes on with its plan, and who has something often goes on with that. */
  private aPlan({ random, view }: Visit): Wanted {
    const trial = view.subscriptions.find(({ status }) => status === 'trial');
    if (trial) return { kind: 'plan', planId: trial.planId, subscriptionId: trial.id };
    const active = view.subscriptions.filter(({ status }) => status === 'active');
    if (active.length === 0 || random.chance(0.4))
      return { kind: 'plan', planId: random.pick(this.options.catalogue.plans) };
    const { id, planId } = random.pick(active);
    return { kind: 'plan', planId, subscriptionId: id };
  }

  private async buyBy(visit: Visit, wanted: Wanted): Promise<void> {
    const { person, random, bank, currency, view } = visit;
    const card = cardOf(view, bank);
    if (card !== undefined && random.chance(0.7)) return this.buyByCard(visit, wanted, card);
    const saveMethod = bank.saves && random.chance(0.7);
    const useBalance = random.chance(0.3);
    const order = await this.place(person, { wanted, currency, provider: bank.provider, saveMethod, useBalance });
    await this.payAtPage(visit, order, saveMethod);
    if (!saveMethod || !(await this.fulfilled(person, order.id))) return;
    const now = await this.look(person);
    const saved = cardOf(now, bank);
    if (saved !== undefined) await this.buyByCard(visit, this.aPlan({ ...visit, view: now }), saved);
  }

  /** Nobody is asked: what is charged twice nobody has paid twice. */
  private async buyByCard(visit: Visit, wanted: Wanted, savedMethodId: string): Promise<void> {
    const { person, bank, currency } = visit;
    const order = await this.place(person, { wanted, currency, provider: bank.provider, savedMethodId });
    this.intents.get(order.id)!.charged = true;
    this.count('saved card');
    await this.giveBackSome(visit, order);
  }

  private async topUp({ person, random, bank, currency }: Visit, amountMinor: number): Promise<void> {
    const order = await this.place(person, {
      wanted: { kind: 'top-up', amountMinor },
      currency,
      provider: bank.provider,
    });
    const url = await this.page(person, order.id);
    if (url === undefined) return this.count('no page');
    await this.pay(bank, order.id, url, random);
    this.count('top-up');
  }

  /** A cart that waits, and the money that it waits for. */
  private async buyByBalance(visit: Visit): Promise<void> {
    const order = await this.place(visit.person, { wanted: this.aPlan(visit), currency: visit.currency });
    this.count('cart');
    if (order.next?.kind === 'top-up') await this.topUp(visit, Math.max(1000, order.next.missingMinor));
  }

  /** Everything that people do at a page, or instead. */
  private async payAtPage(visit: Visit, order: Order, saves: boolean): Promise<void> {
    const { person, random, bank } = visit;
    if (order.next?.kind === 'done') return this.count('balance');
    const url = await this.page(person, order.id);
    if (url === undefined) return this.count('no page');
    const pay = () => this.pay(bank, order.id, url, random, saves);
    const way = random.next();
    if (way < 0.06) return this.count('abandoned');
    if (way < 0.16) {
      this.count('declined');
      await bank.decline(url).catch(() => undefined);
      return this.payElsewhere(visit, order);
    }
    if (way < 0.24) {
      this.count('paid at two pages');
      await this.payElsewhere(visit, order);
      return pay();
    }
    if (way < 0.32) {
      this.count('cancelled, then paid');
      const input = { params: { orderId: order.id }, idempotencyKey: crypto.randomUUID() };
      await this.as(person, (client, options) => client.call(CancelOrder, input, options));
      await sleep(random.int(0, 1000));
      return pay();
    }
    if (way < 0.4 && bank.provider === 'cloudpayments') {
      this.count('paid twice at a page');
      await pay();
      return pay();
    }
    this.count(bank.provider);
    await pay();
    await this.giveBackSome(visit, order, url);
  }

  private async payElsewhere({ person, random }: Visit, order: Order): Promise<void> {
    const { currency } = order.quote;
    const other = random.pick(this.options.banks.filter(({ currencies }) => currencies.includes(currency)));
    const { next: before } = await this.read(person, order.id);
    const body = { provider: other.provider };
    const input = { params: { orderId: order.id }, body, idempotencyKey: crypto.randomUUID() };
    await this.as(person, (client, options) => client.call(PayOrder, input, options));
    const url = await this.page(person, order.id, before?.kind === 'open' ? before.url : undefined);
    if (url !== undefined) await this.pay(other, order.id, url, random);
  }

  /** Some banks think about it first. */
  private async pay(bank: Bank, orderId: string, url: string, random: Random, saves = false): Promise<void> {
    const afterMs = random.chance(0.15) ? random.int(300, 3000) : 0;
    try {
      await bank.pay(url, { saves, afterMs });
    } catch {
      return this.count('not payable any more');
    }
    this.intents.get(orderId)!.paid += 1;
  }

  /** By our staff or, where somebody has paid at a page, by those of the provider. */
  private async giveBackSome({ person, random, bank }: Visit, order: Order, url?: string): Promise<void> {
    const way = random.next();
    if (way > 0.12) return;
    const isTheirs = way < 0.03 && bank.refunds && url !== undefined;
    const how = isTheirs ? 'provider' : random.chance(0.3) ? 'balance' : random.chance(0.7) ? 'all' : 'part';
    await this.giveBackLater({ order, person, random, bank, how, url });
  }

  /** As soon as it was handed out: while all else goes on or, where that takes long, at the end. */
  private async giveBackLater(returned: Returned): Promise<void> {
    if (!(await this.giveBack(returned, SERVED_WITHIN_MS))) this.returns.push(returned);
  }

  private async giveBack({ order, person, random, bank, how, url }: Returned, withinMs: number): Promise<boolean> {
    const paid = await this.fulfilled(person, order.id, withinMs);
    if (!paid) return false;
    const intent = this.intents.get(order.id)!;
    const [totalMinor, { currency }] = [totalOf(paid), paid.quote];
    if (how === 'provider') {
      intent.refundedMinor = await bank.refund(url!);
      this.count('given back by the provider');
      return true;
    }
    const amountMinor = how === 'part' ? random.int(1, totalMinor) : totalMinor;
    const toBalance = how === 'balance';
    const body = { amountMinor, currency, toBalance, reason: 'It was slow' };
    const input = { params: { orderId: order.id }, body, idempotencyKey: crypto.randomUUID() };
    await this.options.shop.gateway.asStaff((client, options) => client.call(RefundOrder, input, options));
    intent[toBalance ? 'toBalanceMinor' : 'refundedMinor'] = amountMinor;
    this.count('refunded');
    return true;
  }

  /** Somebody tells that what nobody has paid was paid: nothing that YooKassa tells is signed. */
  private async claim(random: Random): Promise<void> {
    const { yookassa } = this.options.sandbox;
    const unpaid = (await yookassa.payments()).filter(({ status }) => status !== 'succeeded');
    if (unpaid.length === 0) return;
    const claimed = { status: 'succeeded', paid: true, captured_at: new Date().toISOString() };
    await yookassa.forge(YOOKASSA_SHOP, 'payment.succeeded', { ...random.pick(unpaid), ...claimed });
    this.count('claimed');
  }

  private async place(person: string, ordered: Omit<Ordered, 'botId'>): Promise<Order> {
    const body = { botId: BOT, email: 'anna@example.com', ...ordered };
    const input = { body, idempotencyKey: crypto.randomUUID() };
    const order = await this.as(person, (client, options) => client.call(PlaceOrder, input, options));
    this.intents.set(order.id, { orderId: order.id, paid: 0, charged: false, refundedMinor: 0, toBalanceMinor: 0 });
    return order;
  }

  private look(person: string): Promise<ShopView> {
    return this.as(person, (client, options) => client.call(ReadShop, { query: { botId: BOT } }, options));
  }

  private read(person: string, orderId: string): Promise<Order> {
    return this.as(person, (client, options) => client.call(ReadMyOrder, { params: { orderId } }, options));
  }

  /** Where the order is paid, once the provider was asked; undefined when it is not to be had. */
  private async page(person: string, orderId: string, before?: string): Promise<string | undefined> {
    const deadline = Date.now() + PAGE_WITHIN_MS;
    while (Date.now() < deadline) {
      const { next } = await this.read(person, orderId);
      if (next?.kind === 'open' && next.url !== before) return next.url;
      if (next?.kind !== 'wait' && next?.kind !== 'open') return undefined;
      await sleep(LOOK_EVERY_MS);
    }
    return undefined;
  }

  private async fulfilled(person: string, orderId: string, withinMs = SERVED_WITHIN_MS): Promise<Order | undefined> {
    const deadline = Date.now() + withinMs;
    for (;;) {
      const order = await this.read(person, orderId);
      if (order.state === 'fulfilled') return order;
      if (Date.now() >= deadline) return undefined;
      await sleep(LOOK_EVERY_MS);
    }
  }

  private get as() {
    const { gateway } = this.options.shop;
    return gateway.asPerson.bind(gateway);
  }

  private count(way: string): void {
    this.ways[way] = (this.ways[way] ?? 0) + 1;
  }
}

const cardOf = (view: ShopView, { provider }: Bank): string | undefined =>
  view.payWith.find((one) => one.provider === provider)?.saved[0]?.methodId;

const totalOf = ({ quote }: Order): number => quote.listMinor - quote.discountMinor - quote.creditMinor;
