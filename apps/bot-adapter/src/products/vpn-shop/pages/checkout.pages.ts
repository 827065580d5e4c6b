import {
  type Currency,
  type LocalizedText,
  type Money,
  PlaceOrder,
  QuoteOrder,
  WantedService,
} from '@switchboard/contracts';
import { type AnswerOf, isProblem } from '@switchboard/service-kit';
import { z } from 'zod';
import { type Asking, type Drawn, lines, page, PageRefused, paragraphs, type Reader, rows, to } from './page';
import { drawOrder, settledOrder } from './order.pages';
import { featureLines, readShop, type Shop, type Way, wayLabel, waysToPay } from './shop';

type Quote = AnswerOf<typeof QuoteOrder>;
type Plan = Shop['plans'][number];
type Package = Shop['packages'][number];

/** What is bought, and what makes it cheaper. */
export const Checkout = z.object({
  wanted: WantedService,
  /** Of what has no price of its own. */
  currency: z.string().optional(),
  promoCode: z.string().max(64).optional(),
  useBalance: z.boolean().default(false),
});
export type Checkout = z.output<typeof Checkout>;

interface CheckoutData {
  readonly checkout: Checkout;
  readonly title: LocalizedText;
  readonly thing: Plan | Package | undefined;
  readonly ways: readonly Way[];
  readonly quotes: ReadonlyMap<Currency, Quote>;
  readonly balances: readonly Money[];
  /** Why something that was asked for is not part of it. */
  readonly refusal?: string;
}

const TOP_UP: LocalizedText = { en: 'Top-up of your balance', ru: 'Пополнение баланса' };

function wantedIn(shop: Shop, { wanted, currency }: Checkout): { thing?: Plan | Package; currencies: Currency[] } {
  if (wanted.kind === 'top-up') return { currencies: currency === undefined ? [] : [currency] };
  const thing =
    wanted.kind === 'package'
      ? shop.packages.find(({ id }) => id === wanted.packageId)
      : shop.plans.find(({ id }) => id === wanted.planId);
  if (!thing)
    throw new PageRefused(wanted.kind === 'package' ? 'payments.package_not_found' : 'payments.plan_not_found');
  return { thing, currencies: thing.prices.map((price) => price.currency) };
}

const PROMO_PROBLEMS = [
  'payments.promo_not_found',
  'payments.promo_expired',
  'payments.promo_used',
  'payments.promo_not_for_this',
] as const;

/** In each currency in which it can be paid. A promo code that does not count is left out, and it is said why. */
async function quote(
  { botId, call }: Asking,
  checkout: Checkout,
  currencies: readonly Currency[],
): Promise<{ quotes: Map<Currency, Quote>; checkout: Checkout; refusal?: string }> {
  const { wanted, promoCode, useBalance } = checkout;
  try {
    const asked = currencies.map(async (currency) => {
      const body = { botId, wanted, currency, useBalance, ...(promoCode !== undefined && { promoCode }) };
      return [currency, await call(QuoteOrder, { body })] as const;
    });
    return { quotes: new Map(await Promise.all(asked)), checkout };
  } catch (error) {
    if (promoCode === undefined || !isProblem(error, QuoteOrder, ...PROMO_PROBLEMS)) throw error;
    const { promoCode: _, ...others } = checkout;
    return { ...(await quote({ botId, call } as Asking, others, currencies)), refusal: error.problem!.code };
  }
}

async function loadCheckout(asking: Asking, wanted: Checkout): Promise<CheckoutData> {
  const shop = await readShop(asking);
  const { thing, currencies } = wantedIn(shop, wanted);
  const ways = waysToPay(shop, currencies);
  const needed = [...new Set([...ways.map(({ currency }) => currency), ...currencies.slice(0, 1)])];
  const { quotes, checkout, refusal } = await quote(asking, wanted, needed);
  const title = thing?.name ?? TOP_UP;
  return { checkout, title, thing, ways, quotes, balances: shop.balances, ...(refusal !== undefined && { refusal }) };
}

