import { CreatePaymentLink, ListChannelPayments, RefundChannelPayment } from '@switchboard/contracts';
import { isProblem, UpstreamHttpError } from '@switchboard/service-kit';
import { z } from 'zod';
import {
  defineProvider,
  PaymentRefused,
  type ProviderAccount,
  type ProviderPayment,
  type Taking,
} from './payment-provider';

export const TELEGRAM_STARS = 'telegram-stars';
const STARS = 'XTR';
/** Source: Bot API, createInvoiceLink: subscriptions are of 30 days. */
const RENEWAL_DAYS = 30;
/** An address stays good for ever; whether it may be paid is asked before each payment. */
const OFFER_MS = 60 * 60_000;
/** What Telegram says of the time of a payment may differ from when it was asked for by the clocks of two machines. */
const CLOCKS_MS = 10 * 60_000;
const TIMEOUT_MS = 15_000;
/** Of a hundred payments each. */
const MOST_PAGES = 10_000;

/** One payment of Stars, with its way back if it has gone that way. */
export interface StarCharge {
  readonly chargeId: string;
  readonly payload: string;
  readonly amountMinor: number;
  readonly at: Date;
  readonly refundedMinor: number;
  /** It belongs to a subscription that Telegram charges for. */
  readonly renews: boolean;
  /** And is not the first of it; unknown where the list alone tells of it. */
  readonly isRenewal?: boolean | undefined;
}

/**
 * Telegram Stars, by way of bot-adapter, which has the bots' tokens. The key of a payment is the payload of its invoice and stands for
 * the payment itself: Telegram calls it something only once it is made.
 */
export const telegramStars = defineProvider({
  name: TELEGRAM_STARS,
  settings: z.strictObject({}),
  methods: ['stars'],
  currencies: [STARS],
  recurring: false,
  renewsAfterDays: RENEWAL_DAYS,
  // Updates come by way of bot-adapter, as its events.
  notifies: false,
  offerMs: OFFER_MS,

  create({ botId, isSandbox, services }) {
    const params = { botId };
    let reading: Promise<unknown> = Promise.resolve();
    let next: { since: Date; readonly charges: Promise<StarCharge[]> } | undefined;
    /** Many payments are asked about at once, and Telegram has one list for all: who comes while it is read waits for the next one. */
    const chargesSince = (since: Date, signal: AbortSignal): Promise<StarCharge[]> => {
      if (next) {
        if (since < next.since) next.since = since;
        return next.charges;
      }
      const begin = () => {
        const from = next!;
        next = undefined;
        return collected(starCharges(services, botId, from, signal));
      };
      next = { since, charges: reading.then(begin, begin) };
      reading = next.charges;
      return next.charges;
    };
    const payment = (key: string, takings: readonly Taking[], url?: string): ProviderPayment => ({
      ...{ externalId: key, key, takings, isTest: isSandbox },
      state: takings.length > 0 ? 'paid' : 'pending',
      ...(url !== undefined && { url }),
    });

    return {
      async create({ key, money, title, expiresAt, renewsAfterDays }, signal) {
        const body = {
          ...{ payload: key, title, description: title, amountMinor: money.amountMinor, currency: money.currency },
          ...(renewsAfterDays !== undefined && { renewsAfterDays }),
        };
        const { link } = await unlessRefused(
          services.call(CreatePaymentLink, { params, body }, { signal, timeoutMs: TIMEOUT_MS }),
        );
        return { ...payment(key, [], link), expiresAt };
      },

      /** Of a subscription the first payment alone: those that follow are orders of their own. */
      async fetch(key, signal) {
        const askedAt = timeOf(key);
        if (!askedAt) return undefined;
        const charges = (await chargesSince(before(askedAt), signal)).filter(({ payload }) => payload === key);
        const [first] = charges;
        return payment(key, (first?.renews ? [first] : charges).map(takingOf));
      },

      async refund({ takingId, payment, money }, signal) {
        const isWhole = money.currency === STARS && money.amountMinor === payment?.amountMinor;
        if (!isWhole) throw new PaymentRefused('other', 'Telegram gives back a payment of Stars as a whole');
        const charge = { params: { botId, chargeId: takingId }, body: { userId: payment.customerRef } };
        await unlessRefused(services.call(RefundChannelPayment, charge, { signal, timeoutMs: TIMEOUT_MS }));
        return { externalId: takingId, state: 'done', money };
      },

      async *list(from, to, signal) {
        for await (const charge of starCharges(services, botId, { since: from, until: to }, signal))
          yield payment(charge.payload, [takingOf(charge)]);
      },
    };
  },
});

