import { Inject, Injectable } from '@nestjs/common';
import { Outbox } from '@switchboard/bus';
import {
  InvoiceCreated,
  InvoiceFailed,
  InvoicePaid,
  type Money,
  NoticeSendRequested,
  toDecimal,
} from '@switchboard/contracts';
import { BlindIndex, Clock, inTrace, LOG, type Log, traceOfNow } from '@switchboard/service-kit';
import { type EntityManager, In, IsNull, Not } from 'typeorm';
import { v5 as uuidv5, v7 as uuidv7 } from 'uuid';
import { LedgerService } from '../ledger/ledger.service';
import type { Order } from '../orders/order.entity';
import { OFFER_MS, OrdersService } from '../orders/orders.service';
import type { FailureReason, ProviderPayment, Taking } from '../providers/payment-provider';
import { ProvidersService } from '../providers/providers.service';
import { Invoice } from './invoice.entity';
import { INVOICE_TRANSITIONS, type InvoiceState, OPEN_STATES, PAYABLE_STATES } from './invoice.states';
import { SavedMethodsService } from './saved-methods.service';

const HOUR_MS = 3_600_000;
/** Nobody has paid sooner. */
const FIRST_POLL_MS = 15_000;
/** While the offer lives: less than a minute, so that no slot of the schedule comes too early for it. */
const POLL_OPEN_MS = 30_000;
/** What comes late is asked for again after a quarter of its age. */
const POLL_LATE_MS = 6 * HOUR_MS;
/** What is not paid by then never is: three days longer than any provider leaves a payment open. */
export const GIVEN_UP_AFTER_MS = 4 * 24 * HOUR_MS;
/** For the ids of what staff are told. */
const GIVEN_UP_NOTICES = '6f0d2c1e-4f0b-4b52-9a55-0d8f3c6a9b71';

/** @param money what has gone since, in the currency in which it came */
export type TakenBack = (
  tx: EntityManager,
  invoice: Invoice,
  money: Money,
  cause: 'asked' | 'chargeback',
) => Promise<void>;

/** Attempts to have orders paid, and what providers say of them. */
@Injectable()
export class InvoicesService {
  private readonly takenBack: TakenBack[] = [];

  constructor(
    private readonly ledger: LedgerService,
    private readonly orders: OrdersService,
    private readonly providers: ProvidersService,
    private readonly methods: SavedMethodsService,
    private readonly blindIndex: BlindIndex,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
    @Inject(LOG) private readonly log: Log,
  ) {}

  /** Told of money that went back without us. */
  onTakenBack(listener: TakenBack): void {
    this.takenBack.push(listener);
  }

  /** By which an order was paid, as far as a provider has paid it; locked. */
  async paidOf(tx: EntityManager, orderId: string): Promise<Invoice | undefined> {
    const where = { orderId, state: In(['paid', 'partly-refunded'] satisfies InvoiceState[]) };
    const order = { paidAt: 'ASC', id: 'ASC' } as const;
    return (await tx.findOne(Invoice, { where, order, lock: { mode: 'pessimistic_write' } })) ?? undefined;
  }

  /** Whether an order was paid by it, and not by one before: what came once more is on the balance, and so is another amount. */
  async hasBought(tx: EntityManager, { id, orderId }: Invoice): Promise<boolean> {
    const where = { orderId, paidAt: Not(IsNull()), receivedMinor: IsNull() };
    return (await tx.findOne(Invoice, { where, order: { paidAt: 'ASC', id: 'ASC' } }))?.id === id;
  }

  async noteRefund(tx: EntityManager, invoice: Invoice, amountMinor: number): Promise<void> {
    invoice.refundedMinor += amountMinor;
    invoice.become(invoice.refundedMinor >= invoice.amountMinor ? 'refunded' : 'partly-refunded');
    await this.save(tx, invoice);
  }

