import { type Request, Router } from 'express';
import { z } from 'zod';
import { formOf, readForms } from '../kit/oauth-endpoints';
import { HttpError } from '../kit/http';
import { languageOf } from '../kit/html';
import { payPage } from '../kit/pay-page';
import { invalidRequest } from './api-error';
import type { Events } from './events';
import { type Account, head, isLive, now, type Objects, opaqueId, type StripeObject } from './objects';
import { BANK_ACCOUNT, CARDS, checkAmount, type PaymentIntent, type PaymentMethod, type Payments } from './payments';
import { amount, currency, flag, integer, metadata } from './params';

export interface Session extends StripeObject {
  url: string | null;
  mode: 'payment';
  status: 'open' | 'complete' | 'expired';
  payment_status: 'paid' | 'unpaid' | 'no_payment_required';
  amount_subtotal: number;
  amount_total: number;
  currency: string;
  customer: string | null;
  customer_creation: 'always' | 'if_required' | null;
  customer_email: string | null;
  customer_details: { email: string | null } | null;
  payment_intent: string | null;
  client_reference_id: string | null;
  success_url: string;
  cancel_url: string | null;
  expires_at: number;
  locale: string | null;
  metadata: Record<string, string>;
}

/** What a page needs beside what is told of a session. */
interface Facts {
  description: string;
  intent: z.output<typeof IntentData>;
}

const IntentData = z.strictObject({
  description: z.string().max(1000).optional(),
  metadata: metadata.optional(),
  receipt_email: z.string().optional(),
  setup_future_usage: z.enum(['off_session', 'on_session']).optional(),
});

const LineItem = z.strictObject({
  quantity: integer.default(1),
  price_data: z.strictObject({
    currency,
    unit_amount: amount,
    product_data: z.strictObject({
      name: z.string().min(1).max(5000),
      description: z.string().optional(),
      metadata: metadata.optional(),
    }),
  }),
});

export const SessionParams = z.strictObject({
  mode: z.enum(['payment', 'subscription', 'setup']),
  line_items: z.array(LineItem).min(1).max(100),
  success_url: z.url(),
  cancel_url: z.url().optional(),
  client_reference_id: z.string().max(200).optional(),
  customer: z.string().optional(),
  customer_email: z.email().optional(),
  customer_creation: z.enum(['always', 'if_required']).optional(),
  metadata: metadata.default({}),
  payment_intent_data: IntentData.default({}),
  payment_method_types: z.array(z.string()).optional(),
  expires_at: integer.optional(),
  locale: z.string().optional(),
  allow_promotion_codes: flag.optional(),
  expand: z.array(z.string()).optional(),
});

const HALF_AN_HOUR_S = 1800;
const DAY_S = 86_400;

/** Pages where somebody pays once. */
export class Checkout {
  private facts = new Map<string, Facts>();

  constructor(
    private readonly objects: Objects,
    private readonly events: Events,
    private readonly payments: Payments,
  ) {}

