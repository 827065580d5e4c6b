import { z } from 'zod';
import { invalidRequest } from './api-error';
import { AdjustmentParams, type Billing, type Meter, MeterEventParams, MeterParams, SummariesParams } from './billing';
import { type Checkout, type Session, SessionParams } from './checkout';
import type { StripeEvent, ThinEvent } from './events';
import { type Account, head, type Objects, type StripeObject } from './objects';
import { amount, currency, flag, isWithin, metadata, paging, times } from './params';
import {
  type Charge,
  checkAmount,
  type Customer,
  type Dispute,
  type PaymentIntent,
  type PaymentMethod,
  type Payments,
  type Refund,
} from './payments';
import { type Portal, PortalParams } from './portal';

export interface MethodParts {
  readonly objects: Objects;
  readonly payments: Payments;
  readonly checkout: Checkout;
  readonly billing: Billing;
  readonly portal: Portal;
}

export interface Call<Params> {
  account: Account;
  params: Params;
  /** From the path. */
  id: string;
  /** Where pages are found. */
  pagesAt: string;
  /** The path that was asked, for lists. */
  url: string;
}

export interface Method {
  verb: 'get' | 'post' | 'delete';
  path: string;
  schema: z.ZodType;
  run(call: Call<never>): object;
}

const method = <Schema extends z.ZodType>(
  verb: Method['verb'],
  path: string,
  schema: Schema,
  run: (call: Call<z.output<Schema>>) => object,
): Method => ({ verb, path: path.startsWith('/v2') ? path : `/v1${path}`, schema, run: run as Method['run'] });

const expand = { expand: z.array(z.string()).optional() };
const Nothing = z.strictObject(expand);
const listed = <Shape extends z.ZodRawShape>(shape: Shape) =>
  z.strictObject({ ...paging, ...expand, created: times, ...shape });

const CustomerParams = z.strictObject({
  ...expand,
  email: z.email().optional(),
  name: z.string().optional(),
  metadata: metadata.optional(),
  preferred_locales: z.array(z.string()).optional(),
});

const IntentParams = z.strictObject({
  ...expand,
  amount,
  currency,
  customer: z.string().optional(),
  payment_method: z.string().optional(),
  confirm: flag.default(false),
  off_session: flag.default(false),
  description: z.string().max(1000).optional(),
  metadata: metadata.default({}),
  receipt_email: z.string().optional(),
  payment_method_types: z.array(z.string()).optional(),
});

const RefundParams = z.strictObject({
  ...expand,
  payment_intent: z.string().optional(),
  charge: z.string().optional(),
  amount: amount.optional(),
  reason: z.enum(['duplicate', 'fraudulent', 'requested_by_customer']).optional(),
  metadata: metadata.default({}),
});

