import { listOf, Refusal } from './pretended-gateway';

/** What a person has who has bought a VPN, as the gateway tells it. */

export const PERSON_ID = '0190a000-0000-7000-8000-00000000000a';
export const SUBSCRIPTION_ID = '0190a000-0000-7000-8000-0000000000b1';
export const ACCESS_ID = '0190a000-0000-7000-8000-0000000000c1';
export const ORDER_ID = '0190a000-0000-7000-8000-0000000000d1';
export const GIFT_CODE = 'GIFT-CODE-OF-ANN';
export const CLAIM_TOKEN = 'claim-token-of-a-guest-0123456789';
const MONTHLY = '0190a000-0000-7000-8000-0000000000e1';
export const YEARLY = '0190a000-0000-7000-8000-0000000000e2';
const GB = 1024 ** 3;
const DAY = 86_400_000;
const inDays = (days: number): string => new Date(Date.now() + days * DAY).toISOString();

export const features = { 'vpn.traffic-bytes': 200 * GB, 'vpn.devices': 3, 'vpn.servers': 2 };
const month = { count: 1, unit: 'month' };
const prices = (rub: number, usd: number, stars: number) => [
  { currency: 'RUB', amountMinor: rub },
  { currency: 'USD', amountMinor: usd },
  { currency: 'XTR', amountMinor: stars },
];

export const plans = [
  {
    ...{ id: MONTHLY, level: 'plus', period: month, features, recurring: true, giftable: true },
    name: { en: 'Plus', ru: 'Плюс' },
    description: { en: 'For one person and all they carry.', ru: 'Для одного человека и всего, что у него есть.' },
    prices: prices(19_900, 399, 250),
  },
  {
    ...{ id: YEARLY, level: 'family', period: { count: 12, unit: 'month' }, recurring: true, giftable: true },
    features: { 'vpn.traffic-bytes': null, 'vpn.devices': 10, 'vpn.servers': null },
    name: { en: 'Family, a year', ru: 'Семья, год' },
    description: { en: 'For everybody at home.', ru: 'Для всех, кто дома.' },
    prices: prices(299_000, 5999, 3900),
  },
];

export const subscription = {
  ...{ id: SUBSCRIPTION_ID, botId: 'vpn', revision: 7, planId: MONTHLY, planName: plans[0]!.name, level: 'plus' },
  ...{ status: 'active', startedAt: inDays(-40), periodStart: inDays(-18), validUntil: inDays(11.5) },
  ...{ servedUntil: inDays(14.5), features, region: 'de', autoRenew: true, renewsWith: 'MIR ·· 4477', pausable: true },
  nextCharge: { at: inDays(11.5), amountMinor: 19_900, currency: 'RUB' },
};

const saved = [{ methodId: '0190a000-0000-7000-8000-0000000000f1', title: 'MIR ·· 4477' }];
export const payWith = [
  { provider: 'yookassa', methods: ['card', 'sbp'], currencies: ['RUB'], recurring: true, needsEmail: true, saved },
  { provider: 'stripe', methods: ['card'], currencies: ['USD'], recurring: true, needsEmail: false, saved: [] },
  {
    ...{ provider: 'telegram-stars', methods: ['stars'], currencies: ['XTR'], recurring: true },
    ...{ needsEmail: false, saved: [] },
  },
  {
    ...{ provider: 'cryptobot', methods: ['crypto'], currencies: ['RUB', 'USD'], recurring: false },
    ...{ needsEmail: false, saved: [] },
  },
];

export const shop = {
  ...{ botId: 'vpn', plans, trial: null, payWith, cart: null, needsEmail: false, subscriptions: [subscription] },
  balances: [{ currency: 'RUB', amountMinor: 15_000 }],
  packages: [
    {
      ...{ id: '0190a000-0000-7000-8000-0000000000e8', lasts: 'period', adds: { 'vpn.traffic-bytes': 100 * GB } },
      ...{ name: { en: '100 GB more', ru: 'Ещё 100 ГБ' }, prices: prices(9900, 199, 120) },
    },
    {
      ...{ id: '0190a000-0000-7000-8000-0000000000e9', lasts: 'subscription', adds: { 'vpn.devices': 1 } },
      ...{ name: { en: 'One device more', ru: 'Ещё одно устройство' }, prices: prices(4900, 99, 60) },
    },
  ],
};

export const link = 'https://vpn.example.com/s/4f1Xq0Zb9sT2mPz7';

