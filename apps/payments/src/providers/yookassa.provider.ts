import { fromDecimal, toDecimal } from '@switchboard/contracts';
import { z } from 'zod';
import {
  defineProvider,
  type FailureReason,
  NotAuthentic,
  PaymentRefused,
  type ProviderPayment,
  type ProviderRefund,
  type ReceiptLine,
  type Taking,
} from './payment-provider';
import { jsonOf, ProviderHttp } from './provider-http';

/** Source: yookassa.ru/developers, API v3. */
const Amount = z.object({ value: z.string(), currency: z.string() });
type Amount = z.output<typeof Amount>;
const Payment = z.looseObject({
  id: z.string(),
  status: z.enum(['pending', 'waiting_for_capture', 'succeeded', 'canceled']),
  paid: z.boolean(),
  test: z.boolean().default(false),
  amount: Amount,
  income_amount: Amount.optional(),
  refunded_amount: Amount.optional(),
  confirmation: z.looseObject({ confirmation_url: z.string().optional() }).optional(),
  payment_method: z
    .looseObject({
      id: z.string(),
      saved: z.boolean().default(false),
      title: z.string().optional(),
      card: z.looseObject({ last4: z.string(), card_type: z.string().optional() }).optional(),
    })
    .optional(),
  captured_at: z.coerce.date().optional(),
  created_at: z.coerce.date(),
  cancellation_details: z.looseObject({ reason: z.string() }).optional(),
  metadata: z.record(z.string(), z.string()).optional(),
});
type Payment = z.output<typeof Payment>;
const Payments = z.looseObject({ items: z.array(Payment), next_cursor: z.string().optional() });

const Refund = z.looseObject({
  id: z.string(),
  payment_id: z.string(),
  status: z.enum(['pending', 'succeeded', 'canceled']),
  amount: Amount,
});
type Refund = z.output<typeof Refund>;
const Refunds = z.looseObject({ items: z.array(Refund), next_cursor: z.string().optional() });

/** Nobody signs it: an id that cannot be one is not even asked for. */
const Id = z.string().regex(/^[\w-]{1,64}$/);
const Notification = z.looseObject({
  type: z.literal('notification'),
  event: z.string().regex(/^[a-z_.]{1,64}$/),
  object: z.looseObject({ id: Id, payment_id: Id.optional() }),
});
const Problem = z.looseObject({
  code: z.string().optional(),
  description: z.string().optional(),
  parameter: z.string().optional(),
});

const REASONS: Readonly<Record<string, FailureReason>> = {
  insufficient_funds: 'insufficient_funds',
  permission_revoked: 'method_revoked',
  card_expired: 'method_revoked',
  expired_on_confirmation: 'expired',
  expired_on_capture: 'expired',
  payment_expired: 'expired',
  canceled_by_merchant: 'cancelled',
  payment_method_limit_exceeded: 'limit_exceeded',
  internal_timeout: 'provider_unavailable',
  issuer_unavailable: 'provider_unavailable',
};

const ENDED: Readonly<Record<string, 'expired' | 'cancelled'>> = { expired: 'expired', cancelled: 'cancelled' };

/** About our account or about the moment: the same call may succeed later. */
const OPEN_STATUSES = [401, 408, 425, 429];

/** Cards are given up by YooKassa itself after about an hour, as SBP is. */
const OFFER_MS = 60 * 60_000;
const PAGE = '100';
const KEY_IN_METADATA = 'order_key';

