import { randomBytes, randomInt } from 'node:crypto';
import { fromDecimal, toDecimal } from '@switchboard/contracts';
import { z } from 'zod';
import { HttpError } from '../kit/http';
import { Notifier } from '../kit/notifier';
import type { Context } from '../kit/third-party';
import type { Amount, CancellationDetails, EventName, MethodType, Payment, PaymentMethod, Refund } from './objects';

/** A seller's account, as its cabinet has it. */
export const Shop = z.strictObject({
  shopId: z.string().regex(/^\d{1,20}$/),
  /** `test_…` makes it a shop for trying out. */
  secretKey: z.string().min(1),
  name: z.string().default('Sandbox shop'),
  /** Where it is told of what happens, and of what. */
  webhookUrl: z.url().optional(),
  events: z
    .array(z.string())
    .default([
      ...['payment.waiting_for_capture', 'payment.succeeded', 'payment.canceled', 'refund.succeeded'],
      'payment_method.active',
    ]),
  /** Receipts are made by YooKassa, and nothing is paid without one. */
  receipts: z.boolean().default(false),
  /** The manager has switched on that people are charged again without being asked. */
  recurring: z.boolean().default(true),
  /** What is kept of each payment, without the tax on it. */
  feePermille: z.number().int().min(0).max(500).default(35),
});
export type Shop = z.output<typeof Shop>;

/** What is known of a payment beside what its object tells. */
export interface Bill {
  shopId: string;
  payment: Payment;
  /** Where the page leads back to. */
  returnUrl?: string;
  capture: boolean;
  /** Undefined: the person decides at the page. */
  saves?: boolean;
  /** The only way to pay that the shop lets the person have. */
  method?: MethodType;
  hasReceipt: boolean;
  /** How the next refund ends, where that is not at once and well. */
  nextRefund?: RefundCourse;
  /** When something becomes of it by itself, in milliseconds, and what. */
  dueAt?: number;
  due?: 'expire' | 'settle';
}

interface RepaidBill {
  shopId: string;
  refund: Refund;
  course: RefundCourse;
  /** While it is decided, in milliseconds. */
  dueAt?: number;
}

export interface RefundCourse {
  /** It is decided only then. */
  afterMs?: number | undefined;
  /** And refused. */
  reason?: string | undefined;
}

/** A card or an account that may be charged again. */
export interface SavedMethod {
  shopId: string;
  method: PaymentMethod;
  /** The person has withdrawn their consent. */
  revoked: boolean;
  /** Why the next charge is refused. */
  refuseNext?: string;
}

export interface NewPayment {
  amount: Amount;
  capture: boolean;
  description?: string | undefined;
  metadata: Record<string, string>;
  merchantCustomerId?: string | undefined;
  returnUrl?: string | undefined;
  saves?: boolean | undefined;
  method?: MethodType | undefined;
  savedMethod?: SavedMethod | undefined;
  hasReceipt: boolean;
}

/** Cards and SBP alike: what is not paid by then is cancelled. */
const TIME_TO_PAY_MS = 60 * 60_000;
const TIME_TO_CAPTURE_MS = 7 * 24 * 60 * 60_000;
const DAY_MS = 24 * 60 * 60_000;
/** While the receipt of a charge is registered. */
const RECEIPT_MS = 1000;
const VAT_PERCENT = 22;
/** Ids begin with the seconds since then. */
const EPOCH_MS = Date.UTC(2000, 0, 1);

export const CARDS = {
  visa: { first6: '400000', last4: '0002', card_type: 'Visa', issuer_country: 'RU', issuer_name: 'Sandbox Bank' },
  mir: { first6: '220000', last4: '0053', card_type: 'Mir', issuer_country: 'RU', issuer_name: 'Sandbox Bank' },
} as const;

const minor = ({ value, currency }: Amount): number => fromDecimal(value, currency)!.amountMinor;
const amountOf = (amountMinor: number, currency: string): Amount => ({
  value: toDecimal({ amountMinor, currency }),
  currency,
});
const iso = (ms = Date.now()) => new Date(ms).toISOString();
const hex = (bytes: number) => randomBytes(bytes).toString('hex');
const newId = () =>
  `${Math.floor((Date.now() - EPOCH_MS) / 1000)
    .toString(16)
    .padStart(8, '0')}-000f-5000-${randomInt(8, 12).toString(16)}000-${hex(6)}`;

