import { randomInt } from 'node:crypto';
import { z } from 'zod';
import { HttpError } from '../kit/http';
import { badRequest } from './api-error';
import type { Messenger } from './messenger';
import { flag, integer, json, type Method, method, placeOf, sending, string } from './method';
import { OpenQueries, type People } from './people';
import {
  type Bot,
  type Charge,
  type Conversation,
  opaqueId,
  type Person,
  type StoredInvoice,
  type StoredMessage,
  type TelegramState,
  unixNow,
} from './state';
import { messageFor, userOfPerson } from './to-wire';
import type { SuccessfulPayment, UpdateContent } from './wire';

/** A bot has this long to say that a payment may go on. */
const PRE_CHECKOUT_MS = 10_000;
/** The only period Telegram knows. */
const MONTH_S = 2_592_000;
const MAX_SUBSCRIPTION = 10_000;

export type PaymentOutcome = { paid: true; message: StoredMessage; charge: Charge } | { paid: false; reason: string };

/** Payments in Stars, as people make them. Nobody's Stars run out. */
export class Payments {
  private readonly open: OpenQueries<{ ok: boolean; reason?: string }>;

  constructor(
    private readonly state: TelegramState,
    private readonly people: People,
    private readonly messenger: Messenger,
    pace: number,
  ) {
    this.open = new OpenQueries(PRE_CHECKOUT_MS * pace);
  }

  /** What a message asks to pay, or a link made by createInvoiceLink. */
  invoice(conversation: Conversation, what: { messageId?: number; link?: string }): StoredInvoice {
    return this.invoiceOf(what.link?.split('/$').at(-1) ?? `${conversation.bots[0]}:${what.messageId}`);
  }

  invoiceOf(slug: string): StoredInvoice {
    const invoice = this.state.invoices.get(slug);
    if (!invoice) throw new HttpError(404, 'there is no such invoice');
    return invoice;
  }

  async pay(person: Person, invoice: StoredInvoice): Promise<PaymentOutcome> {
    const id = `${person.id}${randomInt(1e9)}`;
    const { currency, amount: total_amount, payload: invoice_payload, bot } = invoice;
    const answered = this.open.ask(id, bot);
    const query = { id, from: userOfPerson(person), currency, total_amount, invoice_payload };
    this.people.push(bot, 'pre_checkout_query', query, person.id);
    const answer = await answered;
    if (!answer?.ok) return { paid: false, reason: answer?.reason ?? 'the bot did not answer in time' };
    return { paid: true, ...this.charge(person, invoice) };
  }

  /** A month later: paid again, without asking. */
  renew(chargeId: string): { message: StoredMessage; charge: Charge } {
    const first = this.subscription(chargeId);
    if (first.canceled) throw new HttpError(400, 'the subscription is canceled');
    return this.charge(this.people.person(first.person), first.invoice, first.id);
  }

  setCanceled(chargeId: string, canceled: boolean): void {
    const charge = this.subscription(chargeId);
    if (charge.canceled === canceled) return;
    charge.canceled = canceled;
    this.tellOfSubscription(charge, canceled ? 'canceled' : 'active');
  }

  /** A month later the person has too few Stars. */
  failRenewal(chargeId: string): void {
    const first = this.subscription(chargeId);
    if (first.canceled) throw new HttpError(400, 'the subscription is canceled');
    this.tellOfSubscription(first, 'failed');
  }

  refund(bot: Bot, personId: number, chargeId: string): void {
    const charge = this.chargeOf(bot, personId, chargeId);
    if (charge.refundedAt !== undefined) throw badRequest('CHARGE_ALREADY_REFUNDED');
    this.takeBack(charge.id);
  }

  /**
   * The Stars go back to the person without the bot having asked for it.
   * @param silently as when a shop of apps takes money back: the bot finds it among its transactions, and hears of it nowhere else
   */
  takeBack(chargeId: string, { silently = false }: { silently?: boolean } = {}): void {
    const charge = this.state.charges.get(chargeId);
    if (!charge) throw new HttpError(404, `there is no charge ${chargeId}`);
    charge.refundedAt ??= unixNow();
    if (silently) return;
    const { currency, total_amount, invoice_payload, telegram_payment_charge_id } = paymentOf(charge);
    const facts = { currency, total_amount, invoice_payload, telegram_payment_charge_id };
    this.tell(charge, { refunded_payment: facts }, `Refunded: ${charge.invoice.amount} ⭐`);
  }

