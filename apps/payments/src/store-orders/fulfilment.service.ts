import { Injectable } from '@nestjs/common';
import { Outbox } from '@switchboard/bus';
import {
  AuditEntryAppendRequested,
  CancelStoreOrder,
  CorrectDelivery,
  MoveStoreOrder,
  MoveStoreOrders,
  type RouteDefinition,
} from '@switchboard/contracts';
import { type AnswerOf, auditEntry, Clock, DomainError, PersonalData, type RequestOf } from '@switchboard/service-kit';
import type { EntityManager } from 'typeorm';
import { OrdersService } from '../orders/orders.service';
import { RefundsJobs } from '../refunds/refunds.jobs';
import { RefundsService } from '../refunds/refunds.service';
import { StockService } from '../stock/stock.service';
import { StoreOrder } from './store-order.entity';
import { NOT_SENT, type Step, stepOf } from './store-order.states';
import { seesOrder, StoreOrderNotFound, StoreOrderViews } from './store-order-views.service';
import { AddressNeeded, type Author, OrderStateRefused, placeOf, StoreOrdersService } from './store-orders.service';

class ReasonNeeded extends DomainError {
  constructor() {
    super(
      'payments.reason_needed',
      { en: 'A step backwards needs a reason.', ru: 'Для шага назад нужна причина.' },
      422,
    );
  }
}

class RefundDiffers extends DomainError {
  constructor(refundableMinor: number, currency: string) {
    const texts = {
      en: 'The sum is not what was paid and has not gone back.',
      ru: 'Сумма не совпадает с тем, что оплачено и ещё не возвращено.',
    };
    super('payments.refund_differs', texts, 409, { refundableMinor, currency });
  }
}

type Shown = AnswerOf<typeof MoveStoreOrder>;
type Outcome = AnswerOf<typeof MoveStoreOrders>['orders'][number];

/** What staff do with orders of goods, from paid to done. */
@Injectable()
export class FulfilmentService {
  constructor(
    private readonly orders: OrdersService,
    private readonly parcels: StoreOrdersService,
    private readonly views: StoreOrderViews,
    private readonly stock: StockService,
    private readonly refunds: RefundsService,
    private readonly refundsJobs: RefundsJobs,
    private readonly personal: PersonalData,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
  ) {}

  async move(tx: EntityManager, request: RequestOf<typeof MoveStoreOrder>): Promise<Shown> {
    const { params, actor, body, ifMatch } = request;
    const parcel = await this.lock(tx, params.orderId, actor.bots);
    ifMatch.check(parcel.revision);
    const { to, reason, tracking } = body;
    const before = parcel.state;
    const step = stepOf(before, to);
    const isOther = to !== before;
    if (isOther && !step) throw new OrderStateRefused(before);
    if (step === 'back' && reason === undefined) throw new ReasonNeeded();
    const author = { by: authorOf(actor), reason, correction: step === 'back' };
    await this.step(tx, parcel, to, tracking, author);
    await this.audit(tx, request, MoveStoreOrder, parcel, { before: { state: before }, after: { state: to }, reason });
    return this.views.shown(tx, parcel);
  }

  async moveMany(
    tx: EntityManager,
    request: RequestOf<typeof MoveStoreOrders>,
  ): Promise<AnswerOf<typeof MoveStoreOrders>> {
    const { actor, body } = request;
    const { to } = body;
    const outcomes = new Map<string, Outcome>();
    // In one order, whoever moves the same ones at the same time.
    for (const { orderId, revision, tracking } of body.orders.toSorted((a, b) => (a.orderId < b.orderId ? -1 : 1))) {
      const lock = { mode: 'pessimistic_write' } as const;
      const parcel = await tx.findOne(StoreOrder, { where: { id: orderId }, lock });
      const end = (outcome: Outcome['outcome'], { state, revision }: Partial<StoreOrder> = {}) =>
        outcomes.set(orderId, { orderId, outcome, state: state ?? null, revision: revision ?? null });
      if (!parcel || !seesOrder(actor.bots, parcel)) end('not_found');
      else if (parcel.state === to) end('unchanged', parcel);
      else if (parcel.revision !== revision) end('changed_elsewhere', parcel);
      else if (stepOf(parcel.state, to) !== 'forward') end('state_refused', parcel);
      else {
        const before = parcel.state;
        await this.step(tx, parcel, to, tracking, { by: authorOf(actor) });
        await this.audit(tx, request, MoveStoreOrders, parcel, { before: { state: before }, after: { state: to } });
        end('moved', parcel);
      }
    }
    return { orders: body.orders.map(({ orderId }) => outcomes.get(orderId)!) };
  }