/** Shops, what they asked for and what people did about it. What happens by itself (expiry, a slow bank) has a moment. */
export class Cashier {
  readonly shops = new Map<string, Shop>();
  readonly bills = new Map<string, Bill>();
  readonly refunds = new Map<string, RepaidBill>();
  readonly methods = new Map<string, SavedMethod>();
  readonly notifier: Notifier;
  private readonly timers = new Map<string, NodeJS.Timeout>();

  constructor(
    private readonly context: Context,
    shops: readonly z.input<typeof Shop>[],
  ) {
    for (const shop of shops) this.setShop(shop);
    this.notifier = new Notifier(context, {
      target: 'yookassa.webhook',
      deadlineMs: 10_000,
      backoffMs: (failures) => Math.min(1000 * 3 ** failures, 3_600_000),
      lifetimeMs: DAY_MS,
      // Nothing is signed.
      sign: () => ({}),
    });
  }

  /** A known shop gets what is given. */
  setShop(given: Partial<z.input<typeof Shop>> & { shopId: string }): Shop {
    const shop = Shop.parse({ ...this.shops.get(given.shopId), ...given });
    this.shops.set(shop.shopId, shop);
    return shop;
  }

  /** Throws HttpError 404. */
  bill(id: string): Bill {
    const bill = this.bills.get(id);
    if (!bill) throw new HttpError(404, `there is no payment ${id}`);
    return bill;
  }

  /** Throws HttpError 404. */
  savedMethod(id: string): SavedMethod {
    const method = this.methods.get(id);
    if (!method) throw new HttpError(404, `there is no saved method ${id}`);
    return method;
  }

  shopOf({ shopId }: { shopId: string }): Shop {
    return this.shops.get(shopId)!;
  }

  /** Asks for a payment, or charges what a person has left for that. */
  open(shop: Shop, asked: NewPayment, pageOf: (id: string) => string): Payment {
    const { amount, capture, description, metadata, merchantCustomerId, returnUrl, savedMethod } = asked;
    const id = newId();
    const { shopId, secretKey } = shop;
    const payment: Payment = {
      id,
      status: 'pending',
      paid: false,
      amount,
      ...(description !== undefined && { description }),
      recipient: { account_id: shopId, gateway_id: `1${shopId}` },
      created_at: iso(),
      ...(!savedMethod && {
        confirmation: { type: 'redirect', return_url: returnUrl!, confirmation_url: pageOf(id) },
      }),
      test: secretKey.startsWith('test_'),
      refundable: false,
      ...(asked.hasReceipt && { receipt_registration: 'pending' }),
      metadata,
      ...(merchantCustomerId !== undefined && { merchant_customer_id: merchantCustomerId }),
    };
    const bill: Bill = {
      ...{ shopId, payment, capture, hasReceipt: asked.hasReceipt },
      ...(returnUrl !== undefined && { returnUrl }),
      ...(asked.saves !== undefined && { saves: asked.saves }),
      ...(asked.method !== undefined && { method: asked.method }),
    };
    this.bills.set(id, bill);
    if (savedMethod) this.charge(bill, savedMethod);
    else this.plan(bill, 'expire', TIME_TO_PAY_MS);
    return payment;
  }

  /** A person pays at the page. With `afterMs` their bank decides only then. */
  pay(bill: Bill, how: { type?: MethodType; card?: keyof typeof CARDS; saves?: boolean; afterMs?: number } = {}): void {
    this.mustBeOpen(bill);
    const { payment } = bill;
    payment.payment_method = this.newMethod(bill, how);
    if (how.afterMs !== undefined) return this.plan(bill, 'settle', how.afterMs * this.context.pace);
    this.settle(bill);
  }

  /** Their bank says no, or they do: then it is over, and a new payment is needed. */
  cancel(bill: Bill, { reason, party = 'payment_network' }: Partial<CancellationDetails> & { reason: string }): void {
    const { payment } = bill;
    if (!['pending', 'waiting_for_capture'].includes(payment.status))
      throw new HttpError(409, `the payment is ${payment.status}`);
    payment.status = 'canceled';
    payment.paid = false;
    payment.cancellation_details = { party, reason };
    if (payment.receipt_registration) payment.receipt_registration = 'canceled';
    this.end(bill);
    this.tell(bill, 'payment.canceled');
  }

