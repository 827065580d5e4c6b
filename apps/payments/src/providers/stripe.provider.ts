import type { Money } from '@switchboard/contracts';
import Stripe from 'stripe';
import { z } from 'zod';
import {
  defineProvider,
  type FailureReason,
  NotAuthentic,
  PaymentRefused,
  type PaymentRequest,
  type ProviderPayment,
  type ProviderRefund,
  type RawNotification,
  type Taking,
} from './payment-provider';
import { ProviderHttp } from './provider-http';

/** That of the types of the pinned official client. */
const API_VERSION = '2026-09-30.endive';

const Id = z.string().min(1);
/** What is not asked for in full comes as its id. */
const orId = <Schema extends z.ZodType>(schema: Schema) => z.union([schema, Id]).nullable();
const full = <T extends object>(value: T | string | null | undefined): T | undefined =>
  typeof value === 'object' ? (value ?? undefined) : undefined;

/** Source: docs.stripe.com/api. */
const Charge = z.looseObject({
  created: z.int(),
  amount_refunded: z.int(),
  disputed: z.boolean(),
  balance_transaction: orId(z.looseObject({ fee: z.int(), currency: z.string() })),
});
const PaymentMethod = z.looseObject({
  id: Id,
  type: z.string(),
  card: z.looseObject({ brand: z.string(), last4: z.string() }).optional(),
});
const Intent = z.looseObject({
  id: Id,
  status: z.string(),
  amount_received: z.int(),
  currency: z.string(),
  livemode: z.boolean(),
  customer: z.string().nullable(),
  setup_future_usage: z.string().nullable().default(null),
  payment_method: orId(PaymentMethod),
  latest_charge: orId(Charge),
  last_payment_error: z.looseObject({ code: z.string().optional(), decline_code: z.string().optional() }).nullable(),
  metadata: z.record(z.string(), z.string()),
});
type Intent = z.output<typeof Intent>;
const Session = z.looseObject({
  id: Id,
  url: z.string().nullable(),
  status: z.enum(['open', 'complete', 'expired']),
  payment_status: z.string(),
  client_reference_id: z.string().nullable(),
  livemode: z.boolean(),
  expires_at: z.int(),
  payment_intent: orId(Intent),
});
type Session = z.output<typeof Session>;
const Refund = z.looseObject({
  id: Id,
  status: z.string(),
  amount: z.int(),
  currency: z.string(),
  metadata: z.record(z.string(), z.string()).default({}),
});
const Dispute = z.looseObject({ status: z.string() });
const Event = z.looseObject({
  id: Id,
  type: Id,
  livemode: z.boolean(),
  data: z.looseObject({
    object: z.looseObject({
      id: Id,
      payment_intent: z.string().nullish(),
      metadata: z.record(z.string(), z.string()).nullish(),
    }),
  }),
});
type Event = z.output<typeof Event>;
const listOf = <Schema extends z.ZodType>(schema: Schema) =>
  z.looseObject({ data: z.array(schema), has_more: z.boolean() });
const Problem = z.looseObject({
  error: z.looseObject({
    type: z.string(),
    code: z.string().optional(),
    decline_code: z.string().optional(),
    param: z.string().optional(),
    message: z.string().default(''),
  }),
});

const REASONS: Readonly<Record<string, FailureReason>> = {
  insufficient_funds: 'insufficient_funds',
  ...{ expired_card: 'method_revoked', lost_card: 'method_revoked', stolen_card: 'method_revoked' },
  ...{ pickup_card: 'method_revoked', revocation_of_authorization: 'method_revoked' },
  ...{ card_velocity_exceeded: 'limit_exceeded', withdrawal_count_limit_exceeded: 'limit_exceeded' },
  ...{ processing_error: 'provider_unavailable', issuer_not_available: 'provider_unavailable' },
};
const reasonOf = (error: { code?: string | undefined; decline_code?: string | undefined } | null): FailureReason =>
  REASONS[error?.decline_code ?? ''] ?? REASONS[error?.code ?? ''] ?? 'declined';

const KEY_IN_METADATA = 'order_key';
/** Of a payment whose name is that of its page. */
const BY_PAGE = 'by_page';