  /** An attempt of its own, after the one before, to be paid what an order still needs. */
  async open(tx: EntityManager, order: Order, provider: string, methodId: string | null = null): Promise<Invoice> {
    const now = this.clock.now();
    const [{ attempt }] = await tx.query<[{ attempt: number }]>(
      `SELECT coalesce(max(attempt), 0) + 1 AS attempt FROM invoices WHERE order_id = $1`,
      [order.id],
    );
    const { offerMs } = this.providers.definition(provider);
    const invoice = tx.create(Invoice, {
      ...{
        id: uuidv7(),
        orderId: order.id,
        userId: order.userId,
        botId: order.botId,
        provider,
        attempt,
        state: 'created',
      },
      ...{ amountMinor: order.totalMinor - order.heldMinor, currency: order.currency, methodId },
      ...{
        externalId: null,
        takingId: null,
        url: null,
        failure: null,
        receivedMinor: null,
        refundedMinor: 0,
        feeMinor: null,
        payerHash: null,
      },
      ...{
        createdAt: now,
        expiresAt: new Date(now.getTime() + offerMs),
        paidAt: null,
        pollAt: null,
        polls: 0,
        traceparent: traceOfNow(),
        revision: 1,
      },
    });
    await tx.insert(Invoice, invoice as never);
    await this.outbox.add(tx, InvoiceCreated(toldOf(invoice)));
    return invoice;
  }

  async lock(tx: EntityManager, invoiceId: string): Promise<Invoice> {
    return tx.findOneOrFail(Invoice, { where: { id: invoiceId }, lock: { mode: 'pessimistic_write' } });
  }

  /**
   * Applies what a provider says of a payment, in one transaction from the money to what is handed out. It may say the same a hundred
   * times and in any order.
   */
  async apply(tx: EntityManager, invoiceId: string, payment: ProviderPayment): Promise<void> {
    // The order first: whoever else changes both takes them in this order.
    const { orderId, traceparent } = await tx.findOneByOrFail(Invoice, { id: invoiceId });
    const order = await this.orders.lock(tx, orderId);
    const invoice = await this.lock(tx, invoiceId);
    // A purchase is one trace, whoever tells of its payment.
    await inTrace(traceparent, () => this.applyTo(tx, order, invoice, payment));
  }

  private async applyTo(tx: EntityManager, order: Order, invoice: Invoice, payment: ProviderPayment): Promise<void> {
    invoice.externalId ??= payment.externalId;
    invoice.url ??= payment.url ?? null;
    if (payment.externalId !== invoice.externalId || (payment.key !== undefined && payment.key !== invoice.key))
      throw new Error(`invoice ${invoice.id}: ${invoice.provider} answered with another payment`);
    switch (payment.state) {
      case 'pending':
        if (invoice.state === 'created') invoice.become('pending');
        // Nobody has paid by its page, and nobody will. Of a charge that waits for its bank that is not known.
        else if (invoice.methodId === null && this.nextPoll(invoice) === undefined)
          await this.failed(tx, invoice, 'expired');
        break;
      case 'paid':
        await this.paid(tx, order, invoice, payment);
        break;
      default:
        await this.failed(tx, invoice, payment.state, payment.failure);
    }
    const mayChange = !invoice.paidAt && this.nextPoll(invoice) !== undefined;
    invoice.pollAt = mayChange ? (invoice.pollAt ?? new Date(this.clock.now().getTime() + FIRST_POLL_MS)) : null;
    await this.save(tx, invoice);
  }

  /** The provider refused before there was a payment. */
  async refuse(tx: EntityManager, invoiceId: string, reason: FailureReason): Promise<void> {
    const invoice = await this.lock(tx, invoiceId);
    await this.failed(tx, invoice, 'failed', reason);
    await this.save(tx, invoice);
  }

