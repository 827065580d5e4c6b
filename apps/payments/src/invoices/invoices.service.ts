import { Inject, Injectable } from '@nestjs/common';
import { Outbox } from '@switchboard/bus';
import { InvoiceCreated, InvoiceFailed, InvoicePaid, NoticeSendRequested, toDecimal } from '@switchboard/contracts';
import { BlindIndex, Clock, LOG, type Log } from '@switchboard/service-kit';
import { type EntityManager, In } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { LedgerService } from '../ledger/ledger.service';
import type { Order } from '../orders/order.entity';
import { OrdersService } from '../orders/orders.service';
import type { FailureReason, ProviderPayment, Taking } from '../providers/payment-provider';
import { ProvidersService } from '../providers/providers.service';
import { Invoice } from './invoice.entity';
import { type InvoiceState, OPEN_STATES, PAYABLE_STATES } from './invoice.states';
import { SavedMethodsService } from './saved-methods.service';

/** Asked after so long, then after so long again: soon while the person pays, and for days for what comes late. */
const POLL_AFTER_MS = [15, 30, 60, 120, 300, 300, 600, 1800, 3600].map((seconds) => seconds * 1000);
const POLL_EVERY_MS = 6 * 3_600_000;
/** What is not paid by then never is: three days longer than any provider leaves a payment open. */
const GIVEN_UP_AFTER_MS = 4 * 86_400_000;

/** @param amountMinor what has gone since */
export type TakenBack = (
  tx: EntityManager,
  invoice: Invoice,
  amountMinor: number,
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
    return (await tx.findOne(Invoice, { where, lock: { mode: 'pessimistic_write' } })) ?? undefined;
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
    const { orderId } = await tx.findOneByOrFail(Invoice, { id: invoiceId });
    const order = await this.orders.lock(tx, orderId);
    const invoice = await this.lock(tx, invoiceId);
    invoice.externalId ??= payment.externalId;
    invoice.url ??= payment.url ?? null;
    if (payment.externalId !== invoice.externalId || (payment.key !== undefined && payment.key !== invoice.key))
      throw new Error(`invoice ${invoice.id}: ${invoice.provider} answered with another payment`);
    switch (payment.state) {
      case 'pending':
        if (invoice.state === 'created') invoice.become('pending');
        break;
      case 'paid':
        await this.paid(tx, order, invoice, payment);
        break;
      default:
        await this.failed(tx, invoice, payment.state, payment.failure);
    }
    this.schedulePoll(invoice);
    await this.save(tx, invoice);
  }

  /** The provider refused before there was a payment. */
  async refuse(tx: EntityManager, invoiceId: string, reason: FailureReason): Promise<void> {
    const invoice = await this.lock(tx, invoiceId);
    await this.failed(tx, invoice, 'failed', reason);
    await this.save(tx, invoice);
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
    const { dispute, refundedMinor } = taking;
    if (dispute === 'open' && invoice.state !== 'disputed') return invoice.become('disputed');
    if (dispute === 'won' && invoice.state === 'disputed') return invoice.become('paid');
    const isLost = dispute === 'lost' && invoice.state !== 'charged-back';
    const goneMinor = (isLost ? invoice.amountMinor : refundedMinor) - invoice.refundedMinor;
    // While a refund of ours is on its way, the provider may know of it before we have noted its answer.
    if (goneMinor <= 0 || (!isLost && (await this.isSending(tx, invoice.id)))) return;
    for (const listener of this.takenBack) await listener(tx, invoice, goneMinor, isLost ? 'chargeback' : 'asked');
    invoice.refundedMinor += goneMinor;
    if (isLost) invoice.become('charged-back');
    else invoice.become(invoice.refundedMinor >= invoice.amountMinor ? 'refunded' : 'partly-refunded');
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
  ): Promise<void> {
    if (!OPEN_STATES.includes(invoice.state)) return;
    invoice.become(state);
    invoice.failure = reason;
    await this.outbox.add(tx, InvoiceFailed({ ...toldOf(invoice), reason }));
  }

  private schedulePoll(invoice: Invoice): void {
    const now = this.clock.now().getTime();
    const mayChange = OPEN_STATES.includes(invoice.state) || now < invoice.expiresAt.getTime() + GIVEN_UP_AFTER_MS;
    const isUnpaid = !invoice.paidAt;
    if (!isUnpaid || !mayChange) {
      invoice.pollAt = null;
      return;
    }
    invoice.pollAt = new Date(now + (POLL_AFTER_MS[invoice.polls] ?? POLL_EVERY_MS));
    invoice.polls += 1;
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
