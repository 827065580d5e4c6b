import {
  type Actor,
  CancelOrder,
  ChangeMySubscription,
  ChooseMyServer,
  ClaimGuestOrder,
  ForgetMyDevice,
  ListMyAccesses,
  ListMyDevices,
  ListMySubscriptions,
  ListRegions,
  type Locale,
  OpenGift,
  PayOrder,
  PlaceOrder,
  PreviewGift,
  QuoteOrder,
  ReadMyOrder,
  ReadShop,
  RequestPayout,
  ResetMyDevices,
  RotateMyLink,
  type RouteDefinition,
  StartTrial,
  WithdrawPayout,
} from '@switchboard/contracts';
import { generateIdentityKeys, ServiceClient, ServiceIdentity, UpstreamHttpError } from '@switchboard/service-kit';
import { join } from 'node:path';
import { Registry } from 'prom-client';
import { v7 as uuidv7 } from 'uuid';
import { PretendedShop } from '../../../../test/pretended-shop';
import { ShopSection } from '../../../bots/bot-sections';
import { Catalogue } from '../../../texts/catalogue';
import { VpnShopProduct } from '../vpn-shop.product';
import { refusalText } from './checkout.pages';
import { type Asking, type Drawn, type Page, Reader } from './page';
import { PAGES } from './pages';

const texts = new Catalogue('vpn-shop', join(__dirname, '../texts'));
const NOW = new Date('2026-11-27T10:00:00Z');
const LOCALES: readonly Locale[] = ['en', 'ru'];
const readerOf = (locale: Locale, say: Reader['say'] = (key, values) => texts.say(locale, key, values)) =>
  new Reader(locale, NOW, 'Europe/Moscow', say);
const product = new VpnShopProduct(
  ...(Array.from({ length: 6 }, () => ({})) as unknown as [never, never, never, never, never, never]),
  { register: () => undefined } as never,
);

/** What comes of what was walked to before, as when an order is cancelled twice. */
const REFUSED = Symbol('refused');
function refusalOf(error: unknown): typeof REFUSED {
  if (error instanceof UpstreamHttpError && error.problem?.code.includes('.')) return REFUSED;
  throw error;
}

/** Where to from a screen: pages and steps, with what they are given. */
const leadsTo = ({ buttons = [], asks }: Drawn) => [
  ...buttons.flat().flatMap((button) => ('action' in button ? [{ name: button.action, data: button.data }] : [])),
  ...(asks ? [{ name: asks.step, data: asks.data }] : []),
];