export const access = {
  ...{ id: ACCESS_ID, subscriptionId: SUBSCRIPTION_ID, botId: 'vpn', state: 'ready', link },
  servers: [
    {
      ...{ serverId: '0190a000-0000-7000-8000-000000000101', name: '🇩🇪 Frankfurt 2', region: 'de' },
      ...{ latencyMs: 38, load: 41, best: true },
    },
    {
      ...{ serverId: '0190a000-0000-7000-8000-000000000102', name: '🇳🇱 Amsterdam 1', region: 'nl' },
      ...{ latencyMs: null, load: 77, best: false },
    },
  ],
  traffic: { usedBytes: 131.4 * GB, limitBytes: 200 * GB, resetsAt: inDays(12.5), asOf: inDays(-0.01) },
  devices: { used: 2, limit: 3 },
};

const device = (n: number, name: string, seen: number) => ({
  ...{ deviceId: `0190a000-0000-7000-8000-00000000020${n}`, name },
  ...{ firstSeenAt: inDays(-40 + n), seenAt: inDays(-seen) },
});

export const quote = {
  ...{ listMinor: 299_000, discountMinor: 0, creditMinor: 7960, fromBalanceMinor: 15_000, dueMinor: 276_040 },
  ...{ currency: 'RUB', extraDays: 0, validUntil: inDays(365) },
};

interface Wanted {
  readonly wanted: { kind: string; planId?: string; packageId?: string; subscriptionId?: string; amountMinor?: number };
  readonly currency: string;
  readonly useBalance: boolean;
}

/** What is asked for, at its price; who goes over to another plan is given what is left of theirs. */
export const quoted = ({ body }: { body: string | null }, balanceMinor = 15_000): typeof quote => {
  const { wanted, currency, useBalance } = JSON.parse(body!) as Wanted;
  const { kind, planId, packageId, subscriptionId, amountMinor } = wanted;
  const item = [...plans, ...shop.packages].find(({ id }) => id === (planId ?? packageId));
  const listMinor = amountMinor ?? item!.prices.find((price) => price.currency === currency)!.amountMinor;
  const creditMinor = kind === 'plan' && subscriptionId && planId !== MONTHLY ? 7960 : 0;
  const fromBalanceMinor = useBalance && currency === 'RUB' ? Math.min(balanceMinor, listMinor - creditMinor) : 0;
  const dueMinor = listMinor - creditMinor - fromBalanceMinor;
  return { ...quote, listMinor, creditMinor, fromBalanceMinor, dueMinor, currency };
};

export const order = {
  ...{ id: ORDER_ID, botId: 'vpn', kind: 'change', title: plans[1]!.name, state: 'awaiting', quote, promoCode: null },
  ...{ provider: 'yookassa', failure: null, subscriptionId: SUBSCRIPTION_ID, giftLink: null, receiptUrl: null },
  ...{ createdAt: inDays(-0.001), paidAt: null, refundedMinor: 0 },
  totalMinor: 291_040,
  next: { kind: 'open', url: 'https://pay.example.com/c/1', expiresAt: inDays(0.04) },
};
export const paid = { ...order, state: 'fulfilled', next: { kind: 'done' }, paidAt: inDays(0) };
const older = (n: number, change: object) => ({
  ...{ ...paid, id: `0190a000-0000-7000-8000-0000000000d${n}`, createdAt: inDays(-30 * n), paidAt: inDays(-30 * n) },
  ...{ kind: 'renewal', title: plans[0]!.name, receiptUrl: 'https://receipts.example.com/1' },
  quote: { ...quote, listMinor: 19_900, creditMinor: 0, fromBalanceMinor: 0, dueMinor: 0 },
  totalMinor: 19_900,
  ...change,
});

const reward = (n: number, state: string) => ({
  ...{ id: `0190a000-0000-7000-8000-00000000030${n}`, level: 1, amountMinor: 3980, currency: 'RUB', state },
  ...{ at: inDays(-n * 9), releaseAt: inDays(14 - n * 9) },
});
const rubles = (amountMinor: number) => ({ amountMinor, currency: 'RUB' });
const payout = { id: '0190a000-0000-7000-8000-000000000401', botId: 'vpn', revision: 1, refusal: null };

export const guestShop = {
  ...{ botId: 'vpn', name: 'Northwind VPN', plans },
  payWith: payWith.map(({ saved: _, needsEmail: __, ...way }) => way),
};
export const guestOrder = {
  ...{ botId: 'vpn', title: plans[0]!.name, state: 'awaiting', amountMinor: 19_900, currency: 'RUB', failure: null },
  ...{ next: order.next, claim: null, claimedAt: null },
};