  /** By the bot. */
  editSubscription(bot: Bot, personId: number, chargeId: string, canceled: boolean): void {
    if (!this.chargeOf(bot, personId, chargeId).invoice.subscriptionPeriod) throw badRequest('SUBSCRIPTION_NOT_FOUND');
    this.setCanceled(chargeId, canceled);
  }

  /** What a person pays for again each month with a bot. */
  subscriptionsOf(person: Person, bot: number): Charge[] {
    return [...this.state.charges.values()].filter(
      (charge) =>
        charge.person === person.id && charge.bot === bot && !charge.renews && charge.invoice.subscriptionPeriod,
    );
  }

  confirm(bot: Bot, id: string, answer: { ok: boolean; reason?: string }): boolean {
    return this.open.answer(bot.id, id, answer);
  }

  private chargeOf(bot: Bot, personId: number, chargeId: string): Charge {
    const charge = this.state.charges.get(chargeId);
    if (!charge || charge.bot !== bot.id || charge.person !== personId) throw badRequest('CHARGE_NOT_FOUND');
    return charge;
  }

  private tellOfSubscription({ bot, person, invoice }: Charge, state: UpdateContent['subscription']['state']): void {
    const content = { user: userOfPerson(this.people.person(person)), invoice_payload: invoice.payload, state };
    this.people.push(bot, 'subscription', content, person);
  }

  private subscription(chargeId: string): Charge {
    const charge = this.state.charges.get(chargeId);
    const first = this.state.charges.get(charge?.renews ?? chargeId);
    if (!first?.invoice.subscriptionPeriod) throw new HttpError(404, `no subscription has the charge ${chargeId}`);
    return first;
  }

  private charge(person: Person, invoice: StoredInvoice, renews?: string) {
    const charge: Charge = {
      id: opaqueId('stx', 24),
      bot: invoice.bot,
      person: person.id,
      invoice,
      date: unixNow(),
      ...(renews && { renews }),
    };
    this.state.charges.set(charge.id, charge);
    const message = this.tell(charge, { successful_payment: paymentOf(charge) }, `Paid: ${invoice.amount} ⭐`);
    return { message, charge };
  }

  private tell(charge: Charge, extra: StoredMessage['extra'], service: string): StoredMessage {
    // Also into the chat with a bot that was blocked meanwhile.
    const conversation = this.state.privateChat(charge.person, charge.bot);
    const message = this.messenger.store(conversation, charge.person, { extra, service });
    this.people.tellAll(conversation, message);
    return message;
  }
}

function paymentOf({ id, invoice, date, renews }: Charge): SuccessfulPayment {
  const { currency, amount, payload, subscriptionPeriod: period } = invoice;
  return {
    currency,
    total_amount: amount,
    invoice_payload: payload,
    telegram_payment_charge_id: id,
    provider_payment_charge_id: '',
    ...(period && {
      subscription_expiration_date: date + period,
      is_recurring: true,
      ...(!renews && { is_first_recurring: true }),
    }),
  };
}

const price = z.object({ label: z.string(), amount: z.int() });
const limited = (name: string, most: number) =>
  string.refine((value) => value.length >= 1 && value.length <= most, `${name}_INVALID`);
const described = {
  title: limited('INVOICE_TITLE', 32),
  description: limited('INVOICE_DESCRIPTION', 255),
  payload: string.refine((value) => {
    const bytes = Buffer.byteLength(value);
    return bytes >= 1 && bytes <= 128;
  }, 'INVOICE_PAYLOAD_INVALID'),
  provider_token: string.default(''),
  currency: string,
  prices: json(z.array(price, { error: "can't parse prices JSON object" })),
};

function invoiceOf(
  bot: Bot,
  params: { title: string; description: string; payload: string; currency: string; prices: { amount: number }[] },
  subscriptionPeriod?: number,
): StoredInvoice {
  const { title, description, payload, currency, prices } = params;
  // Other currencies need a payment provider, and the sandbox has none.
  if (currency !== 'XTR') throw badRequest('PAYMENT_PROVIDER_INVALID');
  const [only] = prices;
  if (prices.length !== 1 || !only || only.amount <= 0) throw badRequest('STARS_INVOICE_INVALID');
  if (subscriptionPeriod !== undefined) {
    if (subscriptionPeriod !== MONTH_S) throw badRequest('SUBSCRIPTION_PERIOD_INVALID');
    if (only.amount > MAX_SUBSCRIPTION) throw badRequest('STARS_AMOUNT_INVALID');
  }
  const { amount } = only;
  return {
    bot: bot.id,
    title,
    description,
    payload,
    currency,
    amount,
    ...(subscriptionPeriod && { subscriptionPeriod }),
  };
}