const OF_SESSION = ['payment_intent.latest_charge.balance_transaction', 'payment_intent.payment_method'];
const OF_INTENT = ['latest_charge.balance_transaction', 'payment_method'];

/** By which it is known that there is money, or that some went. */
const MOVES = [
  ...['checkout.session.completed', 'checkout.session.async_payment_succeeded', 'payment_intent.succeeded'],
  ...['charge.refunded', 'refund.updated', 'refund.failed', 'charge.dispute.created', 'charge.dispute.closed'],
];

/** A page is open for a day; so is what is remembered of an idempotency key. */
const OFFER_MS = 24 * 3_600_000;
const PAGE = 100;
const TOLERANCE_S = 300;

/** Those whose smallest parts Stripe counts as ISO 4217 does: not so of ISK, MGA and UGX. */
const CURRENCIES = [
  ...['USD', 'EUR', 'GBP', 'CHF', 'PLN', 'CZK', 'SEK', 'NOK', 'DKK', 'RON', 'HUF', 'TRY', 'KZT', 'GEL', 'AMD', 'AZN'],
  ...['UZS', 'AED', 'ILS', 'INR', 'IDR', 'THB', 'VND', 'CNY', 'HKD', 'SGD', 'JPY', 'KRW', 'BRL', 'MXN', 'CAD', 'AUD'],
];