  create(account: Account, params: z.output<typeof SessionParams>, pagesAt: string): Session {
    const { mode, line_items: items, customer, customer_email, payment_intent_data: intent, expires_at } = params;
    if (mode !== 'payment')
      throw invalidRequest(`The sandbox plays no sessions of the mode "${mode}".`, { param: 'mode' });
    if (customer !== undefined && customer_email !== undefined)
      throw invalidRequest('You may only specify one of these parameters: customer, customer_email.');
    if (customer !== undefined) this.objects.get(account, 'customer', customer, 'customer');
    const currencies = new Set(items.map(({ price_data }) => price_data.currency));
    if (currencies.size > 1) throw invalidRequest('All prices must use the same currency.', { param: 'line_items' });
    const total = items.reduce((sum, { quantity, price_data }) => sum + quantity * price_data.unit_amount, 0);
    const [unit] = currencies as Set<string> & Iterable<string>;
    checkAmount(total, unit!);
    const ahead = (expires_at ?? now() + DAY_S) - now();
    if (ahead < HALF_AN_HOUR_S || ahead > DAY_S)
      throw invalidRequest(
        'The `expires_at` timestamp must be between 30 minutes and 24 hours from Checkout Session creation.',
        { param: 'expires_at' },
      );
    const id = opaqueId(isLive(account) ? 'cs_live' : 'cs_test');
    const session: Session = this.objects.add(account, {
      ...head(account, 'cs', 'checkout.session'),
      id,
      ...{ url: `${pagesAt}/pay/${id}`, mode, status: 'open', payment_status: 'unpaid', amount_subtotal: total },
      ...{ amount_total: total, currency: unit!, customer: customer ?? null, payment_intent: null },
      customer_creation: customer === undefined ? (params.customer_creation ?? 'if_required') : null,
      ...{ customer_email: customer_email ?? null, customer_details: null, metadata: params.metadata },
      ...{ client_reference_id: params.client_reference_id ?? null, success_url: params.success_url },
      ...{ cancel_url: params.cancel_url ?? null, expires_at: now() + ahead, locale: params.locale ?? null },
    });
    const description = items.map(({ price_data }) => price_data.product_data.name).join(', ');
    this.facts.set(id, { description, intent });
    return session;
  }

  expire(account: Account, session: Session): Session {
    if (session.status !== 'open')
      throw invalidRequest('Only Checkout Sessions with a status in ["open"] can be expired.');
    session.status = 'expired';
    session.url = null;
    this.events.emit(account, 'checkout.session.expired', session);
    return session;
  }

  /** A person presses "pay". @returns why it was refused */
  pay(account: Account, session: Session, number: string): string | undefined {
    if (session.status !== 'open') throw new HttpError(409, `the session is ${session.status}`);
    const intent = this.intentOf(account, session);
    const method = this.payments.method(account, number);
    const refused = CARDS[number]?.atPage;
    if (refused !== undefined) {
      this.payments.decline(account, intent, method, refused);
      return refused;
    }
    this.knowCustomer(account, session, intent, method);
    session.customer_details = { email: session.customer_email };
    session.status = 'complete';
    session.url = null;
    if (number === BANK_ACCOUNT) this.payments.process(account, intent);
    else this.payments.succeed(account, intent, method);
    session.payment_status = intent.status === 'succeeded' ? 'paid' : 'unpaid';
    this.events.emit(account, 'checkout.session.completed', session);
    return undefined;
  }

  /** The bank has decided about what was paid from an account of theirs. */
  settle(account: Account, session: Session, succeeds: boolean): Session {
    const intent = this.objects.get<PaymentIntent>(account, 'payment_intent', session.payment_intent ?? '');
    if (intent.status !== 'processing') throw new HttpError(409, `the payment is ${intent.status}`);
    const method = this.payments.method(account, BANK_ACCOUNT);
    if (succeeds) this.payments.succeed(account, intent, method);
    else this.payments.decline(account, intent, method, 'generic_decline');
    session.payment_status = succeeds ? 'paid' : 'unpaid';
    this.events.emit(account, `checkout.session.async_payment_${succeeds ? 'succeeded' : 'failed'}`, session);
    return session;
  }

  /** What nobody paid in time. */
  expireDue(accounts: Iterable<Account>): void {
    for (const account of accounts)
      for (const session of this.objects.of<Session>(account, 'checkout.session'))
        if (session.status === 'open' && session.expires_at <= now()) this.expire(account, session);
  }