function priceLines(
  { listMinor, discountMinor, creditMinor, fromBalanceMinor, dueMinor, ...more }: Quote,
  reader: Reader,
) {
  const { say } = reader;
  const money = (amountMinor: number) => reader.money({ amountMinor, currency: more.currency });
  return [
    say('checkout.price', { amount: money(listMinor) }),
    discountMinor > 0 && say('checkout.discount', { amount: money(discountMinor) }),
    creditMinor > 0 && say('checkout.credit', { amount: money(creditMinor) }),
    (more.useMinor ?? 0) > 0 && say('checkout.use', { amount: money(more.useMinor ?? 0) }),
    more.extraDays > 0 && say('checkout.extraDays', { count: more.extraDays }),
    fromBalanceMinor > 0 && say('checkout.fromBalance', { amount: money(fromBalanceMinor) }),
    dueMinor !== listMinor && say('checkout.due', { amount: money(dueMinor) }),
    more.validUntil && say('checkout.until', { day: reader.day(more.validUntil) }),
  ];
}

/** What costs nothing is had; what the balance covers is bought with it. */
const freeWords = ({ fromBalanceMinor: amountMinor, currency }: Quote, reader: Reader) =>
  amountMinor > 0
    ? reader.say('checkout.byBalance', { amount: reader.money({ amountMinor, currency }) })
    : reader.say('checkout.free');

function drawCheckout(data: CheckoutData, reader: Reader): Drawn {
  const { checkout, thing, ways, quotes, balances, refusal } = data;
  const { say } = reader;
  const { wanted, promoCode, useBalance } = checkout;
  const [first] = quotes.values();
  const isPlan = wanted.kind === 'plan';
  const features = thing && ('features' in thing ? thing.features : thing.adds);
  const description = thing && 'description' in thing ? reader.name(thing.description) : '';
  const period = thing && 'period' in thing ? say('checkout.period', { period: reader.period(thing.period) }) : '';
  const text = paragraphs(
    refusal && refusalText(refusal, reader),
    lines(reader.name(data.title), period, description),
    features && lines(...featureLines(features, reader)),
    first && lines(...priceLines(first, reader)),
    promoCode !== undefined && say('checkout.promo', { code: promoCode }),
    ways.length === 0 && first?.dueMinor !== 0 && say('checkout.noWays'),
  );
  const change = (label: string, changes: Partial<Checkout>) => to(label, 'checkout', { ...checkout, ...changes });
  const place = (label: string, more: Partial<Placed>) => to(label, 'place', { ...checkout, ...more });
  const due = ({ currency }: Way) => quotes.get(currency)!;
  const balance = balances.find(({ currency, amountMinor }) => currency === first?.currency && amountMinor > 0);
  const isFree = first?.dueMinor === 0;
  const canRenew = isPlan && thing && 'recurring' in thing && thing.recurring && ways.some(({ renews }) => renews);
  const { promoCode: _, ...withoutPromo } = checkout;
  return {
    text,
    buttons: rows(
      [isFree && place(freeWords(first, reader), { currency: first.currency })],
      ...(isFree
        ? []
        : ways.flatMap((way) => {
            const { provider, currency, saved } = way;
            const amount = reader.money({ amountMinor: due(way).dueMinor, currency });
            const charged = saved.map(({ methodId, title }) => [
              place(`💳 ${title} · ${amount}`, { provider, currency, savedMethodId: methodId }),
            ]);
            return [...charged, [place(`${wayLabel(way, reader)} · ${amount}`, { provider, currency })]];
          })),
      [useBalance && !isFree && place(say('checkout.wait'), { currency: first!.currency })],
      [
        balance &&
          wanted.kind !== 'top-up' &&
          change(say(useBalance ? 'checkout.balanceOn' : 'checkout.balanceOff', { amount: reader.money(balance) }), {
            useBalance: !useBalance,
          }),
      ],
      [
        canRenew &&
          isPlan &&
          change(say(wanted.autoRenew ? 'checkout.renewOn' : 'checkout.renewOff'), {
            wanted: { ...wanted, autoRenew: !wanted.autoRenew },
          }),
      ],
      [
        wanted.kind !== 'top-up' &&
          (promoCode === undefined
            ? { label: say('checkout.addPromo'), action: 'promo', data: checkout }
            : to(say('checkout.removePromo'), 'checkout', withoutPromo)),
      ],
      [backFrom(wanted, reader)],
    ),
  };
}

function backFrom(wanted: Checkout['wanted'], { say }: Reader) {
  if (wanted.kind === 'top-up') return to(say('back'), 'balance');
  if (wanted.kind === 'gift') return to(say('back'), 'plans', { gift: true });
  const { subscriptionId } = wanted;
  if (subscriptionId !== undefined) return to(say('back'), 'subscription', { subscriptionId });
  return to(say('back'), 'plans');
}