export const stripe = defineProvider({
  name: 'stripe',
  apiRoot: 'https://api.stripe.com',
  settings: z.strictObject({
    secret: z.string().optional().describe('The secret key: sk_live_…'),
    secretEnv: z.string().optional(),
    secretFile: z.string().optional(),
    webhookSecret: z.string().optional().describe('Of the endpoint that tells of payments: whsec_…'),
    webhookSecretEnv: z.string().optional(),
    webhookSecretFile: z.string().optional(),
  }),
  methods: ['card', 'wallet'],
  currencies: CURRENCIES,
  recurring: true,
  notifies: true,
  offerMs: OFFER_MS,

  create({ secret, apiRoot, fetch, policy }) {
    const key = secret('secret') ?? '';
    const headers = { authorization: `Bearer ${key}`, 'stripe-version': API_VERSION };
    const http = new ProviderHttp({ name: 'Stripe', apiRoot, fetch, policy, headers, refusalOf });
    /** With its key a call is the same call for a day. */
    const post = (path: string, idempotencyKey: string, params: object) => ({
      ...{ method: 'POST', path, body: formOf(params), idempotent: true },
      headers: { 'idempotency-key': idempotencyKey },
    });

    async function* pages<Item extends z.ZodType<{ id: string }>>(
      operation: string,
      schema: Item,
      path: string,
      params: object,
      signal: AbortSignal,
    ): AsyncGenerator<z.output<Item>> {
      let after: { starting_after?: string } = {};
      for (;;) {
        const query = formOf({ ...params, ...after, limit: PAGE });
        const { data, has_more } = await http.call(operation, listOf(schema), { path: `${path}?${query}` }, signal);
        yield* data;
        const last = data.at(-1);
        if (!has_more || !last) return;
        after = { starting_after: last.id };
      }
    }

    /** One for each person, by whom their cards are kept. */
    async function customerOf({ customerRef, email }: PaymentRequest, signal: AbortSignal): Promise<string> {
      const query = formOf({ query: `metadata["user"]:"${customerRef}"`, limit: 1 });
      const known = await http.call(
        'find customer',
        listOf(z.looseObject({ id: Id })),
        { path: `/v1/customers/search?${query}` },
        signal,
      );
      if (known.data[0]) return known.data[0].id;
      // The search lags behind by a minute, for which the key makes it the same customer.
      const customer = { metadata: { user: customerRef }, ...(email && { email }) };
      const call = post('/v1/customers', `customer:${customerRef}`, customer);
      return (await http.call('create customer', z.looseObject({ id: Id }), call, signal)).id;
    }

    async function openPage(request: PaymentRequest, signal: AbortSignal): Promise<ProviderPayment> {
      const { key: orderKey, money, title, locale, returnUrl, email, savesMethod } = request;
      const price = {
        currency: money.currency.toLowerCase(),
        unit_amount: money.amountMinor,
        product_data: { name: title },
      };
      const payer = savesMethod
        ? { customer: await customerOf(request, signal) }
        : email
          ? { customer_email: email }
          : {};
      const params = {
        ...{ mode: 'payment', client_reference_id: orderKey, line_items: [{ quantity: 1, price_data: price }] },
        ...{ success_url: returnUrl, cancel_url: returnUrl, locale: locale === 'ru' ? 'ru' : 'en' },
        ...payer,
        payment_intent_data: {
          description: title,
          metadata: { [KEY_IN_METADATA]: orderKey, [BY_PAGE]: 'yes' },
          ...(savesMethod && { setup_future_usage: 'off_session' }),
        },
      } satisfies Stripe.Checkout.SessionCreateParams;
      const session = await http.call('create', Session, post('/v1/checkout/sessions', orderKey, params), signal);
      return paymentOfSession(session, []);
    }

    async function charge(
      { key: orderKey, money, title }: PaymentRequest,
      savedMethod: string,
      signal: AbortSignal,
    ): Promise<ProviderPayment> {
      const [customer, card] = savedMethod.split('/');
      if (!customer || !card) throw new PaymentRefused('method_revoked', 'Stripe knows no such card');
      // A key is forgotten after a day, and a person must not be charged twice after two.
      const before = formOf({ customer, limit: PAGE, expand: OF_INTENT.map((path) => `data.${path}`) });
      const { data } = await http.call(
        'charges before',
        listOf(Intent),
        { path: `/v1/payment_intents?${before}` },
        signal,
      );
      const made = data.find(({ metadata }) => metadata[KEY_IN_METADATA] === orderKey);
      if (made) return paymentOfIntent(made, await takingsOf(made, signal));
      const params = {
        ...{ amount: money.amountMinor, currency: money.currency.toLowerCase(), customer, payment_method: card },
        ...{ off_session: true, confirm: true, description: title, metadata: { [KEY_IN_METADATA]: orderKey } },
        expand: OF_INTENT,
      } satisfies Stripe.PaymentIntentCreateParams;
      const intent = await http.call('charge', Intent, post('/v1/payment_intents', orderKey, params), signal);
      return paymentOfIntent(intent, await takingsOf(intent, signal));
    }

    async function takingsOf(intent: Intent, signal: AbortSignal): Promise<Taking[]> {
      const { id, status, amount_received: amountMinor } = intent;
      const taken = full(intent.latest_charge);
      if (status !== 'succeeded' || !taken) return [];
      const currency = intent.currency.toUpperCase();
      const transaction = full(taken.balance_transaction);
      const isSame = transaction?.currency.toUpperCase() === currency;
      const taking: Taking = {
        ...{
          id,
          money: { amountMinor, currency },
          at: new Date(taken.created * 1000),
          refundedMinor: taken.amount_refunded,
        },
        // What is paid out in another currency has a fee in that one.
        ...(isSame && { feeMinor: transaction!.fee }),
      };
      if (!taken.disputed) return [taking];
      const { data } = await http.call(
        'disputes',
        listOf(Dispute),
        { path: `/v1/disputes?${formOf({ payment_intent: id, limit: 1 })}` },
        signal,
      );
      return [{ ...taking, dispute: disputeOf(data[0]?.status) }];
    }

    async function ofSession(session: Session, signal: AbortSignal): Promise<ProviderPayment> {
      const intent = full(session.payment_intent);
      return paymentOfSession(session, intent ? await takingsOf(intent, signal) : []);
    }

    async function fetchPayment(externalId: string, signal: AbortSignal): Promise<ProviderPayment | undefined> {
      const path = encodeURIComponent(externalId);
      if (externalId.startsWith('cs_')) {
        const session = await http.find(
          'fetch',
          Session,
          `/v1/checkout/sessions/${path}?${formOf({ expand: OF_SESSION })}`,
          signal,
        );
        return session && ofSession(session, signal);
      }
      if (!externalId.startsWith('pi_')) return undefined;
      const intent = await http.find(
        'fetch',
        Intent,
        `/v1/payment_intents/${path}?${formOf({ expand: OF_INTENT })}`,
        signal,
      );
      if (!intent) return undefined;
      if (!(BY_PAGE in intent.metadata)) return paymentOfIntent(intent, await takingsOf(intent, signal));
      const query = formOf({ payment_intent: externalId, limit: 1, expand: OF_SESSION.map((one) => `data.${one}`) });
      const { data } = await http.call(
        'fetch page',
        listOf(Session),
        { path: `/v1/checkout/sessions?${query}` },
        signal,
      );
      return data[0] && ofSession(data[0], signal);
    }

    return {
      create: (request, signal) =>
        request.savedMethod === undefined ? openPage(request, signal) : charge(request, request.savedMethod, signal),

      fetch: fetchPayment,

      async cancel(externalId, signal) {
        const path = externalId.startsWith('cs_')
          ? `checkout/sessions/${externalId}/expire`
          : `payment_intents/${externalId}/cancel`;
        await http.call('cancel', z.looseObject({}), post(`/v1/${path}`, `cancel:${externalId}`, {}), signal);
      },

      async refund({ takingId, key: refundKey, money }, signal) {
        const query = formOf({ payment_intent: takingId, limit: PAGE });
        // A key is forgotten after a day, and money must not go back twice after two.
        const before = await http.find('refunds before', listOf(Refund), `/v1/refunds?${query}`, signal);
        const made = before?.data.find(({ metadata }) => metadata[KEY_IN_METADATA] === refundKey);
        if (made) return refundOf(made);
        const params = {
          ...{ payment_intent: takingId, amount: money.amountMinor, reason: 'requested_by_customer' },
          metadata: { [KEY_IN_METADATA]: refundKey },
        } satisfies Stripe.RefundCreateParams;
        return refundOf(await http.call('refund', Refund, post('/v1/refunds', refundKey, params), signal));
      },

      async fetchRefund(externalId, signal) {
        const found = await http.find('fetch refund', Refund, `/v1/refunds/${encodeURIComponent(externalId)}`, signal);
        return found && refundOf(found);
      },

      readNotification(raw) {
        const event = verified(raw, secret('webhookSecret') ?? '');
        // One endpoint may be told of what is only tried out, too.
        const isOurs = event.livemode === key.includes('_live_');
        return { externalId: isOurs ? subjectOf(event) : undefined, kind: event.type, dedupeKey: event.id };
      },

      async *list(from, to, signal) {
        // By the second, and for thirty days.
        const created = { gte: Math.floor(from.getTime() / 1000), lt: Math.ceil(to.getTime() / 1000) };
        const seen = new Set<string>();
        for await (const event of pages('list', Event, '/v1/events', { types: MOVES, created }, signal)) {
          const subject = subjectOf(event);
          if (subject === undefined || seen.has(subject)) continue;
          const payment = await fetchPayment(subject, signal);
          seen.add(subject);
          if (!payment || (payment.externalId !== subject && seen.has(payment.externalId))) continue;
          seen.add(payment.externalId);
          yield payment;
        }
      },

      async portalUrl({ savedMethod, returnUrl, locale }, signal) {
        const params = {
          customer: savedMethod.split('/')[0]!,
          return_url: returnUrl,
          locale: locale === 'ru' ? 'ru' : 'en',
        } satisfies Stripe.BillingPortal.SessionCreateParams;
        const call = { method: 'POST', path: '/v1/billing_portal/sessions', body: formOf(params) };
        return (await http.call('portal', z.looseObject({ url: z.string() }), call, signal)).url;
      },
    };
  },
});