export const paymentMethods: Record<string, Method> = {
  sendInvoice: method(z.object({ ...sending, ...described, start_parameter: string.default('') }), (caller, params) => {
    const { telegram, bot } = caller;
    const invoice = invoiceOf(bot, params);
    const { conversation, about } = placeOf(caller, params);
    const { title, description, currency, amount: total_amount } = invoice;
    const shown = { title, description, start_parameter: params.start_parameter, currency, total_amount };
    const pay = { inline_keyboard: [[{ text: `Pay ⭐${total_amount}`, pay: true }]] };
    const [sent] = telegram.messenger.send(bot, conversation, [
      { replyMarkup: pay, ...about, extra: { ...about.extra, invoice: shown } },
    ]);
    telegram.state.invoices.set(`${bot.id}:${sent!.id}`, invoice);
    return messageFor(telegram.state, conversation, sent!);
  }),

  createInvoiceLink: method(
    z.object({ ...described, subscription_period: integer('subscription_period').optional() }),
    ({ telegram, bot }, params) => {
      const slug = opaqueId('', 12);
      telegram.state.invoices.set(slug, invoiceOf(bot, params, params.subscription_period));
      return `https://t.me/$${slug}`;
    },
  ),

  answerPreCheckoutQuery: method(
    z.object({ pre_checkout_query_id: string.default(''), ok: flag, error_message: string.optional() }),
    ({ telegram, bot }, { pre_checkout_query_id: id, ok, error_message: reason }) => {
      if (!ok && !reason) throw badRequest('error message is empty');
      if (!telegram.payments.confirm(bot, id, { ok, reason })) {
        throw badRequest('query is too old and response timeout expired or query ID is invalid');
      }
      return true;
    },
  ),

  refundStarPayment: method(
    z.object({ user_id: integer('user_id'), telegram_payment_charge_id: string }),
    ({ telegram, bot }, { user_id, telegram_payment_charge_id }) => {
      telegram.payments.refund(bot, user_id, telegram_payment_charge_id);
      return true;
    },
  ),

  editUserStarSubscription: method(
    z.object({ user_id: integer('user_id'), telegram_payment_charge_id: string, is_canceled: flag }),
    ({ telegram, bot }, { user_id, telegram_payment_charge_id: id, is_canceled }) => {
      telegram.payments.editSubscription(bot, user_id, id, is_canceled);
      return true;
    },
  ),

  getStarTransactions: method(
    z.object({
      offset: integer('offset').default(0),
      limit: integer('limit').default(100),
    }),
    ({ telegram: { state }, bot }, { offset, limit }) => {
      if (offset < 0) throw badRequest('OFFSET_INVALID');
      if (limit < 1 || limit > 100) throw badRequest('LIMIT_INVALID');
      const own = [...state.charges.values()].filter((charge) => charge.bot === bot.id);
      const transactions = own.flatMap(({ id, invoice, date, person, refundedAt }) => {
        const partner = {
          type: 'user',
          transaction_type: 'invoice_payment',
          user: userOfPerson(state.people.get(person)!),
          invoice_payload: invoice.payload,
        };
        const { amount } = invoice;
        // Of whom it goes back to no period is said.
        const renews = invoice.subscriptionPeriod && { subscription_period: invoice.subscriptionPeriod };
        const paid = { id, amount, date, source: { ...partner, ...renews } };
        return refundedAt === undefined ? [paid] : [paid, { id, amount, date: refundedAt, receiver: partner }];
      });
      return { transactions: transactions.sort((a, b) => a.date - b.date).slice(offset, offset + limit) };
    },
  ),

  getMyStarBalance: method(z.object({}), ({ telegram, bot }) => {
    const own = [...telegram.state.charges.values()].filter((charge) => charge.bot === bot.id && !charge.refundedAt);
    return { amount: own.reduce((sum, { invoice }) => sum + invoice.amount, 0) };
  }),
};