  /** Nobody paid, or nobody captured. */
  expire(bill: Bill): void {
    const reason = bill.payment.status === 'pending' ? 'expired_on_confirmation' : 'expired_on_capture';
    this.cancel(bill, { party: 'yoo_money', reason });
  }

  capture(bill: Bill, amount = bill.payment.amount): void {
    const { payment } = bill;
    const shop = this.shopOf(bill);
    const amountMinor = minor(amount);
    // The tax is on the fee; both are rounded as sums of money are.
    const fee = Math.round((amountMinor * shop.feePermille) / 1000);
    const tax = Math.round((fee * VAT_PERCENT) / 100);
    payment.status = 'succeeded';
    payment.paid = true;
    payment.amount = amount;
    payment.income_amount = amountOf(amountMinor - fee - tax, amount.currency);
    payment.captured_at = iso();
    payment.refunded_amount = amountOf(0, amount.currency);
    payment.refundable = true;
    if (payment.receipt_registration) payment.receipt_registration = 'succeeded';
    this.end(bill);
    this.tell(bill, 'payment.succeeded');
  }

  canRefund({ payment }: Bill, amount: Amount): boolean {
    if (!payment.refunded_amount) return false;
    const pending = [...this.refunds.values()].filter(
      ({ refund }) => refund.payment_id === payment.id && refund.status === 'pending',
    );
    const gone = [payment.refunded_amount, ...pending.map(({ refund }) => refund.amount)].map(minor);
    const left = minor(payment.amount) - gone.reduce((sum, one) => sum + one, 0);
    return amount.currency === payment.amount.currency && minor(amount) <= left;
  }

  /** Whoever calls has checked that there is so much left. */
  refund(
    bill: Bill,
    amount: Amount,
    { description, hasReceipt = false }: { description?: string; hasReceipt?: boolean } = {},
  ): Refund {
    const { shopId, payment, nextRefund: course = {} } = bill;
    delete bill.nextRefund;
    const refund: Refund = {
      id: newId(),
      payment_id: payment.id,
      status: 'pending',
      created_at: iso(),
      amount,
      ...(description !== undefined && { description }),
      ...(hasReceipt && { receipt_registration: 'pending' }),
    };
    const repaid: RepaidBill = { shopId, refund, course };
    this.refunds.set(refund.id, repaid);
    if (course.afterMs === undefined) this.decide(repaid);
    else {
      repaid.dueAt = Date.now() + course.afterMs * this.context.pace;
      this.waitForRefund(repaid);
    }
    return refund;
  }

  /** As it is, or as somebody claims it to be. */
  tellOf(shopId: string, event: string, object: object): void {
    const { webhookUrl, events } = this.shops.get(shopId)!;
    if (!webhookUrl || !events.includes(event)) return;
    const body = JSON.stringify({ type: 'notification', event, object });
    this.notifier.tell({ account: shopId, url: webhookUrl, body });
  }

  forget(): void {
    [this.bills, this.refunds, this.methods].forEach((all) => all.clear());
    this.clearTimers();
    this.notifier.forget();
  }

  save(): object {
    return {
      shops: [...this.shops.values()],
      bills: [...this.bills.values()],
      refunds: [...this.refunds.values()],
      methods: [...this.methods.values()],
      notifier: this.notifier.save(),
    };
  }

  restore(saved: unknown): void {
    const { shops, bills, refunds, methods, notifier } = saved as Record<string, never[]>;
    for (const shop of shops!) this.setShop(shop);
    for (const bill of bills as Bill[]) this.bills.set(bill.payment.id, bill);
    for (const repaid of refunds as RepaidBill[]) this.refunds.set(repaid.refund.id, repaid);
    for (const one of methods as SavedMethod[]) this.methods.set(one.method.id, one);
    this.notifier.restore(notifier);
    for (const bill of this.bills.values()) if (bill.due) this.wait(bill);
    for (const repaid of this.refunds.values()) if (repaid.dueAt !== undefined) this.waitForRefund(repaid);
  }

  close(): void {
    this.clearTimers();
    this.notifier.close();
  }

  private clearTimers(): void {
    this.timers.forEach(clearTimeout);
    this.timers.clear();
  }

  private charge(bill: Bill, saved: SavedMethod): void {
    bill.payment.payment_method = saved.method;
    const { revoked, refuseNext } = saved;
    if (revoked) return this.cancel(bill, { party: 'yoo_money', reason: 'permission_revoked' });
    if (refuseNext !== undefined) {
      delete saved.refuseNext;
      return this.cancel(bill, { reason: refuseNext });
    }
    if (bill.hasReceipt) this.plan(bill, 'settle', RECEIPT_MS * this.context.pace);
    else this.settle(bill);
  }

