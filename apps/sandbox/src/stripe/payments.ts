import { invalidRequest, StripeError } from './api-error';
import type { Events } from './events';
import { type Account, head, type Objects, type StripeObject } from './objects';

export interface Customer extends StripeObject {
  email: string | null;
  name: string | null;
  invoice_settings: { default_payment_method: string | null };
}

export interface PaymentMethod extends StripeObject {
  type: 'card' | 'sepa_debit';
  customer: string | null;
  card?: { brand: string; last4: string; exp_month: number; exp_year: number; funding: string; country: string };
  sepa_debit?: { last4: string; country: string };
}

interface PaymentError {
  type: 'card_error';
  code: string;
  decline_code?: string;
  message: string;
}

export interface PaymentIntent extends StripeObject {
  amount: number;
  amount_received: number;
  currency: string;
  status: 'requires_payment_method' | 'requires_action' | 'processing' | 'succeeded' | 'canceled';
  customer: string | null;
  payment_method: string | null;
  latest_charge: string | null;
  last_payment_error: PaymentError | null;
  cancellation_reason: string | null;
  canceled_at: number | null;
  description: string | null;
  setup_future_usage: string | null;
  metadata: Record<string, string>;
}

export interface Charge extends StripeObject {
  amount: number;
  amount_captured: number;
  amount_refunded: number;
  currency: string;
  status: 'succeeded' | 'failed';
  paid: boolean;
  captured: boolean;
  refunded: boolean;
  disputed: boolean;
  customer: string | null;
  payment_intent: string;
  payment_method: string;
  payment_method_details: object;
  balance_transaction: string | null;
  failure_code: string | null;
  failure_message: string | null;
  description: string | null;
}

export interface BalanceTransaction extends StripeObject {
  amount: number;
  currency: string;
  exchange_rate: number | null;
  fee: number;
  net: number;
  source: string;
  type: 'charge' | 'refund' | 'adjustment';
}

export interface Refund extends StripeObject {
  amount: number;
  currency: string;
  status: 'pending' | 'succeeded' | 'failed' | 'canceled';
  charge: string;
  payment_intent: string;
  reason: string | null;
  failure_reason?: string;
}

export interface Dispute extends StripeObject {
  amount: number;
  currency: string;
  status: 'needs_response' | 'under_review' | 'won' | 'lost';
  reason: string;
  charge: string;
  payment_intent: string;
}

const DECLINES: Readonly<Record<string, { code: string; decline_code?: string; message: string }>> = {
  generic_decline: { code: 'card_declined', decline_code: 'generic_decline', message: 'Your card was declined.' },
  insufficient_funds: {
    code: 'card_declined',
    decline_code: 'insufficient_funds',
    message: 'Your card has insufficient funds.',
  },
  lost_card: { code: 'card_declined', decline_code: 'lost_card', message: 'Your card was declined.' },
  expired_card: { code: 'expired_card', decline_code: 'expired_card', message: 'Your card has expired.' },
  processing_error: {
    code: 'processing_error',
    message: 'An error occurred while processing your card. Try again in a little bit.',
  },
  authentication_required: {
    code: 'authentication_required',
    decline_code: 'authentication_required',
    message: 'Your card was declined. This transaction requires authentication.',
  },
};
export const DECLINE_CODES = Object.keys(DECLINES) as [string, ...string[]];

/** How a card ends when it is charged: at the page, and later without the person. Source: docs.stripe.com/testing. */
export const CARDS: Readonly<Record<string, { brand: string; atPage?: string; later?: string }>> = {
  '4242424242424242': { brand: 'visa' },
  '5555555555554444': { brand: 'mastercard' },
  '4000000000000002': { brand: 'visa', atPage: 'generic_decline' },
  '4000000000009995': { brand: 'visa', atPage: 'insufficient_funds' },
  '4000000000000069': { brand: 'visa', atPage: 'expired_card' },
  '4000000000000119': { brand: 'visa', atPage: 'processing_error' },
  '4000000000000341': { brand: 'visa', later: 'generic_decline' },
  '4000002760003184': { brand: 'visa', later: 'authentication_required' },
};

/** A bank account, which pays days later. */
export const BANK_ACCOUNT = 'DE89370400440532013000';

const SMALLEST: Readonly<Record<string, number>> = { usd: 50, eur: 50, gbp: 30, jpy: 50 };
const LARGEST = 99_999_999;

/** Taking, giving back and quarrelling about money. */
export class Payments {
  /** What a saved card does at its next charge, by its id; test cards say it by their numbers. */
  private readonly nextOutcome = new Map<string, string>();

  constructor(
    private readonly objects: Objects,
    private readonly events: Events,
  ) {}