describe('the pages of the shop', () => {
  it.each([
    ['seven days that began a moment later', 7 * 86_400_000 + 800, 7],
    ['a day that has begun', 86_400_000 + 3_600_000, 2],
    ['an hour', 3_600_000, 1],
    ['what is over', -1, 0],
  ])('count days as people do: %s', (_, ms, days) => {
    expect(readerOf('en').daysUntil(new Date(NOW.getTime() + ms))).toBe(days);
  });

  let shop: PretendedShop;
  let asking: Asking;
  const userId = uuidv7();

  beforeAll(async () => {
    shop = await PretendedShop.start(() => NOW);
    const identity = new ServiceIdentity(
      'bot-adapter',
      await generateIdentityKeys(['bot-adapter', 'payments', 'vpn-provisioner']),
    );
    const client = new ServiceClient(identity, shop.directory, new Registry());
    const actor: Actor = { kind: 'person', id: userId, roles: [], scopes: ['me:read', 'me:write'] };
    const call = ((route, input, options) =>
      client.call(route as never, input as never, { ...(options as object), actor })) as ServiceClient['call'];
    const settings = ShopSection.parse({ supportUrl: 'https://example.com/support' });
    const listeners = { staff: true, assistant: true };
    asking = {
      botId: 'lumen',
      locale: 'en',
      settings,
      listeners,
      key: uuidv7(),
      mayLookAgain: false,
      call,
      callAsService: call,
    };
  });
  afterAll(() => shop.stop());

  interface Goal {
    readonly name: string;
    readonly data?: unknown;
  }

  /** In every language; empty for what is refused. */
  async function show({ name, data }: Goal): Promise<Drawn[]> {
    const page = (PAGES as Readonly<Record<string, Page>>)[name]!;
    const given = page.data.parse(JSON.parse(JSON.stringify(data ?? {}))) as never;
    const loaded = (await page.load({ ...asking, key: uuidv7() }, given).catch(refusalOf)) as never;
    if (loaded === REFUSED) return [];
    return LOCALES.map((locale) => {
      const drawn = page.draw(loaded, readerOf(locale));
      expect(page.draw(loaded, readerOf(locale))).toEqual(drawn);
      for (const one of [drawn.text, ...(drawn.buttons ?? []).flat().map(({ label }) => label)]) {
        expect(one.trim()).not.toBe('');
        expect(one).not.toMatch(/undefined|NaN|\[object|\{\{|^[a-z]+(\.[a-zA-Z-]+)+$/);
      }
      return drawn;
    });
  }

  /** From page to page, by every button that there is. Returns where one comes to. */
  async function walk(...from: Goal[]): Promise<string[]> {
    const pages = new Set<string>();
    const known = new Set<string>();
    const ahead = [...from];
    for (let next = ahead.shift(); next; next = ahead.shift()) {
      const { name, data } = next;
      // Of each page one with the same kinds of data: what it is about changes little of where it leads.
      const kind = `${name} ${JSON.stringify(data ?? {}).replace(/"[0-9a-f-]{36}"|\d+/g, '…')}`;
      if (known.has(kind) && !from.includes(next)) continue;
      known.add(kind);
      if (Object.hasOwn(PAGES, name)) {
        const [drawn] = await show(next);
        if (drawn) pages.add(name);
        ahead.push(...(drawn ? leadsTo(drawn) : []));
      } else {
        expect(Object.keys({ ...product.actions, ...product.steps })).toContain(name);
        const { data: schema } = product.actions[name] ?? product.steps[name as keyof typeof product.steps];
        schema?.parse(data);
      }
    }
    return [...pages];
  }

  it('lead to each other and to nothing else, in every language', async () => {
    shop.balanceMinor = 5000;
    shop.rewards = true;
    shop.devices = ['phone', 'laptop'].map((name) => ({ deviceId: uuidv7(), name }));
    const [own, other] = [shop.giftOf(userId), shop.giftOf(uuidv7())];
    shop.giftOf(userId, uuidv7(), 'returned');
    const early = await walk({ name: 'home' }, ...[own, other].map(({ code }) => ({ name: 'gift', data: { code } })));
    const statuses = ['active', 'paused', 'expired'] as const;
    const subscriptions = statuses.map((status) => shop.give(userId, { status }));
    const open = [...shop.orders.values()].find(({ state }) => state === 'awaiting')!;
    const late = await walk(
      ...subscriptions.map(({ id }) => ({ name: 'subscription', data: { subscriptionId: id } })),
      { name: 'connect', data: { subscriptionId: subscriptions[0]!.id } },
      { name: 'ways', data: { orderId: open.id } },
      { name: 'claim', data: { token: 'the-token-of-a-purchase' } },
      { name: 'home', data: { invitedBy: 'me' } },
      { name: 'pay-out', data: { currency: 'RUB', amountMinor: 60_000, details: '4477' } },
      { name: 'referrals' },
      { name: 'panel' },
    );
    expect([...new Set([...early, ...late])].toSorted()).toEqual(Object.keys(PAGES).toSorted());
  });

  it('show what somebody is offered, and keep its code up to the price', async () => {
    const offer = (gives: (typeof shop.offers)[number]['gives']) => ({
      ...{ offerId: uuidv7(), text: { en: 'We have missed you.', ru: 'Мы скучали.' }, promoCode: 'FOR-YOU', gives },
      ...{ planIds: null, until: new Date(Date.now() + 86_400_000) },
    });
    shop.offers = [offer({ kind: 'percent', percent: 20 }), offer({ kind: 'days', days: 7 })];
    const [home] = await show({ name: 'home' });
    expect(home!.text).toContain('We have missed you.');
    const taken = leadsTo(home!).filter(({ name }) => name === 'plans');
    expect(taken[0]).toEqual({ name: 'plans', data: { promoCode: 'FOR-YOU' } });
    expect(home!.buttons!.flat()[0]!.label).toMatch(/^🎁 20 % off until /);
    const [plans] = await show(taken[0]!);
    const prices = leadsTo(plans!).filter(({ name }) => name === 'checkout');
    expect(prices.length).toBeGreaterThan(0);
    for (const { data } of prices) expect(data).toMatchObject({ promoCode: 'FOR-YOU' });
    shop.offers = [offer({ kind: 'fixed', amounts: { RUB: 100 } })];
    await show({ name: 'home' });
    shop.offers = [];
  });

  it('show words that they do not know as something', async () => {
    const NEW = 'of-a-later-version';
    shop.payWith.push({
      provider: NEW,
      methods: [NEW],
      currencies: ['RUB'],
      recurring: false,
      needsEmail: false,
      saved: [],
    });
    const subscriptionId = shop.give(userId).id;
    Object.assign([...shop.accesses.values()].at(-1)!, { state: NEW });
    await show({ name: 'checkout', data: { wanted: { kind: 'plan', planId: shop.month.id } } });
    await show({ name: 'subscription', data: { subscriptionId } });
    const order = [...shop.orders.values()].at(-1)!;
    for (const state of ['awaiting', 'paid', NEW]) {
      Object.assign(order, { state, kind: NEW, failure: NEW, next: null });
      await show({ name: 'order', data: { orderId: order.id } });
      await show({ name: 'orders' });
    }
  });

  const ROUTES: readonly RouteDefinition[] = [
    ...[ReadShop, QuoteOrder, PlaceOrder, ReadMyOrder, PayOrder, CancelOrder, StartTrial, ListMySubscriptions],
    ...[ChangeMySubscription, PreviewGift, OpenGift, ClaimGuestOrder, RequestPayout, WithdrawPayout],
    ...[ListMyAccesses, ListMyDevices, ForgetMyDevice, ResetMyDevices, RotateMyLink, ChooseMyServer, ListRegions],
  ];
  // What is answered to orders of goods, which this shop does not sell.
  const OF_GOODS = ['address_needed', 'cart_changed', 'delivery_not_offered', 'out_of_stock'];
  const codes = [...new Set(ROUTES.flatMap(({ problems = {} }) => Object.keys(problems)))].filter(
    (code) => code.includes('.') && !OF_GOODS.includes(code.replace('payments.', '')),
  );

  it.each(codes)('have words of their own for %s', (code) => {
    for (const locale of LOCALES) {
      expect(refusalText(code, readerOf(locale))).not.toBe(refusalText('payments.something_else', readerOf(locale)));
    }
    expect(refusalText(code, readerOf('ru'))).toMatch(/[а-я]/);
  });
});