  /** The bank has said yes. */
  private settle(bill: Bill): void {
    const { payment, shopId } = bill;
    const { payment_method: method } = payment;
    if (method?.saved && !this.methods.has(method.id)) {
      this.methods.set(method.id, { shopId, method, revoked: false });
      this.tellOf(shopId, 'payment_method.active' satisfies EventName, method);
    }
    if (method?.type === 'bank_card') {
      const rrn = String(randomInt(1e11, 1e12));
      const auth_code = String(randomInt(1e5, 1e6));
      payment.authorization_details = { rrn, auth_code, three_d_secure: { applied: true } };
    }
    delete payment.confirmation;
    if (bill.capture) return this.capture(bill);
    payment.status = 'waiting_for_capture';
    payment.paid = true;
    payment.expires_at = iso(Date.now() + TIME_TO_CAPTURE_MS);
    this.plan(bill, 'expire', TIME_TO_CAPTURE_MS);
    this.tell(bill, 'payment.waiting_for_capture');
  }

  private newMethod(
    { payment, method, saves, shopId }: Bill,
    how: { type?: MethodType; card?: keyof typeof CARDS; saves?: boolean },
  ): PaymentMethod {
    const type = method ?? how.type ?? 'bank_card';
    const saved = (saves ?? how.saves ?? false) && this.shops.get(shopId)!.recurring;
    const common = { type, id: payment.id, saved, status: saved ? ('active' as const) : ('inactive' as const) };
    if (type === 'sbp')
      return {
        ...common,
        title: 'СБП',
        payer_bank_details: { bank_id: '100000000111', bic: '044525225' },
        sbp_operation_id: hex(16).toUpperCase(),
      };
    if (type === 'yoo_money')
      return { ...common, title: 'YooMoney wallet 4100***0001', account_number: '410011111110001' };
    const card = { ...CARDS[how.card ?? 'mir'], expiry_month: '12', expiry_year: String(new Date().getFullYear() + 3) };
    return { ...common, title: `Bank card *${card.last4}`, card };
  }

  private mustBeOpen({ payment, due }: Bill): void {
    if (payment.status !== 'pending' || due === 'settle') throw new HttpError(409, `the payment is ${payment.status}`);
  }

  private tell({ shopId, payment }: Bill, event: EventName): void {
    this.tellOf(shopId, event, payment);
  }

  private plan(bill: Bill, due: 'expire' | 'settle', ms: number): void {
    Object.assign(bill, { due, dueAt: Date.now() + ms });
    this.wait(bill);
  }

  private wait(bill: Bill): void {
    this.at(bill.payment.id, bill.dueAt!, () => (bill.due === 'settle' ? this.settle(bill) : this.expire(bill)));
  }

  private waitForRefund(repaid: RepaidBill): void {
    this.at(repaid.refund.id, repaid.dueAt!, () => this.decide(repaid));
  }

  private at(id: string, ms: number, act: () => void): void {
    clearTimeout(this.timers.get(id));
    const due = () => {
      act();
      this.context.touch();
    };
    this.timers.set(id, setTimeout(due, Math.max(0, ms - Date.now())).unref());
  }

  private decide(repaid: RepaidBill): void {
    const { refund, shopId, course } = repaid;
    delete repaid.dueAt;
    const isDone = course.reason === undefined;
    refund.status = isDone ? 'succeeded' : 'canceled';
    if (refund.receipt_registration) refund.receipt_registration = refund.status;
    if (!isDone) {
      refund.cancellation_details = { party: 'payment_network', reason: course.reason! };
      return;
    }
    const { payment } = this.bills.get(refund.payment_id)!;
    const { currency } = refund.amount;
    payment.refunded_amount = amountOf(minor(payment.refunded_amount!) + minor(refund.amount), currency);
    payment.refundable = minor(payment.refunded_amount) < minor(payment.amount);
    this.tellOf(shopId, 'refund.succeeded', refund);
  }

  private end(bill: Bill): void {
    const { payment } = bill;
    clearTimeout(this.timers.get(payment.id));
    this.timers.delete(payment.id);
    delete payment.confirmation;
    delete payment.expires_at;
    delete bill.due;
    delete bill.dueAt;
  }
}