  intend(
    account: Account,
    wanted: Pick<PaymentIntent, 'amount' | 'currency' | 'metadata'> & Partial<PaymentIntent>,
  ): PaymentIntent {
    const intent: PaymentIntent = this.objects.add(account, {
      ...head(account, 'pi', 'payment_intent'),
      ...{ amount_received: 0, status: 'requires_payment_method', customer: null, payment_method: null },
      ...{ latest_charge: null, last_payment_error: null, cancellation_reason: null, canceled_at: null },
      ...{ description: null, setup_future_usage: null },
      ...wanted,
    });
    this.events.emit(account, 'payment_intent.created', intent);
    return intent;
  }

  /** What a person types into the page. */
  method(account: Account, number: string): PaymentMethod {
    const card = CARDS[number];
    const base = { ...head(account, 'pm', 'payment_method'), customer: null, metadata: {} };
    if (!card)
      return this.objects.add(account, {
        ...base,
        type: 'sepa_debit',
        sepa_debit: { last4: number.slice(-4), country: 'DE' },
      });
    const last4 = number.slice(-4);
    const details = { brand: card.brand, last4, exp_month: 12, exp_year: 2034, funding: 'credit', country: 'US' };
    return this.objects.add(account, { ...base, type: 'card', card: details });
  }

  attach(account: Account, method: PaymentMethod, customer: string): void {
    method.customer = customer;
    this.events.emit(account, 'payment_method.attached', method);
  }

  detach(account: Account, method: PaymentMethod): PaymentMethod {
    const { customer } = method;
    method.customer = null;
    this.events.emit(account, 'payment_method.detached', method, { customer });
    return method;
  }

  /** The next charge of a saved card ends so. */
  orderOutcome(method: PaymentMethod, outcome: string): void {
    this.nextOutcome.set(method.id, outcome);
  }

  /** Charges a saved card while nobody is there to ask. */
  chargeOffSession(account: Account, intent: PaymentIntent, method: PaymentMethod): void {
    const later = Object.entries(CARDS).find(([number]) => number.endsWith(method.card?.last4 ?? '-'))?.[1].later;
    const outcome = this.nextOutcome.get(method.id) ?? later ?? 'succeeded';
    this.nextOutcome.delete(method.id);
    intent.payment_method = method.id;
    if (outcome === 'processing') return this.process(account, intent);
    if (outcome === 'succeeded') return this.succeed(account, intent, method);
    this.decline(account, intent, method, outcome);
    const error = intent.last_payment_error!;
    throw new StripeError(402, { ...error, payment_intent: structuredClone(intent) });
  }

  process(account: Account, intent: PaymentIntent): void {
    intent.status = 'processing';
    this.events.emit(account, 'payment_intent.processing', intent);
  }

  succeed(account: Account, intent: PaymentIntent, method: PaymentMethod): void {
    const charge = this.charge(account, intent, method);
    // What they keep: a part and a fixed sum, in whole cents.
    const fee = Math.ceil((intent.amount * 29) / 1000) + 30;
    const transaction: BalanceTransaction = this.objects.add(account, {
      ...head(account, 'txn', 'balance_transaction'),
      ...{ amount: intent.amount, currency: intent.currency, exchange_rate: null, fee, net: intent.amount - fee },
      ...{ source: charge.id, type: 'charge' },
    });
    charge.balance_transaction = transaction.id;
    Object.assign(intent, {
      ...{ status: 'succeeded', amount_received: intent.amount, payment_method: method.id },
      ...{ latest_charge: charge.id, last_payment_error: null },
    });
    this.events.emit(account, 'charge.succeeded', charge);
    this.events.emit(account, 'payment_intent.succeeded', intent);
  }

  decline(account: Account, intent: PaymentIntent, method: PaymentMethod, code: string): void {
    const decline = DECLINES[code] ?? DECLINES['generic_decline']!;
    const charge = this.charge(account, intent, method, decline);
    Object.assign(intent, {
      ...{ status: 'requires_payment_method', payment_method: null, latest_charge: charge.id },
      last_payment_error: { type: 'card_error', ...decline },
    });
    this.events.emit(account, 'charge.failed', charge);
    this.events.emit(account, 'payment_intent.payment_failed', intent);
  }

  cancel(account: Account, intent: PaymentIntent, reason: string | null): PaymentIntent {
    if (intent.status === 'succeeded' || intent.status === 'canceled')
      throw invalidRequest(`You cannot cancel this PaymentIntent because it has a status of ${intent.status}.`, {
        code: 'payment_intent_unexpected_state',
      });
    Object.assign(intent, {
      status: 'canceled',
      cancellation_reason: reason,
      canceled_at: Math.floor(Date.now() / 1000),
    });
    this.events.emit(account, 'payment_intent.canceled', intent);
    return intent;
  }