  /** Nobody knows what became of it, and no answer is waited for any more. Should its money come all the same, it is taken as ever. */
  async giveUp(tx: EntityManager, invoiceId: string): Promise<void> {
    const invoice = await this.lock(tx, invoiceId);
    const { state, methodId, botId, provider, key } = invoice;
    if (!OPEN_STATES.includes(state)) return;
    if (methodId === null) await this.failed(tx, invoice, 'expired');
    else await this.failed(tx, invoice, 'failed', 'other', { unknown: true });
    invoice.pollAt = null;
    await this.save(tx, invoice);
    // A page that nobody was shown was paid by nobody.
    if (state === 'created' && methodId === null) return;
    const texts = {
      en: `**Nobody knows what became of a payment.** ${provider} of ${botId} has not told it for days. It counts as not made; look in its cabinet, by \`${key}\`. There may be more of them today.`,
      ru: `**Что стало с платежом, неизвестно.** ${provider} бота ${botId} не отвечает о нём уже несколько дней. Он считается несостоявшимся; найдите его в кабинете по \`${key}\`. Сегодня таких может быть несколько.`,
    };
    // Of pages of a provider that is away there may be hundreds. Each charge is told of: it may be somebody's money.
    const day = this.clock.now().toISOString().slice(0, 10);
    const noticeId = uuidv5(methodId === null ? `${botId} ${provider} ${day}` : key, GIVEN_UP_NOTICES);
    await this.outbox.add(tx, NoticeSendRequested({ noticeId, audience: 'staff', texts }));
  }

  /** Before the provider is asked, so that one that does not answer keeps none from being asked. @returns undefined: no more */
  nextPoll({ createdAt, expiresAt }: Pick<Invoice, 'createdAt' | 'expiresAt'>): Date | undefined {
    const now = this.clock.now().getTime();
    if (now >= expiresAt.getTime() + GIVEN_UP_AFTER_MS) return undefined;
    const age = now - createdAt.getTime();
    return new Date(now + (age < OFFER_MS ? POLL_OPEN_MS : Math.min(age / 4, POLL_LATE_MS)));
  }

  /** Whatever came is the person's, in the currency it came in; what was ordered is paid from it. */
  private async paid(tx: EntityManager, order: Order, invoice: Invoice, payment: ProviderPayment): Promise<void> {
    if (payment.isTest && !this.providers.isSandbox(invoice.botId, invoice.provider)) {
      this.log.error({ invoiceId: invoice.id, provider: invoice.provider }, 'a test payment was refused');
      return this.failed(tx, invoice, 'failed', 'other');
    }
    for (const taking of payment.takings) await this.take(tx, invoice, taking);
    const [first] = payment.takings;
    if (!PAYABLE_STATES.includes(invoice.state)) return this.reversed(tx, invoice, first);
    const isSame = first?.money.amountMinor === invoice.amountMinor && first.money.currency === invoice.currency;
    invoice.become(isSame ? 'paid' : 'different');
    Object.assign(invoice, {
      paidAt: first?.at ?? this.clock.now(),
      takingId: first?.id,
      feeMinor: first?.feeMinor ?? null,
      payerHash: payment.payer === undefined ? null : this.blindIndex.hash('payer', invoice.provider, payment.payer),
      failure: null,
    });
    if (!isSame) {
      invoice.receivedMinor = first?.money.amountMinor ?? 0;
      if (first) await this.tellBalance(tx, invoice, first);
      return this.tellStaff(tx, invoice, first);
    }
    if (payment.savedMethod) await this.methods.keep(tx, invoice, payment.savedMethod, order);
    const fee = first.feeMinor === undefined ? {} : { feeMinor: first.feeMinor };
    await this.outbox.add(tx, InvoicePaid({ ...toldOf(invoice), ...fee, paidAt: invoice.paidAt!.toISOString() }));
    const outcome = await this.orders.collect(tx, order, { provider: invoice.provider });
    if (outcome !== 'paid') await this.tellBalance(tx, invoice, first);
  }

