import { z } from 'zod';
import {
  defineProvider,
  PaymentRefused,
  type FailureReason,
  type ProviderPayment,
} from '../src/providers/payment-provider';

/** A provider of a spec's own, by ids of payments: what it says of each of them the spec decides. */
export const books = new Map<string, ProviderPayment>();
/** What it gave back, by key. */
export const refunds = new Map<string, { takingId: string; amountMinor: number }>();
/** What charges of saved methods come to, by the id of the method; paid when there is none. */
export const refusals = new Map<string, FailureReason>();
/** Saved methods of which it does not say yet what a charge comes to. */
export const undecided = new Set<string>();
/** How often it was asked to make a payment, and by which keys. */
export const asked = { count: 0, keys: [] as string[] };
/** What it was asked about, by id, as often as it was. */
export const looked: string[] = [];
/** Whether it answers nothing, and takes all the same what it is asked for. */
export const outage = { lasts: false, takes: false };

/** When it takes what is paid. */
export const time = { now: () => new Date() };

export const pretended = defineProvider({
  name: 'pretended',
  apiRoot: 'http://127.0.0.1:9',
  settings: z.strictObject({}),
  methods: ['card'],
  currencies: [],
  recurring: true,
  notifies: true,
  offerMs: 3_600_000,
  create: () => ({
    create: ({ key, money, savedMethod }) => {
      asked.count += 1;
      asked.keys.push(key);
      const silence = new Error('the provider does not answer');
      if (outage.lasts && !outage.takes) return Promise.reject(silence);
      const externalId = `ext-${key}`;
      const refusal = savedMethod === undefined ? undefined : refusals.get(savedMethod);
      if (refusal) return Promise.reject(new PaymentRefused(refusal, 'the card was refused'));
      if (!books.has(externalId))
        books.set(externalId, {
          ...{ externalId, key, state: 'pending', takings: [], isTest: false },
          url: `https://pay.example/${externalId}`,
        });
      if (savedMethod !== undefined && !undecided.has(savedMethod))
        pay(externalId, money.amountMinor, { currency: money.currency });
      return outage.lasts ? Promise.reject(silence) : Promise.resolve(books.get(externalId)!);
    },
    fetch: (externalId) => {
      looked.push(externalId);
      if (outage.lasts) return Promise.reject(new Error('the provider does not answer'));
      return Promise.resolve(books.get(externalId));
    },
    refund: ({ takingId, key, money }) => {
      refunds.set(key, { takingId, amountMinor: money.amountMinor });
      return Promise.resolve({ externalId: `re-${key}`, state: 'done', money });
    },
    readNotification: ({ body }) => ({ externalId: body.toString(), kind: 'paid', dedupeKey: body.toString() }),
    async *list(from, to) {
      if (outage.lasts) throw new Error('the provider does not answer');
      for (const payment of books.values()) if (payment.takings.some(({ at }) => at >= from && at < to)) yield payment;
    },
  }),
});

/** The person pays, once more each time it is called. */
export function pay(
  externalId: string,
  amountMinor: number,
  { currency = 'RUB', saves, payer }: { currency?: string; saves?: string; payer?: string | undefined } = {},
): void {
  const before = books.get(externalId)!;
  const id = `t-${externalId}-${before.takings.length}`;
  const taking = { id, money: { amountMinor, currency }, at: time.now(), feeMinor: 0, refundedMinor: 0 };
  books.set(externalId, {
    ...before,
    ...{ state: 'paid', takings: [...before.takings, taking] },
    ...(payer !== undefined && { payer }),
    ...(saves !== undefined && { savedMethod: { externalId: saves, title: 'MIR ·· 4477' } }),
  });
}

/** The bank of the person takes what was paid back, or is asked to. */
export function dispute(externalId: string, state: 'open' | 'lost' | 'won'): void {
  const before = books.get(externalId)!;
  books.set(externalId, { ...before, takings: before.takings.map((taking) => ({ ...taking, dispute: state })) });
}
