import { Injectable } from '@nestjs/common';
import { Outbox } from '@switchboard/bus';
import {
  AuditEntryAppendRequested,
  type ListOrders,
  type ListRefunds,
  type ReadOrder,
  RefundOrder,
} from '@switchboard/contracts';
import { type AnswerOf, auditEntry, Cursors, PersonalData, type RequestOf, seesBot } from '@switchboard/service-kit';
import { DataSource, type EntityManager, In } from 'typeorm';
import { validate as isUuid } from 'uuid';
import { CurrencyNotSold } from '../catalogue/catalogue.service';
import { Invoice } from '../invoices/invoice.entity';
import { LedgerReports } from '../ledger/ledger-reports.service';
import { Order } from '../orders/order.entity';
import { OrderNotFound } from '../orders/orders.service';
import { Refund } from '../refunds/refund.entity';
import { RefundsJobs } from '../refunds/refunds.jobs';
import { RefundsService } from '../refunds/refunds.service';

type ShownOrder = AnswerOf<typeof ListOrders>['data'][number];
type ShownRefund = AnswerOf<typeof RefundOrder>;

/** What staff see of orders and payments, and money that they give back. */
@Injectable()
export class SalesService {
  constructor(
    private readonly db: DataSource,
    private readonly refunds: RefundsService,
    private readonly refundsJobs: RefundsJobs,
    private readonly ledger: LedgerReports,
    private readonly personal: PersonalData,
    private readonly outbox: Outbox,
    private readonly cursors: Cursors,
  ) {}

  async list(request: RequestOf<typeof ListOrders>): Promise<AnswerOf<typeof ListOrders>> {
    const { botId, userId, state, provider, search } = request.query;
    const { bots } = request.actor;
    const rows = this.db.manager.createQueryBuilder(Order, 'o');
    if (bots) rows.andWhere('o.botId IN (:...bots)', { bots: [...bots, ''] });
    if (botId) rows.andWhere('o.botId = :botId', { botId });
    if (userId) rows.andWhere('o.userId = :userId', { userId });
    if (state) rows.andWhere('o.state IN (:...state)', { state });
    if (provider) rows.andWhere('o.id IN (SELECT order_id FROM invoices WHERE provider = :provider)', { provider });
    if (search) rows.andWhere(SEARCHED, { search, id: isUuid(search) ? search : null });
    const { data, page } = await this.cursors.select(request, rows, ['id']);
    return { data: await this.shown(data), page };
  }

  async read({ params, actor }: RequestOf<typeof ReadOrder>): Promise<AnswerOf<typeof ReadOrder>> {
    const order = await this.find(params.orderId, actor.bots);
    const tx = this.db.manager;
    const where = { orderId: order.id };
    const [shown] = await this.shown([order]);
    const refunds = await tx.find(Refund, { where, order: { id: 'ASC' } });
    return {
      ...shown!,
      invoices: await tx.find(Invoice, { where, order: { attempt: 'ASC' } }),
      refunds: await Promise.all(refunds.map((refund) => this.shownRefund(refund))),
      entries: await this.ledger.ofOrder(tx, order.id),
      refundableMinor: order.paidAt ? order.totalMinor - order.refundedMinor : 0,
    };
  }

  async refund(tx: EntityManager, request: RequestOf<typeof RefundOrder>): Promise<ShownRefund> {
    const { params, actor, body } = request;
    const { amountMinor, currency, toBalance, reason } = body;
    const order = await this.find(params.orderId, actor.bots);
    if (order.currency !== currency) throw new CurrencyNotSold(currency, [order.currency]);
    const asked = { amountMinor, cause: 'asked', toBalance, askedBy: `${actor.kind}:${actor.id}`, reason };
    const refund = await this.refunds.begin(tx, order.id, asked);
    await this.refundsJobs.send(tx, refund);
    const about = { resourceType: 'order', resourceId: order.id, botId: order.botId };
    const after = { amountMinor, currency, toBalance, refundId: refund.id };
    await this.outbox.add(tx, AuditEntryAppendRequested(auditEntry(actor, RefundOrder, { ...about, after })));
    return { ...refund, reason };
  }

  async listRefunds(request: RequestOf<typeof ListRefunds>): Promise<AnswerOf<typeof ListRefunds>> {
    const { botId, userId, state } = request.query;
    const { bots } = request.actor;
    const rows = this.db.manager.createQueryBuilder(Refund, 'r');
    if (bots) rows.andWhere('r.botId IN (:...bots)', { bots: [...bots, ''] });
    if (botId) rows.andWhere('r.botId = :botId', { botId });
    if (userId) rows.andWhere('r.userId = :userId', { userId });
    if (state) rows.andWhere('r.state IN (:...state)', { state });
    const { data, page } = await this.cursors.select(request, rows, ['id']);
    return { data: await Promise.all(data.map((refund) => this.shownRefund(refund))), page };
  }

  private async find(id: string, bots: readonly string[] | undefined): Promise<Order> {
    const order = await this.db.manager.findOneBy(Order, { id });
    if (!order || !seesBot(bots, order.botId)) throw new OrderNotFound();
    return order;
  }

  private async shown(orders: readonly Order[]): Promise<ShownOrder[]> {
    const invoices = await this.db.manager.findBy(Invoice, { orderId: In(orders.map(({ id }) => id)) });
    const last = Map.groupBy(invoices, ({ orderId }) => orderId);
    const providerOf = (id: string) => last.get(id)?.reduce((a, b) => (a.attempt > b.attempt ? a : b)).provider ?? null;
    return orders.map((order) => ({ ...order, provider: providerOf(order.id) }));
  }

  private async shownRefund(refund: Refund): Promise<ShownRefund> {
    const place = { table: 'refunds', id: refund.id, userId: refund.userId };
    const { reason } = await this.personal.tryDecrypt(this.db.manager, place, { reason: refund.reason });
    return { ...refund, reason: reason ?? null };
  }
}

/** By whatever a person who writes to support can name: each of it has an index, which an OR of them would not use. */
const SEARCHED = `o.id IN (
  SELECT order_id FROM invoices WHERE external_id = :search
  UNION SELECT order_id FROM invoices WHERE taking_id = :search
  UNION SELECT id FROM orders WHERE user_id = :id::uuid
  UNION SELECT :id::uuid)`;