/**
 * What was paid to a bot in Stars, in its order; a payment that was given back since says so. What went back before the time that is
 * asked about comes as the payment that it was of.
 */
export async function* starCharges(
  services: ProviderAccount<unknown>['services'],
  botId: string,
  from: { readonly since?: Date; readonly cursor?: string; readonly until?: Date },
  signal: AbortSignal,
  onPage?: (cursor: string) => void,
): AsyncGenerator<StarCharge> {
  const charges = new Map<string, StarCharge>();
  let query: { since?: string; cursor?: string } = {
    ...(from.since && { since: from.since.toISOString() }),
    ...(from.cursor !== undefined && { cursor: from.cursor }),
  };
  for (let pages = 0; ; pages += 1) {
    if (pages === MOST_PAGES) throw new Error(`Telegram's list of payments to the bot ${botId} does not end`);
    const page = await services.call(
      ListChannelPayments,
      { params: { botId }, query },
      { signal, timeoutMs: TIMEOUT_MS },
    );
    for (const { chargeId, payload, amountMinor, at, direction, renews } of page.data) {
      if (payload === null || (from.until && at >= from.until)) continue;
      const known = charges.get(chargeId);
      const refundedMinor = direction === 'out' ? amountMinor : (known?.refundedMinor ?? 0);
      const paidAt = direction === 'in' ? at : (known?.at ?? at);
      // Of what goes back Telegram does not say that it renewed.
      const charge = { chargeId, payload, amountMinor, at: paidAt, refundedMinor };
      charges.set(chargeId, { ...charge, renews: renews || known?.renews === true });
    }
    onPage?.(page.cursor);
    const last = page.data.at(-1);
    // A page of what is no payment of a person is empty, and more may follow.
    if (page.cursor === query.cursor || (from.until && last && last.at >= from.until)) break;
    query = { cursor: page.cursor };
  }
  yield* charges.values();
}

export const takingOf = ({ chargeId, amountMinor, at, refundedMinor }: StarCharge): Taking => ({
  ...{ id: chargeId, money: { amountMinor, currency: STARS }, at, refundedMinor },
});

async function collected<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const all: Item[] = [];
  for await (const item of items) all.push(item);
  return all;
}

/** Keys begin with the id of an order, whose first 48 bits are the time at which it was placed. */
function timeOf(key: string): Date | undefined {
  const [, high, low] = /^([0-9a-f]{8})-([0-9a-f]{4})-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}:\d+$/.exec(key) ?? [];
  return high === undefined ? undefined : new Date(Number.parseInt(high + low!, 16));
}

const before = (time: Date) => new Date(time.getTime() - CLOCKS_MS);

/** What bot-adapter or Telegram refuse for good; everything else may work later. */
async function unlessRefused<Answer>(call: Promise<Answer>): Promise<Answer> {
  try {
    return await call;
  } catch (error) {
    const isFinal =
      isProblem(error, CreatePaymentLink, 'bot-adapter.payment_refused', 'bot-adapter.payments_not_taken') ||
      isProblem(error, RefundChannelPayment, 'bot-adapter.payment_refused', 'bot-adapter.payer_not_found');
    throw isFinal ? new PaymentRefused('other', (error as UpstreamHttpError).message) : error;
  }
}
