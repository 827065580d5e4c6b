import { Injectable } from '@nestjs/common';
import { Outbox } from '@switchboard/bus';
import {
  AskReturn,
  type AskMyReturn,
  AuditEntryAppendRequested,
  DecideReturn,
  ReceiveReturn,
  RefundReturn,
  ReturnChanged,
  type RouteDefinition,
} from '@switchboard/contracts';
import { type AnswerOf, auditEntry, Clock, DomainError, PersonalData, type RequestOf } from '@switchboard/service-kit';
import { type EntityManager, In } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { CurrencyNotSold } from '../catalogue/catalogue.service';
import type { Order } from '../orders/order.entity';
import { OrdersService } from '../orders/orders.service';
import { RefundsJobs } from '../refunds/refunds.jobs';
import { NothingToRefund, RefundsService } from '../refunds/refunds.service';
import { type Pieces, StockService } from '../stock/stock.service';
import { Return } from './return.entity';
import { paidFor, returnableUntil } from './return-sums';
import type { StoreOrder } from './store-order.entity';
import { RETURN_TRANSITIONS, RETURNABLE, type ReturnState } from './store-order.states';
import { seesOrder, StoreOrderNotFound, StoreOrderViews } from './store-order-views.service';
import { OrderStateRefused, StoreOrdersService } from './store-orders.service';

class ReturnNotFound extends DomainError {
  constructor() {
    super('payments.return_not_found', { en: 'There is no such return.', ru: 'Такого возврата нет.' }, 404);
  }
}

class ReturnStateRefused extends DomainError {
  constructor(state: ReturnState) {
    const texts = {
      en: 'In the state in which the return is, this cannot be done.',
      ru: 'В нынешнем состоянии возврата это сделать нельзя.',
    };
    super('payments.return_state_refused', texts, 409, { state, allowed: RETURN_TRANSITIONS[state] });
  }
}

class NothingToReturn extends DomainError {
  constructor(lines: readonly (Pieces & { left: number })[]) {
    const texts = {
      en: 'So many pieces were not ordered, or came back already.',
      ru: 'Столько не заказывали или уже вернули.',
    };
    super('payments.nothing_to_return', texts, 409, { lines });
  }
}

type Shown = AnswerOf<typeof AskReturn>;
/** A route that changes one return. */
type OfReturn = typeof DecideReturn | typeof ReceiveReturn | typeof RefundReturn;

/** To send it back and to have it looked at. */
const LAPSES_MS = 14 * 86_400_000;

/** Goods that come back, line by line, and the money for what came. */
@Injectable()
export class ReturnsService {
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

  async askMine(tx: EntityManager, request: RequestOf<typeof AskMyReturn>): Promise<AnswerOf<typeof AskMyReturn>> {
    const { params, actor, body } = request;
    const [order, parcel] = await this.lock(tx, params.orderId);
    if (parcel.userId !== actor.id) throw new StoreOrderNotFound();
    const until = returnableUntil(parcel);
    if (!until || until <= this.clock.now()) throw new OrderStateRefused(parcel.state);
    await this.ask(tx, order, parcel, body, 'person');
    return this.views.mine(tx, parcel);
  }

  async askByStaff(tx: EntityManager, request: RequestOf<typeof AskReturn>): Promise<Shown> {
    const { params, actor, body } = request;
    const [order, parcel] = await this.lock(tx, params.orderId);
    if (!seesOrder(actor.bots, parcel)) throw new StoreOrderNotFound();
    const made = await this.ask(tx, order, parcel, body, `${actor.kind}:${actor.id}`);
    await this.audit(tx, request, AskReturn, parcel, made);
    return this.shown(tx, order, parcel, made);
  }

  async decide(tx: EntityManager, request: RequestOf<typeof DecideReturn>): Promise<Shown> {
    const { agree, text, lapsesAt } = request.body;
    return this.change(tx, request, DecideReturn, async (one) => {
      this.step(one, agree ? 'agreed' : 'refused');
      const now = this.clock.now();
      one.decidedAt = now;
      one.lapsesAt = agree ? (lapsesAt ?? new Date(now.getTime() + LAPSES_MS)) : null;
      Object.assign(one, await this.personal.encrypt(tx, placeOf(one), { decision: text }));
    });
  }