  /** What went back by the provider's own pages, or was taken by a bank. What we have sent ourselves is noted already. */
  private async reversed(tx: EntityManager, invoice: Invoice, taking: Taking | undefined): Promise<void> {
    if (!taking) return;
    const { dispute, refundedMinor, money } = taking;
    const isDifferent = invoice.receivedMinor !== null;
    const wholeMinor = isDifferent ? money.amountMinor : invoice.amountMinor;
    // What bought nothing has nothing to be disputed, and of what is gone nothing is left.
    const canBeDisputed = !isDifferent && INVOICE_TRANSITIONS[invoice.state].includes('disputed');
    if (dispute === 'open' && canBeDisputed) return invoice.become('disputed');
    if (dispute === 'won' && invoice.state === 'disputed') return invoice.become('paid');
    const isLost = dispute === 'lost' && invoice.state !== 'charged-back';
    const amountMinor = (isLost ? wholeMinor : refundedMinor) - invoice.refundedMinor;
    // While a refund of ours is on its way, the provider may know of it before we have noted its answer.
    if (amountMinor <= 0 || (!isLost && (await this.isSending(tx, invoice.id)))) return;
    const gone = { amountMinor, currency: money.currency };
    for (const listener of this.takenBack) await listener(tx, invoice, gone, isLost ? 'chargeback' : 'asked');
    invoice.refundedMinor += amountMinor;
    if (isLost) invoice.become('charged-back');
    else invoice.become(invoice.refundedMinor >= wholeMinor ? 'refunded' : 'partly-refunded');
  }

  private async isSending(tx: EntityManager, invoiceId: string): Promise<boolean> {
    const [row] = await tx.query<[{ is: boolean }]>(
      `SELECT EXISTS (SELECT FROM refunds WHERE invoice_id = $1 AND state = 'sending') AS is`,
      [invoiceId],
    );
    return row.is;
  }

  /** It bought nothing and is there to be spent. */
  private tellBalance(tx: EntityManager, { userId }: Invoice, { money }: Taking): Promise<void> {
    return this.ledger.tell(tx, userId, money.currency, money.amountMinor, 'top-up');
  }

  private async take(
    tx: EntityManager,
    { provider, userId, orderId }: Invoice,
    { id, money, feeMinor }: Taking,
  ): Promise<void> {
    const { amountMinor, currency } = money;
    const about = { currency, userId, orderId };
    const transfers = [{ from: `provider:${provider}`, to: 'customer', amountMinor }] as const;
    await this.ledger.book(tx, { ...about, key: `paid:${provider}:${id}`, reason: 'payment', transfers });
    if (!feeMinor) return;
    const fee = [{ from: `fees:${provider}`, to: `provider:${provider}`, amountMinor: feeMinor }] as const;
    await this.ledger.book(tx, { currency, orderId, key: `fee:${provider}:${id}`, reason: 'fee', transfers: fee });
  }

  private async failed(
    tx: EntityManager,
    invoice: Invoice,
    state: 'failed' | 'cancelled' | 'expired',
    reason: FailureReason = state === 'failed' ? 'other' : state,
    more: { unknown?: true } = {},
  ): Promise<void> {
    if (!OPEN_STATES.includes(invoice.state)) return;
    invoice.become(state);
    invoice.failure = reason;
    await this.outbox.add(tx, InvoiceFailed({ ...toldOf(invoice), reason, ...more }));
  }

  private async tellStaff(tx: EntityManager, invoice: Invoice, taking: Taking | undefined): Promise<void> {
    const none = { amountMinor: 0, currency: invoice.currency };
    const [asked, came] = [invoice, taking?.money ?? none].map((one) => `${toDecimal(one)} ${one.currency}`);
    const { provider, orderId } = invoice;
    const texts = {
      en: `**A payment is not what was asked for.** ${provider}: ${came} in place of ${asked}, order ${orderId}. It lies on the balance of the person.`,
      ru: `**Пришла не та сумма.** ${provider}: ${came} вместо ${asked}, заказ ${orderId}. Деньги лежат на балансе человека.`,
    };
    await this.outbox.add(tx, NoticeSendRequested({ noticeId: invoice.id, audience: 'staff', texts }));
  }

  private async save(tx: EntityManager, invoice: Invoice): Promise<void> {
    const { id, ...rest } = invoice;
    await tx.update(Invoice, { id }, rest as never);
  }
}

const toldOf = ({ id, orderId, userId, botId, provider, amountMinor, currency }: Invoice) => ({
  ...{ invoiceId: id, orderId, userId, botId, provider, amountMinor, currency },
});