  async cancel(tx: EntityManager, request: RequestOf<typeof CancelStoreOrder>): Promise<Shown> {
    const { params, actor, body, ifMatch } = request;
    // The order and its pieces before the parcel: whoever pays it takes them in this order.
    const known = await this.views.find(tx, params.orderId, actor.bots);
    const order = await this.orders.lock(tx, known.id);
    const wasPaid = order.paidAt !== null;
    if (wasPaid && NOT_SENT.includes(known.state))
      await this.stock.takeBack(tx, order.id, known.lines, authorOf(actor));
    else if (!wasPaid) await this.stock.release(tx, order.id);
    const parcel = await this.lock(tx, params.orderId, actor.bots);
    ifMatch.check(parcel.revision);
    const before = parcel.state;
    if (!NOT_SENT.includes(before)) throw new OrderStateRefused(before);
    const { currency } = order;
    const refundableMinor = wasPaid ? order.totalMinor - order.refundedMinor : 0;
    const { refund, reason } = body;
    if ((refund?.amountMinor ?? 0) !== refundableMinor || (refund && refund.currency !== currency))
      throw new RefundDiffers(refundableMinor, currency);
    await this.parcels.become(tx, parcel, 'cancelled', { by: authorOf(actor), reason });
    if (order.state === 'awaiting') await this.orders.close(tx, order, 'cancelled');
    if (refund) {
      const asked = { amountMinor: refundableMinor, cause: 'asked', toBalance: refund.toBalance, reason };
      await this.refundsJobs.send(tx, await this.refunds.begin(tx, order.id, { ...asked, askedBy: authorOf(actor) }));
    }
    const after = { state: 'cancelled', refundMinor: refundableMinor, currency };
    await this.audit(tx, request, CancelStoreOrder, parcel, { before: { state: before }, after });
    return this.views.shown(tx, parcel);
  }

  async correct(tx: EntityManager, request: RequestOf<typeof CorrectDelivery>): Promise<Shown> {
    const { params, actor, body, ifMatch } = request;
    const parcel = await this.lock(tx, params.orderId, actor.bots);
    ifMatch.check(parcel.revision);
    if (!NOT_SENT.includes(parcel.state)) throw new OrderStateRefused(parcel.state);
    const { address, recipient, note } = body;
    if (parcel.delivery.needs !== 'nothing' && address === null) throw new AddressNeeded();
    const written = { address, recipient: JSON.stringify(recipient), note };
    Object.assign(parcel, await this.personal.encrypt(tx, placeOf(parcel), written));
    parcel.revision += 1;
    await this.parcels.save(tx, parcel);
    await this.audit(tx, request, CorrectDelivery, parcel, { after: { corrected: true } });
    return this.views.shown(tx, parcel);
  }

  private async step(
    tx: EntityManager,
    parcel: StoreOrder,
    to: Step,
    tracking: string | undefined,
    author: Author,
  ): Promise<void> {
    if (tracking !== undefined) Object.assign(parcel, await this.personal.encrypt(tx, placeOf(parcel), { tracking }));
    // Where it is already only the number of the carrier is another.
    if (parcel.state === to) {
      if (tracking === undefined) return;
      parcel.revision += 1;
      return this.parcels.save(tx, parcel);
    }
    const now = this.clock.now();
    if (to === 'paid') parcel.packedAt = null;
    if (to === 'packed') Object.assign(parcel, { packedAt: now, sentAt: null });
    if (to === 'sent') parcel.sentAt = now;
    if (to === 'done') parcel.doneAt = now;
    await this.parcels.become(tx, parcel, to, author);
  }

  private async lock(tx: EntityManager, id: string, bots: readonly string[] | undefined): Promise<StoreOrder> {
    const parcel = await tx.findOne(StoreOrder, { where: { id }, lock: { mode: 'pessimistic_write' } });
    if (!parcel || !seesOrder(bots, parcel)) throw new StoreOrderNotFound();
    return parcel;
  }

  private async audit(
    tx: EntityManager,
    { actor }: Pick<RequestOf<typeof MoveStoreOrder>, 'actor'>,
    route: RouteDefinition,
    { id: resourceId, botId }: StoreOrder,
    change: { before?: object; after: object; reason?: string | undefined },
  ): Promise<void> {
    const { before, after } = change as { before?: Record<string, unknown>; after: Record<string, unknown> };
    const about = { resourceType: 'store-order', resourceId, botId, ...(before && { before }), after };
    await this.outbox.add(tx, AuditEntryAppendRequested(auditEntry(actor, route, about)));
  }
}

const authorOf = ({ kind, id }: { kind: string; id: string }): string => `${kind}:${id}`;
