import { DAY_MS, type DemoPerson } from './company.mts';
import { chance, demoIdAt, pick } from './random.mts';

/** Time of a subscription that somebody who does not exist has paid for; as `TakeDemoSales` takes it. */
export interface DemoPurchase {
  readonly id: string;
  readonly subscriptionId: string;
  readonly userId: string;
  readonly botId: string;
  readonly planCode: string;
  readonly kind: 'trial' | 'plan' | 'renewal';
  readonly at: Date;
  readonly from: Date;
  readonly to: Date;
  readonly listMinor: number;
  readonly discountMinor: number;
  readonly currency: string;
  readonly provider: string;
  readonly promoCode: string | null;
  readonly campaign: string | null;
  readonly refundedAt: Date | null;
  readonly autoRenew: boolean;
}

export const SHOP = 'lantern';

/** What the demo shop sells; see shop.mts. */
export const PLANS = {
  month: { months: 1, RUB: 19_900, USD: 299 },
  quarter: { months: 3, RUB: 49_900, USD: 799 },
  year: { months: 12, RUB: 169_900, USD: 2699 },
} as const;
type PlanCode = keyof typeof PLANS;

/** Of people who come to the company. */
const TRIES = 0.45;
const CONVERTS = 0.42;
const GOES_ON = 0.86;
const REFUNDED = 0.02;
const TRIAL_DAYS = 7;
const MONTH_DAYS = 30;

/** What was bought by people from a moment on and before another, the oldest first. */
export function salesBetween(people: readonly DemoPerson[], from: Date, to: Date): DemoPurchase[] {
  const all = people.flatMap((person) => subscriptionOf(person, to)).filter(({ at }) => at >= from);
  return all.sort((a, b) => a.at.getTime() - b.at.getTime());
}

function subscriptionOf(person: DemoPerson, until: Date): DemoPurchase[] {
  const { userId, locale, joinedAt } = person;
  const luck = (what: string, n = 0) => chance('sales', userId, what, n);
  if (luck('tries') > TRIES) return [];
  const currency = locale === 'ru' ? 'RUB' : 'USD';
  const usual = { userId, botId: SHOP, currency, subscriptionId: demoIdAt(joinedAt, 'subscription', userId) } as const;
  const trialEnd = new Date(joinedAt.getTime() + TRIAL_DAYS * DAY_MS);
  const none = { promoCode: null, campaign: null, refundedAt: null, autoRenew: false, discountMinor: 0 } as const;
  const all: DemoPurchase[] = [
    {
      ...{ ...usual, ...none, id: demoIdAt(joinedAt, 'trial', userId), planCode: 'month', kind: 'trial' },
      ...{ at: joinedAt, from: joinedAt, to: trialEnd, listMinor: 0, provider: 'balance' },
    },
  ];
  if (luck('converts') > CONVERTS) return all.filter(({ at }) => at < until);
  const planCode = pick<PlanCode>(['month', 'quarter', 'year'], luck('plan'), [68, 22, 10]);
  const provider = pick(providersOf(locale), luck('provider'), [60, 25, 15]);
  const autoRenew = luck('renews') < 0.7;
  const campaign = pick([null, 'blog', 'partners'], luck('campaign'), [60, 25, 15]);
  let end = trialEnd;
  for (let n = 0; ; n += 1) {
    const at = new Date(end.getTime() - Math.floor(luck('hour', n) * 20) * 3_600_000);
    if (at >= until) break;
    const listMinor = PLANS[planCode][currency];
    const hasCode = n === 0 && luck('promo') < 0.2;
    const next = new Date(end.getTime() + PLANS[planCode].months * MONTH_DAYS * DAY_MS);
    const isRefunded = luck('refund', n) < REFUNDED;
    all.push({
      ...{
        ...usual,
        ...none,
        id: demoIdAt(at, 'purchase', userId, n),
        planCode,
        kind: n === 0 ? 'plan' : 'renewal',
        at,
      },
      ...{ from: end, to: next, listMinor, provider, campaign, autoRenew },
      ...(hasCode && { promoCode: 'WELCOME', discountMinor: Math.floor(listMinor / 5) }),
      ...(isRefunded && { refundedAt: new Date(at.getTime() + DAY_MS) }),
    });
    if (isRefunded || luck('goes on', n) > GOES_ON) break;
    end = next;
  }
  return all.filter(({ at }) => at < until);
}

const providersOf = (locale: 'en' | 'ru') =>
  locale === 'ru' ? (['yookassa', 'wata', 'cryptobot'] as const) : (['stripe', 'cryptobot', 'stripe'] as const);
