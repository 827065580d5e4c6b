import type { RouteDefinition, RouteRate } from '@switchboard/contracts';
import type { Principal } from '../access/principal';
import { networkOf } from '../limits/network';
import type { Charge, RateLimit } from '../limits/rate-limit';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

const window = (name: string, limit: number, windowMs: number = MINUTE): RateLimit => ({
  ...{ name, limit, windowMs },
  kind: 'window',
});
const spread = (name: string, limit: number, burst: number): RateLimit => ({
  ...{ name, limit, windowMs: MINUTE, burst },
  kind: 'spread',
});

/** Of an address that brings nothing we know: guessing is slow, and uses up nothing of whom it is tried on. */
const REFUSED = spread('refused', 60, 30);
const ANONYMOUS = window('anonymous', 120);
/** Channels bring what all people write from a few addresses, and prove themselves to the service. */
const CHANNEL = window('channel', 30_000);

const CALLERS: Readonly<Record<string, readonly RateLimit[]>> = {
  person: [window('person', 120), window('person-long', 600, 10 * MINUTE)],
  staff: [window('staff', 240)],
  'key standard': [window('key', 300), window('key-day', 10_000, DAY)],
  'key high': [window('key-high', 3000)],
};

/** Where a burst at the end of one minute and the beginning of the next would matter. */
const RATES: Readonly<Record<RouteRate, RateLimit>> = {
  // A sign-in has up to six steps; guessing at one account has a limit of its own.
  'sign-in': spread('sign-in', 20, 15),
  chat: spread('chat', 60, 20),
  expensive: spread('expensive', 12, 4),
  // A page that fails, fails several times at once.
  reports: spread('reports', 12, 10),
};

export const chargesForRefusal = (address: string): Charge[] => [
  { limit: REFUSED, subject: networkOf(address), cost: 1 },
];

/** Whose requests are counted together. @param address of whom nobody has authenticated */
export const subjectOf = (principal: Principal | undefined, address: string): string =>
  principal ? `${principal.kind}:${principal.id}` : networkOf(address);

/** What a request uses up. @param address of whom nobody has authenticated, and of whoever signs in */
export function chargesFor(route: RouteDefinition, principal: Principal | undefined, address: string): Charge[] {
  if (route.permission === 'webhook') return [{ limit: CHANNEL, subject: networkOf(address), cost: 1 }];
  const cost = route.cost ?? (route.method === 'GET' ? 1 : 2);
  const subject = subjectOf(principal, address);
  const limits = principal ? CALLERS[classOf(principal)]! : [ANONYMOUS];
  const charges = limits.map((limit) => ({ limit, subject, cost }));
  if (!route.rate) return charges;
  // Guessing at one account from many addresses is limited by the account, where its name is read.
  const counted = route.rate === 'sign-in' ? networkOf(address) : subject;
  return [...charges, { limit: RATES[route.rate], subject: counted, cost: 1 }];
}

const classOf = ({ kind, rateClass = 'standard' }: Principal) => (kind === 'key' ? `key ${rateClass}` : kind);