  /** Where people pay: `/pay/:id`. */
  pages(find: (id: string) => { account: Account; session: Session }): Router {
    const router = Router();
    const show = (req: Request, problem?: string) => {
      const { account, session } = find(req.params['id'] as string);
      const { status, amount_total: amountMinor, currency: unit, success_url: back, cancel_url: cancelUrl } = session;
      const isPaid = session.payment_status === 'paid';
      return payPage({
        language: session.locale === 'ru' || session.locale === 'en' ? session.locale : languageOf(req),
        provider: 'Stripe',
        seller: account.name,
        subject: this.facts.get(session.id)?.description ?? '',
        money: { amountMinor, currency: unit.toUpperCase() },
        state: status === 'complete' ? (isPaid ? 'paid' : 'waiting') : status,
        expiresAt: new Date(session.expires_at * 1000),
        action: req.originalUrl.split('?')[0]!,
        methods: METHODS,
        outcomes: OUTCOMES,
        ...(problem && { problem: PROBLEM }),
        backUrl: status === 'expired' ? (cancelUrl ?? undefined) : withId(back, session),
        cancelUrl: cancelUrl ?? undefined,
      });
    };
    router.get('/pay/:id', (req, res) => void res.send(show(req)));
    router.post('/pay/:id', readForms, (req, res) => {
      const { account, session } = find(req.params.id);
      const form = formOf(req);
      if (session.status !== 'open') return void res.send(show(req));
      if (form.get('outcome') === 'expire') {
        this.expire(account, session);
        return void res.send(show(req));
      }
      const number =
        form.get('outcome') === 'decline' ? '4000000000000002' : (form.get('method') ?? '4242424242424242');
      const refused = this.pay(account, session, number);
      if (refused !== undefined) res.send(show(req, refused));
      else res.redirect(303, withId(session.success_url, session));
    });
    return router;
  }

  save(): object {
    return [...this.facts];
  }

  restore(saved: unknown): void {
    this.facts = new Map(saved as [string, Facts][]);
  }

  clear(): void {
    this.facts.clear();
  }

  /** There is one as soon as somebody tries to pay. */
  private intentOf(account: Account, session: Session): PaymentIntent {
    if (session.payment_intent)
      return this.objects.get<PaymentIntent>(account, 'payment_intent', session.payment_intent);
    const { metadata = {}, description, setup_future_usage } = this.facts.get(session.id)?.intent ?? {};
    const intent = this.payments.intend(account, {
      ...{ amount: session.amount_total, currency: session.currency, metadata, customer: session.customer },
      ...{ description: description ?? null, setup_future_usage: setup_future_usage ?? null },
    });
    session.payment_intent = intent.id;
    return intent;
  }

  private knowCustomer(account: Account, session: Session, intent: PaymentIntent, method: PaymentMethod): void {
    if (session.customer === null && session.customer_creation === 'always') {
      session.customer = this.objects.add(account, {
        ...head(account, 'cus', 'customer'),
        ...{
          email: session.customer_email,
          name: null,
          invoice_settings: { default_payment_method: null },
          metadata: {},
        },
      }).id;
      intent.customer = session.customer;
    }
    if (intent.setup_future_usage && session.customer) this.payments.attach(account, method, session.customer);
  }
}

const withId = (url: string, { id }: Session) => url.replaceAll('{CHECKOUT_SESSION_ID}', id);

const METHODS = [
  { value: '4242424242424242', name: { en: 'A card that pays', ru: 'Карта, которая платит' }, hint: '·· 4242' },
  { value: '4000000000009995', name: { en: 'A card without money', ru: 'Карта без денег' }, hint: '·· 9995' },
  {
    value: '4000000000000341',
    name: { en: 'Pays now, declines renewals', ru: 'Платит, но не продлевает' },
    hint: '·· 0341',
  },
  {
    value: BANK_ACCOUNT,
    name: { en: 'A bank account, pays later', ru: 'Счёт в банке, платит позже' },
    hint: '·· 3000',
  },
];
const OUTCOMES = [
  { value: 'decline', name: { en: 'The bank declines', ru: 'Банк отклоняет' } },
  { value: 'expire', name: { en: 'The time runs out', ru: 'Время истекает' } },
];
const PROBLEM = {
  en: 'The card was declined. Try another one.',
  ru: 'Карта отклонена. Попробуйте другую.',
};