/** Which payment there is news of; a page tells for its payment. */
function subjectOf({ type, data: { object } }: Event): string | undefined {
  if (type.startsWith('checkout.session.')) return object.id;
  if (type.startsWith('payment_intent.')) return object.metadata?.[BY_PAGE] ? undefined : object.id;
  if (/^(charge\.(refunded|dispute\.)|refund\.)/.test(type)) return object.payment_intent ?? undefined;
  return undefined;
}

function verified({ body, headers, now }: RawNotification, webhookSecret: string): Event {
  const header = headers['stripe-signature'] ?? '';
  try {
    // The library refuses what is too old, and would take what comes from the future.
    const [, at = ''] = /(?:^|,)t=(\d{1,12})/.exec(header) ?? [];
    if (Number(at) > now.getTime() / 1000 + TOLERANCE_S) throw new Error('The timestamp is in the future');
    return Event.parse(
      Stripe.webhooks.constructEvent(body, header, webhookSecret, TOLERANCE_S, undefined, now.getTime()),
    );
  } catch (error) {
    throw new NotAuthentic('no event of Stripe', { cause: error });
  }
}

function paymentOfSession(session: Session, takings: readonly Taking[]): ProviderPayment {
  const { id, url, status, livemode, client_reference_id, expires_at } = session;
  const intent = full(session.payment_intent);
  // A bank may have said no after the page was done.
  const hasFailed = status === 'complete' && intent?.status === 'requires_payment_method';
  const saved = intent && takings.length > 0 ? savedMethodOf(intent) : undefined;
  return {
    ...{ externalId: id, key: client_reference_id ?? undefined, takings, isTest: !livemode },
    state: takings.length > 0 ? 'paid' : status === 'expired' ? 'expired' : hasFailed ? 'failed' : 'pending',
    ...(url !== null && { url }),
    expiresAt: new Date(expires_at * 1000),
    ...(hasFailed && { failure: reasonOf(intent.last_payment_error) }),
    ...(saved && { savedMethod: saved }),
  };
}