  refund(
    account: Account,
    charge: Charge,
    {
      amount = charge.amount - charge.amount_refunded,
      reason = null,
      metadata = {},
    }: Partial<Pick<Refund, 'amount' | 'reason' | 'metadata'>>,
  ): Refund {
    if (charge.status !== 'succeeded')
      throw invalidRequest(`Charge ${charge.id} failed, so it cannot be refunded.`, { code: 'charge_not_refundable' });
    if (charge.refunded)
      throw invalidRequest(`Charge ${charge.id} has already been refunded.`, { code: 'charge_already_refunded' });
    if (charge.disputed && this.disputesOf(account, charge.payment_intent).some(({ status }) => status !== 'won'))
      throw invalidRequest(`Charge ${charge.id} has been charged back; cannot issue a refund.`, {
        code: 'charge_disputed',
      });
    const left = charge.amount - charge.amount_refunded;
    if (amount > left)
      throw invalidRequest(`Refund amount (${amount}) is greater than unrefunded amount on charge (${left})`, {
        param: 'amount',
      });
    const refund: Refund = this.objects.add(account, {
      ...head(account, 're', 'refund'),
      ...{
        amount,
        currency: charge.currency,
        charge: charge.id,
        payment_intent: charge.payment_intent,
        reason,
        metadata,
      },
      status: account.slowRefunds ? 'pending' : 'succeeded',
    });
    charge.amount_refunded += amount;
    charge.refunded = charge.amount_refunded === charge.amount;
    this.events.emit(account, 'refund.created', refund);
    this.events.emit(account, 'charge.refunded', charge, { amount_refunded: charge.amount_refunded - amount });
    return refund;
  }

  /** The bank has decided about a refund that was pending. */
  endRefund(account: Account, refund: Refund, status: 'succeeded' | 'failed'): Refund {
    refund.status = status;
    if (status === 'failed') {
      const charge = this.objects.get<Charge>(account, 'charge', refund.charge);
      charge.amount_refunded -= refund.amount;
      charge.refunded = false;
      refund.failure_reason = 'expired_or_canceled_card';
      this.events.emit(account, 'refund.failed', refund);
    }
    this.events.emit(account, 'refund.updated', refund, { status: 'pending' });
    return refund;
  }

  dispute(account: Account, charge: Charge, reason: string): Dispute {
    const dispute: Dispute = this.objects.add(account, {
      ...head(account, 'du', 'dispute'),
      ...{
        amount: charge.amount - charge.amount_refunded,
        currency: charge.currency,
        status: 'needs_response',
        reason,
      },
      ...{ charge: charge.id, payment_intent: charge.payment_intent, metadata: {} },
    });
    charge.disputed = true;
    this.events.emit(account, 'charge.dispute.created', dispute);
    this.events.emit(account, 'charge.dispute.funds_withdrawn', dispute);
    return dispute;
  }

  endDispute(account: Account, dispute: Dispute, status: 'won' | 'lost'): Dispute {
    dispute.status = status;
    this.events.emit(account, 'charge.dispute.closed', dispute, { status: 'needs_response' });
    if (status === 'won') this.events.emit(account, 'charge.dispute.funds_reinstated', dispute);
    return dispute;
  }

  disputesOf(account: Account, intent: string): Dispute[] {
    return this.objects.of<Dispute>(account, 'dispute').filter((one) => one.payment_intent === intent);
  }

  forget(): void {
    this.nextOutcome.clear();
  }

  private charge(
    account: Account,
    intent: PaymentIntent,
    method: PaymentMethod,
    failure?: { code: string; message: string },
  ): Charge {
    const { id, amount, currency, customer, description, metadata } = intent;
    const isPaid = failure === undefined;
    return this.objects.add<Charge>(account, {
      ...head(account, 'ch', 'charge'),
      ...{
        amount,
        amount_captured: isPaid ? amount : 0,
        amount_refunded: 0,
        currency,
        customer,
        description,
        metadata,
      },
      ...{ status: isPaid ? 'succeeded' : 'failed', paid: isPaid, captured: isPaid, refunded: false, disputed: false },
      ...{ payment_intent: id, payment_method: method.id, balance_transaction: null },
      payment_method_details: { type: method.type, [method.type]: method[method.type] },
      ...{ failure_code: failure?.code ?? null, failure_message: failure?.message ?? null },
    });
  }
}

/** Throws for what is too little or too much to be worth a charge. */
export function checkAmount(amount: number, currency: string): void {
  const least = SMALLEST[currency] ?? 1;
  if (amount < least)
    throw invalidRequest(`Amount must be at least ${least} ${currency} in the smallest currency unit.`, {
      code: 'amount_too_small',
      param: 'amount',
    });
  if (amount > LARGEST)
    throw invalidRequest('Amount must be no more than $999,999.99.', { code: 'amount_too_large', param: 'amount' });
}