/** In the words of the shop; `payments.promo_used` → `refusals.promo_used`. */
export function refusalText(code: string, { say }: Reader): string {
  return say([`refusals.${code.slice(code.indexOf('.') + 1)}`, 'refusals.other']);
}

/** What is ordered, and how it is paid. */
export const Placed = Checkout.extend({
  currency: z.string(),
  provider: z.string().optional(),
  savedMethodId: z.uuid().optional(),
  email: z.string().max(254).optional(),
  /** The address is asked for first. */
  asksEmail: z.boolean().optional(),
});
export type Placed = z.output<typeof Placed>;

/** What waits for an address, with the key by which it is placed: once, however often the address is asked for. */
export const AwaitsEmail = Placed.extend({ key: z.string() });

/** Places an order, or says that its receipt needs an address. */
async function placeOrder(asking: Asking, { asksEmail = false, ...placed }: Placed) {
  const { botId, call, key, locale } = asking;
  if (asksEmail) return { needsEmail: { ...placed, key } };
  const { wanted, provider, savedMethodId, promoCode, email, currency, useBalance } = placed;
  const body = {
    ...{ botId, wanted, currency, useBalance, locale },
    // What is to go on by itself is charged to the card that it was paid by.
    saveMethod: wanted.kind === 'plan' && wanted.autoRenew,
    ...(provider !== undefined && { provider }),
    ...(savedMethodId !== undefined && { savedMethodId }),
    ...(promoCode !== undefined && { promoCode }),
    ...(email !== undefined && { email }),
  };
  try {
    const { id: orderId } = await call(PlaceOrder, { body, idempotencyKey: key });
    return { order: await settledOrder(asking, orderId) };
  } catch (error) {
    if (isProblem(error, PlaceOrder, 'payments.email_needed'))
      return { needsEmail: { ...placed, key: `${key}.email` } };
    throw error;
  }
}

const chosen = z.object({
  /** Which all of them are cheaper by. */
  promoCode: z.string().max(64).optional(),
  subscriptionId: z.uuid().optional(),
  gift: z.boolean().default(false),
  level: z.string().optional(),
});

/** So many are shown at once; more are shown by their levels first. */
const SHOWN_AT_ONCE = 6;

export const checkoutPages = {
  plans: page(
    chosen,
    async (asking, choice) => ({ shop: await readShop(asking), choice }),
    ({ shop, choice }, reader) => {
      const { subscriptionId, gift, level, promoCode } = choice;
      const present = shop.subscriptions.find(({ id }) => id === subscriptionId);
      const sold = shop.plans.filter(({ giftable, id }) => (gift ? giftable : id !== present?.planId));
      const levels = Map.groupBy(sold, (plan) => plan.level);
      const byLevel = level === undefined && levels.size > 1 && sold.length > SHOWN_AT_ONCE;
      const price = ({ prices }: Plan) => prices.map((one) => reader.money(one)).join(' / ');
      const wanted = (planId: string) =>
        gift
          ? { kind: 'gift', planId }
          : { kind: 'plan', planId, ...(subscriptionId !== undefined && { subscriptionId }) };
      const buttons = byLevel
        ? [...levels].map(([name, [first]]) => [
            to(reader.say('plans.from', { plan: reader.name(first!.name), price: price(first!) }), 'plans', {
              ...choice,
              level: name,
            }),
          ])
        : sold
            .filter((plan) => level === undefined || plan.level === level)
            .map((plan) => [
              to(`${reader.name(plan.name)} · ${price(plan)}`, 'checkout', {
                wanted: wanted(plan.id),
                ...(promoCode !== undefined && { promoCode }),
              }),
            ]);
      const back =
        level !== undefined
          ? to(reader.say('back'), 'plans', { ...choice, level: undefined })
          : subscriptionId !== undefined
            ? to(reader.say('back'), 'subscription', { subscriptionId })
            : to(reader.say('back'), 'home');
      const title = gift ? 'plans.gift' : subscriptionId !== undefined ? 'plans.change' : 'plans.title';
      return { text: reader.say(sold.length > 0 ? title : 'plans.none'), buttons: rows(...buttons, [back]) };
    },
  ),

  checkout: page(Checkout, loadCheckout, drawCheckout),

  place: page(Placed, placeOrder, (outcome, reader) => {
    if (outcome.order) return drawOrder(outcome.order, reader);
    return { text: reader.say('checkout.email'), asks: { step: 'email', data: outcome.needsEmail } };
  }),
};