export const yookassa = defineProvider({
  name: 'yookassa',
  apiRoot: 'https://api.yookassa.ru/v3',
  sandboxPath: '/yookassa/v3',
  settings: z.strictObject({
    shopId: z.string().regex(/^\d{1,20}$/),
    secret: z.string().optional(),
    secretEnv: z.string().optional(),
    secretFile: z.string().optional(),
    receipts: z.boolean().default(false).describe('The shop has receipts made by YooKassa, by Russian law.'),
    receiptEmail: z.email().optional().describe('Where receipts go of people whose e-mail address is not known.'),
    taxSystem: z.int().min(1).max(6).optional().describe('Of receipts, where the shop has several: 1 to 6.'),
  }),
  methods: ['card', 'sbp', 'wallet'],
  currencies: ['RUB'],
  recurring: true,
  notifies: true,
  offerMs: OFFER_MS,
  needsEmail: ({ receipts, receiptEmail }) => receipts && receiptEmail === undefined,

  create({ settings, secret, apiRoot, fetch, policy }) {
    const authorization = `Basic ${Buffer.from(`${settings.shopId}:${secret('secret') ?? ''}`).toString('base64')}`;
    const http = new ProviderHttp({ name: 'YooKassa', apiRoot, fetch, policy, headers: { authorization }, refusalOf });
    /** With its key a call is the same call however often it is made. */
    const post = (path: string, key: string, body: object) => ({
      ...{ method: 'POST', path, body, idempotent: true },
      headers: { 'idempotence-key': key },
    });

    /** They go to an e-mail address only, and are of one line. */
    function receiptOf(amount: Amount, receipt: ReceiptLine | undefined, email = settings.receiptEmail) {
      if (!settings.receipts || !receipt) return {};
      const { description, vatCode, subject } = receipt;
      const item = {
        ...{ description: description.slice(0, 128), quantity: '1.00', amount, vat_code: vatCode },
        ...{ payment_mode: 'full_payment', payment_subject: subject },
      };
      const tax = settings.taxSystem !== undefined && { tax_system_code: settings.taxSystem };
      return { receipt: { customer: { email }, items: [item], ...tax } };
    }

    /** @param filters each of the time by which is listed */
    async function* pages<Item>(
      operation: string,
      schema: z.ZodType<{ items: Item[]; next_cursor?: string | undefined }>,
      path: string,
      filters: Record<string, string>,
      signal: AbortSignal,
    ): AsyncGenerator<Item> {
      let cursor: string | undefined;
      do {
        const query = new URLSearchParams({ ...filters, limit: PAGE, ...(cursor !== undefined && { cursor }) });
        const page = await http.call(operation, schema, { path: `${path}?${query}` }, signal);
        yield* page.items;
        cursor = page.next_cursor;
      } while (cursor !== undefined);
    }

    return {
      async create(request, signal) {
        const { key, money, title, locale, returnUrl, customerRef, savedMethod, savesMethod, receipt, email } = request;
        const amount = amountOf(money);
        const body = {
          amount,
          capture: true,
          description: title.slice(0, 128),
          metadata: { [KEY_IN_METADATA]: key },
          merchant_customer_id: customerRef,
          ...(savedMethod === undefined
            ? {
                confirmation: { type: 'redirect', return_url: returnUrl, locale: locale === 'ru' ? 'ru_RU' : 'en_US' },
                // Said also when not: else the page lets the person save what would be of no use to them.
                save_payment_method: savesMethod,
              }
            : { payment_method_id: savedMethod }),
          ...receiptOf(amount, receipt, email),
        };
        return paymentOf(await http.call('create', Payment, post('/payments', key, body), signal));
      },

      async fetch(externalId, signal) {
        const found = await http.find('fetch', Payment, `/payments/${encodeURIComponent(externalId)}`, signal);
        return found && paymentOf(found);
      },

      async refund({ takingId, key, money, reason, receipt, email }, signal) {
        const amount = amountOf(money);
        const body = {
          ...{ payment_id: takingId, amount, description: reason.slice(0, 250) },
          ...receiptOf(amount, receipt, email),
        };
        return refundOf(await http.call('refund', Refund, post('/refunds', key, body), signal));
      },

      async fetchRefund(externalId, signal) {
        const found = await http.find('fetch refund', Refund, `/refunds/${encodeURIComponent(externalId)}`, signal);
        return found && refundOf(found);
      },

      /** There is no signature: whatever comes is a hint, and the payment is asked for. */
      readNotification({ body }) {
        const { success, data } = Notification.safeParse(jsonOf(body.toString('utf8')));
        if (!success) throw new NotAuthentic('this is no notification of YooKassa');
        const { event, object } = data;
        const externalId = event.startsWith('payment.') ? object.id : object.payment_id;
        return { externalId, kind: event, dedupeKey: `${event}:${object.id}` };
      },

      async *list(from, to, signal) {
        const within = (time: string) => ({ [`${time}.gte`]: from.toISOString(), [`${time}.lt`]: to.toISOString() });
        const told = new Set<string>();
        for await (const payment of pages('list', Payments, '/payments', within('captured_at'), signal)) {
          told.add(payment.id);
          yield paymentOf(payment);
        }
        for await (const refund of pages('list refunds', Refunds, '/refunds', within('created_at'), signal)) {
          if (told.has(refund.payment_id)) continue;
          told.add(refund.payment_id);
          const payment = await this.fetch(refund.payment_id, signal);
          if (payment) yield payment;
        }
      },
    };
  },
});