  async receive(tx: EntityManager, request: RequestOf<typeof ReceiveReturn>): Promise<Shown> {
    const { lines, restock } = request.body;
    return this.change(tx, request, ReceiveReturn, async (one, parcel, order) => {
      this.step(one, 'received');
      const more = lines.flatMap(({ variantId, quantity }) => {
        const left = one.lines.find((line) => line.variantId === variantId)?.quantity ?? 0;
        return quantity > left ? [{ variantId, quantity, left }] : [];
      });
      if (more.length > 0) throw new NothingToReturn(more);
      const by = `${request.actor.kind}:${request.actor.id}`;
      if (restock) await this.stock.takeBack(tx, parcel.id, lines, by);
      const goodsMinor = paidFor(parcel, order, lines);
      Object.assign(one, { lines, restock, goodsMinor, receivedAt: this.clock.now(), lapsesAt: null });
      parcel.lines = parcel.lines.map((line) => {
        const came = lines.find(({ variantId }) => variantId === line.variantId)?.quantity ?? 0;
        return { ...line, returned: line.returned + came };
      });
      const isAll = parcel.lines.every(({ quantity, returned }) => quantity === returned);
      await this.parcels.become(tx, parcel, isAll ? 'returned' : 'partly-returned', { by });
    });
  }

  async refund(tx: EntityManager, request: RequestOf<typeof RefundReturn>): Promise<Shown> {
    const { amountMinor, currency, toBalance } = request.body;
    return this.change(tx, request, RefundReturn, async (one, parcel, order) => {
      this.step(one, 'refunded');
      if (currency !== order.currency) throw new CurrencyNotSold(currency, [order.currency]);
      const [shown] = await this.views.returnsOf(tx, parcel, order, one.id);
      const mostMinor = one.goodsMinor + shown!.deliveryMinor;
      if (amountMinor > mostMinor) throw new NothingToRefund(mostMinor);
      const asked = { amountMinor, toBalance, cause: 'asked', reason: null };
      const askedBy = `${request.actor.kind}:${request.actor.id}`;
      const refund = await this.refunds.begin(tx, order.id, { ...asked, askedBy });
      await this.refundsJobs.send(tx, refund);
      one.refundId = refund.id;
    });
  }

  /** Nothing came back in time. */
  async lapse(tx: EntityManager, id: string): Promise<void> {
    const { orderId } = await tx.findOneByOrFail(Return, { id });
    const [, parcel] = await this.lock(tx, orderId);
    const one = await tx.findOneByOrFail(Return, { id });
    if (one.state !== 'agreed' || one.lapsesAt === null || one.lapsesAt > this.clock.now()) return;
    one.become('lapsed');
    await this.save(tx, parcel, one);
  }

  private async ask(
    tx: EntityManager,
    order: Order,
    parcel: StoreOrder,
    { lines, reason }: { lines: readonly Pieces[]; reason: string },
    askedBy: string,
  ): Promise<Return> {
    if (!RETURNABLE.includes(parcel.state)) throw new OrderStateRefused(parcel.state);
    const open = await tx.findBy(Return, { orderId: parcel.id, state: In(['asked', 'agreed']) });
    const more = lines.flatMap(({ variantId, quantity }) => {
      const ordered = parcel.lines.find((line) => line.variantId === variantId);
      const asked = open.flatMap((one) => one.lines).filter((line) => line.variantId === variantId);
      const left =
        (ordered?.quantity ?? 0) - (ordered?.returned ?? 0) - asked.reduce((sum, one) => sum + one.quantity, 0);
      return quantity > left ? [{ variantId, quantity, left }] : [];
    });
    if (more.length > 0) throw new NothingToReturn(more);
    const { id: orderId, userId } = parcel;
    const id = uuidv7();
    const made = tx.create(Return, {
      ...{ id, orderId, userId, lines: [...lines], state: 'asked', goodsMinor: paidFor(parcel, order, lines), askedBy },
      ...(await this.personal.encrypt(tx, placeOf({ id, userId }), { reason })),
      ...{ decision: null, restock: null, refundId: null, createdAt: this.clock.now(), decidedAt: null },
      ...{ receivedAt: null, lapsesAt: null, revision: 1 },
    });
    await tx.insert(Return, made as never);
    await this.tell(tx, parcel, made);
    return made;
  }