export const answers = {
  'GET /v1/session': {
    ...{ staff: null },
    person: { id: PERSON_ID, roles: [], scopes: [], bots: [], amr: ['tg_oidc'], provenAt: inDays(-1) },
  },
  'GET /v1/me': {
    ...{
      userId: PERSON_ID,
      name: 'Ann',
      locale: 'en',
      timeZone: 'Europe/Berlin',
      registeredAt: inDays(-40),
      revision: 1,
    },
  },
  'GET /v1/me/subscriptions': { data: [subscription] },
  'GET /v1/me/shop': shop,
  'GET /v1/me/vpn': { data: [access] },
  'GET /v1/me/vpn/regions': {
    maintenance: false,
    data: [
      { id: 'de', name: { en: 'Germany', ru: 'Германия' }, available: true, load: 41 },
      { id: 'nl', name: { en: 'Netherlands', ru: 'Нидерланды' }, available: true, load: 77 },
      { id: 'fi', name: { en: 'Finland', ru: 'Финляндия' }, available: false, load: 100 },
    ],
  },
  'GET /v1/me/vpn/*/devices': {
    ...{ limit: 3, resetsLeft: 2 },
    data: [device(1, 'iPhone 15, iOS 19', 0.02), device(2, 'Windows 11, DESKTOP-8F2K', 3)],
  },
  'GET /v1/me/vpn/*/usage': {
    days: Array.from({ length: 30 }, (_, i) => ({
      day: inDays(i - 29).slice(0, 10),
      bytes: Math.round(4 * GB * (1 + Math.sin(i / 2)) + (i % 7) * GB),
    })),
  },
  'POST /v1/me/orders/quote': quoted,
  // No provider has been asked yet.
  'POST /v1/me/orders': { ...order, next: { kind: 'wait' } },
  'GET /v1/me/orders/*': order,
  'GET /v1/me/orders': listOf(
    order,
    older(1, {}),
    older(2, { state: 'partly-refunded', refundedMinor: 5000 }),
    older(3, { state: 'expired', paidAt: null, receiptUrl: null }),
  ),
  'GET /v1/me/balance': {
    ...listOf(
      {
        id: 'e4',
        at: inDays(-1),
        changeMinor: -500,
        balanceMinor: 14_500,
        currency: 'RUB',
        cause: 'set aside',
        orderId: null,
      },
      {
        id: 'e3',
        at: inDays(-2),
        changeMinor: 3980,
        balanceMinor: 15_000,
        currency: 'RUB',
        cause: 'reward',
        orderId: null,
      },
      {
        id: 'e2',
        at: inDays(-9),
        changeMinor: -9900,
        balanceMinor: 11_020,
        currency: 'RUB',
        cause: 'purchase',
        orderId: ORDER_ID,
      },
      {
        id: 'e1',
        at: inDays(-30),
        changeMinor: 20_920,
        balanceMinor: 20_920,
        currency: 'RUB',
        cause: 'payment',
        orderId: ORDER_ID,
      },
    ),
    balances: shop.balances,
  },
  'GET /v1/me/referrals': {
    ...{ botId: 'vpn', percents: [20, 5], everyPayment: true, holdDays: 14, paying: 3 },
    link: {
      code: 'ann-7k',
      startParameter: 'ref_ann-7k',
      url: 'https://t.me/northwind_vpn_bot?start=ref_ann-7k',
      invited: 11,
    },
    ...{ pending: [rubles(3980)], earned: [rubles(11_940)] },
  },
  'GET /v1/me/rewards': listOf(reward(1, 'held'), reward(2, 'paid'), reward(3, 'taken-back')),
  'GET /v1/me/payouts': {
    ...listOf({ ...payout, ...rubles(50_000), state: 'paid', askedAt: inDays(-70), decidedAt: inDays(-68) }),
    ...{ payable: [rubles(11_940)], least: [rubles(10_000)] },
  },
  'GET /v1/me/gifts': listOf(
    {
      ...{ id: '0190a000-0000-7000-8000-000000000501', botId: 'vpn', orderId: ORDER_ID, title: plans[0]!.name },
      ...{ state: 'waiting', code: GIFT_CODE, startParameter: `gift_${GIFT_CODE}`, openedAt: null },
      ...{ url: `https://t.me/northwind_vpn_bot?start=gift_${GIFT_CODE}`, expiresAt: inDays(80) },
    },
    {
      ...{ id: '0190a000-0000-7000-8000-000000000502', botId: 'vpn', orderId: ORDER_ID, title: plans[1]!.name },
      ...{ state: 'opened', code: null, startParameter: null, url: null, expiresAt: inDays(10), openedAt: inDays(-3) },
    },
  ),
  'POST /v1/me/gifts/preview': {
    ...{ botId: 'vpn', title: plans[0]!.name, period: month, expiresAt: inDays(80), isOwn: false },
  },
  'GET /v1/shops/vpn': guestShop,
  'POST /v1/shops/vpn/steps': {},
  'GET /v1/me/consents': { data: [] },
  'GET /v1/me/identities': { data: [] },
  'GET /v1/me/sessions': { data: [] },
  'GET /v1/sign-in/methods': { providers: ['telegram', 'google'], email: true },
  'POST /v1/guest-orders/read': new Refusal(404, 'payments.guest_order_not_found'),
};