/** `metadata["order"]:"7"`: the only question that is played of those that may be searched for. */
const QUERY = /^metadata\[(['"])(.+?)\1\]:(['"])(.*)\3$/;

/** What Stripe can be asked, by the names of the official client. */
export function methodsOf({ objects, payments, checkout, billing, portal }: MethodParts): Record<string, Method> {
  const retrieve = <T extends StripeObject>(path: string, object: T['object']) =>
    method('get', `${path}/:id`, Nothing, ({ account, id }) => objects.get<T>(account, object, id));
  const search = (path: string, object: string) =>
    method(
      'get',
      `${path}/search`,
      z.strictObject({ ...expand, query: z.string(), limit: z.string().optional(), page: z.string().optional() }),
      ({ account, params, url }) => {
        const [, , name, , value] = QUERY.exec(params.query) ?? [];
        if (name === undefined)
          throw invalidRequest(`The sandbox understands no such query: ${params.query}`, { param: 'query' });
        const data = objects.of(account, object).filter(({ metadata: told }) => told?.[name] === value);
        return { object: 'search_result', url, has_more: false, next_page: null, data };
      },
    );
  return {
    'customers.search': search('/customers', 'customer'),
    'customers.retrieve': retrieve<Customer>('/customers', 'customer'),
    'customers.create': method('post', '/customers', CustomerParams, ({ account, params }) =>
      objects.add<Customer>(account, {
        ...head(account, 'cus', 'customer'),
        ...{ email: params.email ?? null, name: params.name ?? null, metadata: params.metadata ?? {} },
        invoice_settings: { default_payment_method: null },
      }),
    ),
    'customers.update': method('post', '/customers/:id', CustomerParams, ({ account, id, params }) => {
      const customer = objects.get<Customer>(account, 'customer', id);
      const { email = customer.email, name = customer.name, metadata: told } = params;
      return Object.assign(customer, { email, name, metadata: { ...customer.metadata, ...told } });
    }),
    'customers.del': method('delete', '/customers/:id', Nothing, ({ account, id }) => {
      const customer = objects.get<Customer>(account, 'customer', id);
      objects
        .of<PaymentMethod>(account, 'payment_method')
        .filter((one) => one.customer === id)
        .forEach((one) => payments.detach(account, one));
      objects.remove(customer.id);
      return { id, object: 'customer', deleted: true };
    }),
    'customers.listPaymentMethods': method(
      'get',
      '/customers/:id/payment_methods',
      listed({ type: z.string().optional() }),
      ({ account, id, params, url }) => {
        const all = objects.of<PaymentMethod>(account, 'payment_method').filter((one) => one.customer === id);
        return objects.page(url, all, params);
      },
    ),
    'paymentMethods.retrieve': retrieve<PaymentMethod>('/payment_methods', 'payment_method'),
    'paymentMethods.detach': method('post', '/payment_methods/:id/detach', Nothing, ({ account, id }) =>
      payments.detach(account, objects.get<PaymentMethod>(account, 'payment_method', id)),
    ),
    'checkout.sessions.create': method('post', '/checkout/sessions', SessionParams, ({ account, params, pagesAt }) =>
      checkout.create(account, params, pagesAt),
    ),
    'checkout.sessions.list': method(
      'get',
      '/checkout/sessions',
      listed({ payment_intent: z.string().optional(), customer: z.string().optional(), status: z.string().optional() }),
      ({ account, params, url }) => {
        const { payment_intent: intent, customer, status, created } = params;
        const all = objects
          .of<Session>(account, 'checkout.session')
          .filter(
            (one) =>
              (intent === undefined || one.payment_intent === intent) &&
              (customer === undefined || one.customer === customer) &&
              (status === undefined || one.status === status) &&
              isWithin(one.created, created),
          );
        return objects.page(url, all, params);
      },
    ),
    'checkout.sessions.retrieve': retrieve<Session>('/checkout/sessions', 'checkout.session'),
    'checkout.sessions.expire': method('post', '/checkout/sessions/:id/expire', Nothing, ({ account, id }) =>
      checkout.expire(account, objects.get<Session>(account, 'checkout.session', id)),
    ),
    'paymentIntents.search': search('/payment_intents', 'payment_intent'),
    'paymentIntents.create': method('post', '/payment_intents', IntentParams, ({ account, params }) => {
      const { confirm, off_session: offSession, payment_method: methodId, customer = null } = params;
      if (!confirm || !offSession)
        throw invalidRequest('The sandbox plays only intents that are confirmed at once, off session.', {
          param: 'confirm',
        });
      if (methodId === undefined)
        throw invalidRequest('You cannot confirm this PaymentIntent because it is missing a payment method.', {
          code: 'payment_intent_unexpected_state',
        });
      if (customer !== null) objects.get<Customer>(account, 'customer', customer, 'customer');
      const card = objects.get<PaymentMethod>(account, 'payment_method', methodId, 'payment_method');
      checkAmount(params.amount, params.currency);
      if (card.customer === null || card.customer !== customer)
        throw invalidRequest(
          'The provided PaymentMethod was previously used with a PaymentIntent without Customer attachment, shared with a connected account without Customer attachment, or was detached from a Customer. It may not be used again.',
          { param: 'payment_method' },
        );
      const { amount: sum, currency: unit, metadata: told, description = null } = params;
      const intent = payments.intend(account, { amount: sum, currency: unit, metadata: told, customer, description });
      payments.chargeOffSession(account, intent, card);
      return intent;
    }),
    'paymentIntents.list': method(
      'get',
      '/payment_intents',
      listed({ customer: z.string().optional() }),
      ({ account, params, url }) => {
        const all = objects
          .of<PaymentIntent>(account, 'payment_intent')
          .filter(
            (one) =>
              (params.customer === undefined || one.customer === params.customer) &&
              isWithin(one.created, params.created),
          );
        return objects.page(url, all, params);
      },
    ),
    'paymentIntents.retrieve': retrieve<PaymentIntent>('/payment_intents', 'payment_intent'),
    'paymentIntents.cancel': method(
      'post',
      '/payment_intents/:id/cancel',
      z.strictObject({ ...expand, cancellation_reason: z.string().optional() }),
      ({ account, id, params }) =>
        payments.cancel(
          account,
          objects.get<PaymentIntent>(account, 'payment_intent', id),
          params.cancellation_reason ?? null,
        ),
    ),
    'charges.retrieve': retrieve<Charge>('/charges', 'charge'),
    'refunds.create': method('post', '/refunds', RefundParams, ({ account, params }) => {
      const { payment_intent: intentId, charge: chargeId } = params;
      if ((intentId === undefined) === (chargeId === undefined))
        throw invalidRequest(
          'One of the following params should be provided for this request: payment_intent or charge.',
        );
      const intent =
        intentId === undefined
          ? undefined
          : objects.get<PaymentIntent>(account, 'payment_intent', intentId, 'payment_intent');
      const id = chargeId ?? (intent!.status === 'succeeded' ? intent!.latest_charge : null);
      if (id === null)
        throw invalidRequest(`This PaymentIntent (${intentId}) does not have a successful charge to refund.`);
      return payments.refund(account, objects.get<Charge>(account, 'charge', id, 'charge'), params);
    }),
    'refunds.list': method(
      'get',
      '/refunds',
      listed({ payment_intent: z.string().optional(), charge: z.string().optional() }),
      ({ account, params, url }) => {
        const { payment_intent: intent, charge, created } = params;
        const all = objects
          .of<Refund>(account, 'refund')
          .filter(
            (one) =>
              (intent === undefined || one.payment_intent === intent) &&
              (charge === undefined || one.charge === charge) &&
              isWithin(one.created, created),
          );
        return objects.page(url, all, params);
      },
    ),
    'refunds.retrieve': retrieve<Refund>('/refunds', 'refund'),
    'disputes.list': method(
      'get',
      '/disputes',
      listed({ payment_intent: z.string().optional() }),
      ({ account, params, url }) => {
        const all = objects
          .of<Dispute>(account, 'dispute')
          .filter(
            (one) =>
              (params.payment_intent === undefined || one.payment_intent === params.payment_intent) &&
              isWithin(one.created, params.created),
          );
        return objects.page(url, all, params);
      },
    ),
    'events.list': method(
      'get',
      '/events',
      listed({
        type: z.string().optional(),
        types: z.array(z.string()).max(20).optional(),
        delivery_success: flag.optional(),
      }),
      ({ account, params, url }) => {
        const { type, types, created } = params;
        if (type !== undefined && types !== undefined)
          throw invalidRequest('You may only specify one of these parameters: type, types.');
        const wanted = types ?? (type === undefined ? undefined : [type]);
        const all = objects
          .of<StripeEvent>(account, 'event')
          .filter(
            (one) =>
              (wanted === undefined || wanted.some((name) => fits(one.type, name))) && isWithin(one.created, created),
          );
        return objects.page(url, all, params);
      },
    ),
    'events.retrieve': retrieve<StripeEvent>('/events', 'event'),
    'v2.core.events.retrieve': method('get', '/v2/core/events/:id', z.object({}), ({ account, id }) => {
      const event = objects.get<ThinEvent>(account, 'v2.core.event', id);
      return { ...event, created: new Date(event.created * 1000).toISOString() };
    }),
    'billingPortal.sessions.create': method(
      'post',
      '/billing_portal/sessions',
      PortalParams.extend(expand),
      ({ account, params, pagesAt }) => portal.create(account, params, pagesAt),
    ),
    'billing.meters.create': method('post', '/billing/meters', MeterParams.extend(expand), ({ account, params }) =>
      billing.createMeter(account, params),
    ),
    'billing.meters.list': method(
      'get',
      '/billing/meters',
      listed({ status: z.string().optional() }),
      ({ account, params, url }) => objects.page(url, objects.of(account, 'billing.meter'), params),
    ),
    'billing.meters.retrieve': retrieve<Meter>('/billing/meters', 'billing.meter'),
    'billing.meters.deactivate': method('post', '/billing/meters/:id/deactivate', Nothing, ({ account, id }) =>
      Object.assign(objects.get<Meter>(account, 'billing.meter', id), { status: 'inactive' }),
    ),
    'billing.meters.reactivate': method('post', '/billing/meters/:id/reactivate', Nothing, ({ account, id }) =>
      Object.assign(objects.get<Meter>(account, 'billing.meter', id), { status: 'active' }),
    ),
    'billing.meters.listEventSummaries': method(
      'get',
      '/billing/meters/:id/event_summaries',
      SummariesParams,
      ({ account, id, params }) => billing.summaries(account, objects.get<Meter>(account, 'billing.meter', id), params),
    ),
    'billing.meterEvents.create': method('post', '/billing/meter_events', MeterEventParams, ({ account, params }) =>
      billing.record(account, params),
    ),
    'billing.meterEventAdjustments.create': method(
      'post',
      '/billing/meter_event_adjustments',
      AdjustmentParams,
      ({ account, params }) => billing.cancel(account, params),
    ),
  };
}

const fits = (type: string, pattern: string) =>
  pattern.endsWith('*') ? type.startsWith(pattern.slice(0, -1)) : type === pattern;