function paymentOfIntent(intent: Intent, takings: readonly Taking[]): ProviderPayment {
  const { id, status, livemode, metadata } = intent;
  const hasFailed = status === 'requires_payment_method' || status === 'requires_action';
  return {
    ...{ externalId: id, key: metadata[KEY_IN_METADATA], takings, isTest: !livemode },
    state: takings.length > 0 ? 'paid' : hasFailed ? 'failed' : status === 'canceled' ? 'cancelled' : 'pending',
    ...(hasFailed && { failure: reasonOf(intent.last_payment_error) }),
  };
}

function savedMethodOf({ customer, setup_future_usage: usage, payment_method }: Intent) {
  const method = full(payment_method);
  if (usage !== 'off_session' || !customer || !method) return undefined;
  const { id, type, card } = method;
  return { externalId: `${customer}/${id}`, title: card ? `${card.brand} ·· ${card.last4}` : type };
}

function disputeOf(status: string | undefined): 'open' | 'won' | 'lost' {
  if (status === 'lost') return 'lost';
  return status === 'won' || status === 'warning_closed' || status === 'prevented' ? 'won' : 'open';
}

function refundOf({ id, status, amount, currency }: z.output<typeof Refund>): ProviderRefund {
  const money: Money = { amountMinor: amount, currency: currency.toUpperCase() };
  const state = status === 'succeeded' ? 'done' : status === 'failed' || status === 'canceled' ? 'failed' : 'pending';
  return { externalId: id, state, money };
}

/** A key that was used for something else is a mistake of ours, and says nothing of what became of the call. */
function refusalOf(status: number, body: unknown): PaymentRefused | undefined {
  const problem = Problem.safeParse(body).data?.error;
  if (!problem || ![400, 402, 404].includes(status)) return undefined;
  const { type, code, param, message } = problem;
  if (type === 'card_error') return new PaymentRefused(reasonOf(problem), message);
  if (type !== 'invalid_request_error') return undefined;
  const isGone = param === 'payment_method' || param === 'customer';
  return new PaymentRefused(isGone ? 'method_revoked' : 'other', `${code ?? ''} ${message}`.trim());
}

/** `a[b][0]=c`. Stripe takes forms only. */
function formOf(params: object): URLSearchParams {
  const form = new URLSearchParams();
  const add = (name: string, value: unknown) => {
    if (typeof value !== 'object' || value === null) return form.append(name, String(value));
    for (const [step, inner] of Object.entries(value)) add(name === '' ? step : `${name}[${step}]`, inner);
  };
  add('', params);
  return form;
}
