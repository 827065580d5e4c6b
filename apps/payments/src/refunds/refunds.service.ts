import { Injectable } from '@nestjs/common';
import { Outbox } from '@switchboard/bus';
import { type Money, NoticeSendRequested, OrderRefunded, toDecimal } from '@switchboard/contracts';
import { Clock, DomainError, PersonalData } from '@switchboard/service-kit';
import type { EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { Invoice } from '../invoices/invoice.entity';
import { InvoicesService } from '../invoices/invoices.service';
import { type Account, LedgerService, type Transfer } from '../ledger/ledger.service';
import { Order } from '../orders/order.entity';
import { OrdersService } from '../orders/orders.service';
import { PromoCodesService } from '../promo-codes/promo-codes.service';
import { SubscriptionsService } from '../subscriptions/subscriptions.service';
import { Refund } from './refund.entity';

export class NothingToRefund extends DomainError {
  constructor(leftMinor: number) {
    const texts = {
      en: 'So much was not paid, or went back already.',
      ru: 'Столько не было оплачено или уже возвращено.',
    };
    super('payments.nothing_to_refund', texts, 409, { leftMinor });
  }
}

export class RefundNotFound extends DomainError {
  constructor() {
    super('payments.refund_not_found', { en: 'There is no such refund.', ru: 'Такого возврата нет.' }, 404);
  }
}

interface Asked {
  readonly amountMinor: number;
  readonly cause: string;
  readonly toBalance: boolean;
  readonly askedBy: string;
  readonly reason: string | null;
}

/**
 * Money that goes back. What it was for is taken back in the same transaction in which that is decided; the money itself is set
 * aside until the provider has said that it is on its way, and is the person's balance if the provider says that it cannot be.
 */
@Injectable()
export class RefundsService {
  constructor(
    private readonly ledger: LedgerService,
    private readonly orders: OrdersService,
    private readonly invoices: InvoicesService,
    private readonly promoCodes: PromoCodesService,
    private readonly subscriptions: SubscriptionsService,
    private readonly personal: PersonalData,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
  ) {
    invoices.onTakenBack((tx, invoice, money, cause) => this.adopt(tx, invoice, money, cause));
    orders.onPaidTwice((tx, order, amountMinor) => this.giveBackUse(tx, order, amountMinor));
  }

  /** @returns the refund, which a job has to send if it is not to the balance. @throws NothingToRefund */
  async begin(tx: EntityManager, orderId: string, asked: Asked): Promise<Refund> {
    const order = await this.orders.lock(tx, orderId);
    const leftMinor = order.paidAt ? order.totalMinor - order.refundedMinor : 0;
    if (asked.amountMinor > leftMinor || asked.amountMinor <= 0) throw new NothingToRefund(leftMinor);
    const invoice = asked.toBalance ? undefined : await this.invoices.paidOf(tx, orderId);
    // What was paid from the balance goes back there: no provider has it.
    const toBalance = !invoice || asked.amountMinor > invoice.amountMinor - invoice.refundedMinor;
    // What was topped up lies on the balance, as far as it is not spent.
    const from = order.kind === 'top-up' ? 'customer' : (`sales:${order.botId}` as const);
    if (toBalance && from === 'customer') throw new NothingToRefund(0);
    const refund = await this.note(tx, order, toBalance ? undefined : invoice, { ...asked, toBalance });
    await this.book(tx, refund, [{ from, to: toBalance ? 'customer' : 'held', amountMinor: asked.amountMinor }]);
    await this.takeBack(tx, order, refund);
    if (toBalance) await this.finish(tx, order, refund);
    return refund;
  }

  /** The provider has sent it. */
  async sent(tx: EntityManager, refundId: string, externalId: string): Promise<void> {
    const refund = await this.lock(tx, refundId);
    if (refund.state !== 'sending') return;
    const order = await this.orders.lock(tx, refund.orderId);
    const invoice = await this.invoices.lock(tx, refund.invoiceId!);
    await this.ledger.book(tx, {
      ...{
        key: `refunded:${refund.id}`,
        reason: 'refund',
        currency: refund.currency,
        userId: refund.userId,
        orderId: order.id,
      },
      transfers: [{ from: 'held', to: `provider:${invoice.provider}`, amountMinor: refund.amountMinor }],
    });
    refund.externalId = externalId;
    await this.invoices.noteRefund(tx, invoice, refund.amountMinor);
    await this.finish(tx, order, refund);
  }

  /** The provider will not: the person has it on their balance, and staff are told. */
  async failed(tx: EntityManager, refundId: string): Promise<void> {
    const refund = await this.lock(tx, refundId);
    if (refund.state !== 'sending') return;
    const { id, userId, currency, orderId, amountMinor } = refund;
    await this.ledger.book(tx, {
      ...{ key: `refund-failed:${id}`, reason: 'refund', currency, userId, orderId },
      transfers: [{ from: 'held', to: 'customer', amountMinor }],
      says: 'refund',
    });
    await tx.update(Refund, { id }, { state: 'failed', doneAt: this.clock.now(), revision: refund.revision + 1 });
    const sum = `${toDecimal(refund)} ${currency}`;
    const texts = {
      en: `**A refund was refused by the provider.** ${sum} of order ${orderId} lie on the balance of the person.`,
      ru: `**Провайдер отказал в возврате.** ${sum} заказа ${orderId} лежат на балансе человека.`,
    };
    await this.outbox.add(tx, NoticeSendRequested({ noticeId: id, audience: 'staff', texts }));
  }

  /** It was paid for nothing, and is no part of what is left of the order: that is kept, and goes back by itself. */
  private async giveBackUse(tx: EntityManager, order: Order, amountMinor: number): Promise<void> {
    const asked = { amountMinor, cause: 'duplicate', toBalance: true, askedBy: 'payments', reason: null };
    const refund = await this.note(tx, order, undefined, asked);
    await this.book(tx, refund, [{ from: `sales:${order.botId}`, to: 'customer', amountMinor }]);
    await this.noteIn(tx, order, amountMinor, 'partly-refunded');
    await this.finish(tx, order, refund, false);
  }

  /** Money that went back without us: by the provider's own pages, or because a bank took it. */
  private async adopt(
    tx: EntityManager,
    invoice: Invoice,
    { amountMinor, currency }: Money,
    cause: 'asked' | 'chargeback',
  ): Promise<void> {
    const order = await this.orders.lock(tx, invoice.orderId);
    const isOfOrder = order.paidAt !== null && (await this.invoices.hasBought(tx, invoice));
    const fromOrder = Math.min(amountMinor, isOfOrder ? order.totalMinor - order.refundedMinor : 0);
    const { provider, botId } = invoice;
    const fromBalance = { amountMinor: amountMinor - fromOrder, currency };
    if (fromBalance.amountMinor > 0) await this.takeFromBalance(tx, order, invoice, fromBalance);
    if (fromOrder === 0) return;
    const asked = { amountMinor: fromOrder, cause, toBalance: false, askedBy: provider, reason: null };
    const refund = await this.note(tx, order, invoice, asked);
    const back = { to: `provider:${provider}`, amountMinor: fromOrder } as const;
    if (order.kind === 'top-up') await this.book(tx, refund, await this.fromBalance(tx, order.userId, currency, back));
    else await this.book(tx, refund, [{ from: `sales:${botId}`, ...back }]);
    await this.takeBack(tx, order, refund);
    await this.finish(tx, order, refund);
  }

  /** What lies there already in place of the order: it did not pay for it, or went back to the balance. */
  private async takeFromBalance(
    tx: EntityManager,
    order: Order,
    { id, provider, refundedMinor }: Invoice,
    { amountMinor, currency }: Money,
  ): Promise<void> {
    const { userId, id: orderId } = order;
    await this.ledger.book(tx, {
      ...{ key: `taken-back:${id}:${refundedMinor}`, reason: 'refund', currency, userId, orderId, says: 'refund' },
      transfers: await this.fromBalance(tx, userId, currency, { to: `provider:${provider}`, amountMinor }),
    });
  }

  /** What was topped up and spent since is a loss: nobody's balance falls below zero. */
  private async fromBalance(
    tx: EntityManager,
    userId: string,
    currency: string,
    { to, amountMinor }: { to: Account; amountMinor: number },
  ): Promise<Transfer[]> {
    const there = Math.min(amountMinor, await this.ledger.balance(tx, userId, 'customer', currency, 'lock'));
    return [
      { from: 'customer', to, amountMinor: there },
      { from: 'corrections', to, amountMinor: amountMinor - there },
    ];
  }

  private async lock(tx: EntityManager, refundId: string): Promise<Refund> {
    const refund = await tx.findOne(Refund, { where: { id: refundId }, lock: { mode: 'pessimistic_write' } });
    if (!refund) throw new RefundNotFound();
    return refund;
  }

  private async note(tx: EntityManager, order: Order, invoice: Invoice | undefined, asked: Asked): Promise<Refund> {
    const id = uuidv7();
    const { userId, botId, currency } = order;
    const { amountMinor, cause, toBalance, askedBy } = asked;
    const sealed = await this.personal.encrypt(tx, { table: 'refunds', id, userId }, { reason: asked.reason });
    const refund = tx.create(Refund, {
      ...{
        id,
        orderId: order.id,
        invoiceId: invoice?.id ?? null,
        userId,
        botId,
        amountMinor,
        currency,
        cause,
        toBalance,
        askedBy,
      },
      ...{ ...sealed, state: 'sending', externalId: null, createdAt: this.clock.now(), doneAt: null, revision: 1 },
    });
    await tx.insert(Refund, refund as never);
    return refund;
  }

  private async book(
    tx: EntityManager,
    { id, currency, userId, orderId }: Refund,
    transfers: Parameters<LedgerService['book']>[1]['transfers'],
  ) {
    await this.ledger.book(tx, {
      ...{ key: `refund:${id}`, reason: 'refund', currency, userId, orderId, transfers },
      says: 'refund',
    });
  }

  private async takeBack(tx: EntityManager, order: Order, { amountMinor }: Refund): Promise<void> {
    const isFull = order.refundedMinor + amountMinor === order.totalMinor;
    await this.noteIn(tx, order, amountMinor, isFull ? 'refunded' : 'partly-refunded');
    if (!isFull) return;
    await this.subscriptions.takeBack(tx, order.id);
    if (order.promoCode) await this.promoCodes.release(tx, order.id);
  }

  private async noteIn(
    tx: EntityManager,
    order: Order,
    amountMinor: number,
    state: 'refunded' | 'partly-refunded',
  ): Promise<void> {
    order.refundedMinor += amountMinor;
    order.become(state);
    const { id, refundedMinor, revision } = order;
    await tx.update(Order, { id }, { refundedMinor, state, revision });
  }

  private async finish(
    tx: EntityManager,
    order: Order,
    refund: Refund,
    full = order.refundedMinor === order.totalMinor,
  ): Promise<void> {
    const { id, externalId, amountMinor, currency, cause, toBalance } = refund;
    await tx.update(
      Refund,
      { id },
      { state: 'done', externalId, doneAt: this.clock.now(), revision: refund.revision + 1 },
    );
    await this.outbox.add(
      tx,
      OrderRefunded({
        ...{
          orderId: order.id,
          refundId: id,
          userId: order.userId,
          botId: order.botId,
          amountMinor,
          currency,
          cause,
          toBalance,
        },
        full,
      }),
    );
  }
}