function paymentOf(payment: Payment): ProviderPayment {
  const { id, status, metadata, test, confirmation, payment_method: method } = payment;
  const isPaid = status === 'succeeded' && payment.paid;
  const failure = REASONS[payment.cancellation_details?.reason ?? ''] ?? 'declined';
  return {
    externalId: id,
    key: metadata?.[KEY_IN_METADATA],
    state: isPaid ? 'paid' : status === 'canceled' ? (ENDED[failure] ?? 'failed') : 'pending',
    takings: isPaid ? [takingOf(payment)] : [],
    isTest: test,
    ...(confirmation?.confirmation_url !== undefined && { url: confirmation.confirmation_url }),
    ...(status === 'canceled' && { failure }),
    ...(method?.saved && { savedMethod: { externalId: method.id, title: titleOf(method) } }),
  };
}

function takingOf(payment: Payment): Taking {
  const { id, amount, income_amount: income, refunded_amount: refunded, captured_at: capturedAt } = payment;
  const money = moneyOf(amount);
  return {
    id,
    money,
    at: capturedAt ?? payment.created_at,
    refundedMinor: refunded ? moneyOf(refunded).amountMinor : 0,
    // What it keeps and the tax on it, as told: never by a percentage of ours.
    ...(income && { feeMinor: Math.max(0, money.amountMinor - moneyOf(income).amountMinor) }),
  };
}

const REFUND_STATES = { pending: 'pending', succeeded: 'done', canceled: 'failed' } as const;

const refundOf = ({ id, status, amount }: Refund): ProviderRefund => ({
  ...{ externalId: id, state: REFUND_STATES[status], money: moneyOf(amount) },
});

const amountOf = (money: Parameters<typeof toDecimal>[0]): Amount => ({
  ...{ value: toDecimal(money), currency: money.currency },
});

function moneyOf({ value, currency }: Amount) {
  const money = fromDecimal(value, currency);
  if (!money) throw new Error(`YooKassa answered with an amount that is none: ${value} ${currency}`);
  return money;
}

const titleOf = ({ title, card }: NonNullable<Payment['payment_method']>) =>
  card ? `${card.card_type ?? ''} ·· ${card.last4}`.trim() : (title ?? 'YooKassa');

/** 4xx is no, and will be no again. Source: using-api/response-handling/recommendations. */
function refusalOf(status: number, body: unknown): PaymentRefused | undefined {
  if (status >= 500 || OPEN_STATUSES.includes(status)) return undefined;
  const { code = '', description = '', parameter } = Problem.safeParse(body).data ?? {};
  const reason = parameter === 'payment_method_id' ? 'method_revoked' : 'other';
  return new PaymentRefused(reason, `YooKassa answered ${status} ${code} ${description}`.trim());
}