  /** Finds a return of an order, has it changed, and tells of it. */
  private async change<Route extends OfReturn>(
    tx: EntityManager,
    request: Pick<RequestOf<Route>, 'params' | 'actor' | 'ifMatch'>,
    route: Route,
    change: (one: Return, parcel: StoreOrder, order: Order) => Promise<void>,
  ): Promise<Shown> {
    const { params, actor, ifMatch } = request as unknown as RequestOf<typeof DecideReturn>;
    const [order, parcel] = await this.lock(tx, params.orderId);
    if (!seesOrder(actor.bots, parcel)) throw new StoreOrderNotFound();
    const one = await tx.findOneBy(Return, { id: params.returnId, orderId: parcel.id });
    if (!one) throw new ReturnNotFound();
    ifMatch.check(one.revision);
    const before = one.state;
    await change(one, parcel, order);
    await this.save(tx, parcel, one);
    await this.audit(tx, { actor }, route, parcel, one, before);
    return this.shown(tx, order, parcel, one);
  }

  /** Of an order one thing at a time: its row is locked, and with that all of its returns. */
  private async lock(tx: EntityManager, orderId: string): Promise<[Order, StoreOrder]> {
    // Which pieces are changed is known by the order alone: they come before the parcel, as wherever both are changed.
    const known = await this.views.find(tx, orderId, undefined);
    const order = await this.orders.lock(tx, known.id);
    await this.stock.lock(tx, known.lines);
    return [order, await this.parcels.lock(tx, known.id)];
  }

  private step(one: Return, to: ReturnState): void {
    if (!RETURN_TRANSITIONS[one.state].includes(to)) throw new ReturnStateRefused(one.state);
    one.become(to);
  }

  private async save(tx: EntityManager, parcel: StoreOrder, one: Return): Promise<void> {
    const { id, ...rest } = one;
    await tx.update(Return, { id }, rest as never);
    await this.tell(tx, parcel, one);
  }

  private async tell(tx: EntityManager, parcel: StoreOrder, { id: returnId, state, refundId }: Return): Promise<void> {
    const { id: orderId, number, userId, brandId, botId, chatId } = parcel;
    await this.outbox.add(
      tx,
      ReturnChanged({
        ...{ returnId, orderId, number, userId, brandId, botId, state, at: this.clock.now().toISOString() },
        ...(chatId !== null && { chatId }),
        ...(refundId !== null && { refundId }),
      }),
    );
  }

  private async shown(tx: EntityManager, order: Order, parcel: StoreOrder, { id }: Return): Promise<Shown> {
    return (await this.views.returnsOf(tx, parcel, order, id))[0]!;
  }

  private async audit(
    tx: EntityManager,
    { actor }: Pick<RequestOf<typeof AskReturn>, 'actor'>,
    route: RouteDefinition,
    { botId }: StoreOrder,
    { id: resourceId, state, lines, refundId }: Return,
    before?: ReturnState,
  ): Promise<void> {
    const after = { state, lines, ...(refundId !== null && { refundId }) };
    const about = { resourceType: 'return', resourceId, botId, ...(before && { before: { state: before } }), after };
    await this.outbox.add(tx, AuditEntryAppendRequested(auditEntry(actor, route, about)));
  }
}

const placeOf = ({ id, userId }: Pick<Return, 'id' | 'userId'>) => ({ table: 'returns', id, userId });
