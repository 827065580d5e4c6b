import { Injectable } from '@nestjs/common';
import type {
  ListMyStoreOrders,
  ListStoreOrders,
  ReadMyStoreOrder,
  ReadStoreOrder,
  Recipient,
  RevealStoreOrderAddress,
} from '@switchboard/contracts';
import {
  type AnswerOf,
  asActor,
  BotsRegistry,
  Cursors,
  DomainError,
  PersonalData,
  type RequestOf,
} from '@switchboard/service-kit';
import { DataSource, type EntityManager, In, type SelectQueryBuilder } from 'typeorm';
import { validate as isUuid } from 'uuid';
import type { z } from 'zod';
import { brandOf } from '../goods/brands';
import { Invoice } from '../invoices/invoice.entity';
import { nextOf } from '../invoices/next-step';
import { Order } from '../orders/order.entity';
import { Return } from './return.entity';
import { goodsMinorOf, returnableUntil } from './return-sums';
import { StoreOrder, StoreOrderChange } from './store-order.entity';
import { IN_WORK } from './store-order.states';
import { placeOf } from './store-orders.service';

export class StoreOrderNotFound extends DomainError {
  constructor() {
    super('payments.store_order_not_found', { en: 'There is no such order.', ru: 'Такого заказа нет.' }, 404);
  }
}

export class AddressErased extends DomainError {
  constructor() {
    const texts = {
      en: 'To whom the order went is not kept any more.',
      ru: 'Данные получателя этого заказа уже удалены.',
    };
    super('payments.address_erased', texts, 409);
  }
}

type Summary = AnswerOf<typeof ListStoreOrders>['data'][number];
type ShownReturn = AnswerOf<typeof ReadStoreOrder>['returns'][number];
type DeliverTo = AnswerOf<typeof RevealStoreOrderAddress>;
type Mine = AnswerOf<typeof ReadMyStoreOrder>;

/** Whether somebody who may see some bots only may see it: they know its account, or its shop. */
export const seesOrder = (bots: readonly string[] | undefined, { botId, brandId }: StoreOrder): boolean =>
  !bots || bots.includes(botId) || bots.includes(brandId);

/** What people and staff see of orders of goods. */
@Injectable()
export class StoreOrderViews {
  constructor(
    private readonly db: DataSource,
    private readonly bots: BotsRegistry,
    private readonly personal: PersonalData,
    private readonly cursors: Cursors,
  ) {}

  async list(request: RequestOf<typeof ListStoreOrders>): Promise<AnswerOf<typeof ListStoreOrders>> {
    const { state } = request.query;
    const rows = this.filtered(request);
    if (state) rows.andWhere('o.state IN (:...state)', { state });
    const { data, page } = await this.cursors.select(request, rows, ['id']);
    const counted = await this.filtered(request)
      .select('o.state', 'state')
      .addSelect('count(*)::int', 'n')
      .groupBy('o.state')
      .getRawMany<{ state: string; n: number }>();
    const counts = Object.fromEntries(counted.map((one) => [one.state, one.n]));
    return { data: await this.summaries(this.db.manager, data), page, counts };
  }

  async read({ params, actor }: RequestOf<typeof ReadStoreOrder>): Promise<AnswerOf<typeof ReadStoreOrder>> {
    return this.shown(this.db.manager, await this.find(this.db.manager, params.orderId, actor.bots));
  }

  async reveal({ params, actor }: RequestOf<typeof RevealStoreOrderAddress>): Promise<DeliverTo> {
    const parcel = await this.find(this.db.manager, params.orderId, actor.bots);
    return this.deliverTo(this.db.manager, parcel);
  }

  /** @throws StoreOrderNotFound */
  async find(tx: EntityManager, id: string, bots: readonly string[] | undefined): Promise<StoreOrder> {
    const parcel = await tx.findOneBy(StoreOrder, { id });
    if (!parcel || !seesOrder(bots, parcel)) throw new StoreOrderNotFound();
    return parcel;
  }

  async shown(tx: EntityManager, parcel: StoreOrder): Promise<AnswerOf<typeof ReadStoreOrder>> {
    const [summary] = await this.summaries(tx, [parcel]);
    const order = await tx.findOneByOrFail(Order, { id: parcel.id });
    const where = { orderId: parcel.id };
    const changes = await tx.find(StoreOrderChange, { where, order: { id: 'DESC' } });
    const reasons = await this.personal.decryptAll(
      tx,
      changes.map(({ id, reason }) => ({
        row: { table: 'store_order_changes', id, userId: parcel.userId },
        values: { reason },
      })),
    );
    const { lines, chatId } = parcel;
    return {
      ...{ ...summary!, lines, chatId, discountMinor: order.discountMinor, promoCode: order.promoCode },
      goodsMinor: goodsMinorOf(parcel),
      deliverTo: IN_WORK.includes(parcel.state) ? await this.deliverTo(tx, parcel).catch(unlessErased) : null,
      tracking: await this.trackingOf(tx, parcel),
      changes: changes.map((change, i) => ({ ...change, reason: reasons[i]!.reason ?? null })),
      returns: await this.returnsOf(tx, parcel, order),
      documents: await this.documentsOf(tx, parcel.id),
    };
  }

  /** @throws AddressErased */
  async deliverTo(tx: EntityManager, parcel: StoreOrder): Promise<DeliverTo> {
    if (parcel.forgottenAt) throw new AddressErased();
    const { address, recipient, note } = parcel;
    const read = await this.personal.decrypt(tx, placeOf(parcel), { address, recipient, note });
    if (read.address === undefined || read.recipient === undefined) throw new AddressErased();
    return { address: read.address, recipient: recipientIn(read.recipient), note: read.note ?? null };
  }

  listMine(request: RequestOf<typeof ListMyStoreOrders>): Promise<AnswerOf<typeof ListMyStoreOrders>> {
    const { actor, query } = request;
    return asActor(this.db, actor, async (tx) => {
      const where = { userId: actor.id, brandId: brandOf(this.bots, query.botId) };
      const rows = tx.createQueryBuilder(StoreOrder, 'o').where('o.userId = :userId AND o.brandId = :brandId', where);
      const { data, page } = await this.cursors.select(request, rows, ['id']);
      const shown: Mine[] = [];
      for (const parcel of data) shown.push(await this.mine(tx, parcel));
      return { data: shown, page };
    });
  }

  readMine({ params, actor }: RequestOf<typeof ReadMyStoreOrder>): Promise<Mine> {
    return asActor(this.db, actor, async (tx) => {
      const parcel = await tx.findOneBy(StoreOrder, { id: params.orderId, userId: actor.id });
      if (!parcel) throw new StoreOrderNotFound();
      return this.mine(tx, parcel);
    });
  }

  async mine(tx: EntityManager, parcel: StoreOrder): Promise<Mine> {
    const order = await tx.findOneByOrFail(Order, { id: parcel.id });
    const invoice = await tx.findOne(Invoice, { where: { orderId: parcel.id }, order: { attempt: 'DESC' } });
    const { id, number, botId, state, lines, delivery, createdAt } = parcel;
    const { currency, discountMinor, totalMinor, refundedMinor, expiresAt } = order;
    const nobody = { address: null, recipient: null, note: null };
    return {
      ...{ id, number, botId, state, money: order.state, lines, delivery, createdAt },
      ...{ currency, goodsMinor: goodsMinorOf(parcel), discountMinor, totalMinor, refundedMinor },
      ...((await this.deliverTo(tx, parcel).catch(unlessErased)) ?? nobody),
      tracking: await this.trackingOf(tx, parcel),
      next: order.state === 'awaiting' ? nextOf(order, invoice) : null,
      reservedUntil: state === 'new' ? expiresAt : null,
      returnableUntil: returnableUntil(parcel),
      returns: await this.returnsOf(tx, parcel, order),
    };
  }

  /** One of a parcel's returns, or all of them, the latest first. */
  async returnsOf(tx: EntityManager, parcel: StoreOrder, { currency }: Order, id?: string): Promise<ShownReturn[]> {
    const all = await tx.find(Return, { where: { orderId: parcel.id }, order: { id: 'DESC' } });
    const [last] = all
      .filter(({ receivedAt }) => receivedAt !== null)
      .toSorted((a, b) => b.receivedAt!.getTime() - a.receivedAt!.getTime());
    const returns = id === undefined ? all : all.filter((one) => one.id === id);
    const read = await this.personal.decryptAll(
      tx,
      returns.map(({ id: returnId, userId, reason, decision }) => ({
        row: { table: 'returns', id: returnId, userId },
        values: { reason, decision },
      })),
    );
    const isAll = parcel.lines.every(({ quantity, returned }) => quantity === returned);
    return returns.map((one, i) => ({
      ...{ ...one, currency, reason: read[i]!.reason ?? null, decision: read[i]!.decision ?? null },
      deliveryMinor: isAll && one === last ? parcel.delivery.amountMinor : 0,
    }));
  }

  /** Papers are written by a feature above this one, and belong to the order all the same. */
  private documentsOf(tx: EntityManager, orderId: string): Promise<AnswerOf<typeof ReadStoreOrder>['documents']> {
    return tx.query(
      `SELECT id, kind, locale, state, bytes, sha256, at FROM order_documents WHERE order_id = $1 ORDER BY kind`,
      [orderId],
    );
  }

  private filtered({ query, actor }: RequestOf<typeof ListStoreOrders>): SelectQueryBuilder<StoreOrder> {
    const { brandId, botId, userId, from, to, search } = query;
    const { bots } = actor;
    const rows = this.db.manager.createQueryBuilder(StoreOrder, 'o').where('true');
    if (bots) rows.andWhere('(o.botId IN (:...bots) OR o.brandId IN (:...bots))', { bots: [...bots, ''] });
    if (brandId) rows.andWhere('o.brandId = :brandId', { brandId });
    if (botId) rows.andWhere('o.botId = :botId', { botId });
    if (userId) rows.andWhere('o.userId = :userId', { userId });
    if (from) rows.andWhere('o.createdAt >= :from', { from });
    if (to) rows.andWhere('o.createdAt < :to', { to });
    if (search) {
      const sku = JSON.stringify([{ sku: search }]);
      rows.andWhere(SEARCHED, { search, sku, id: isUuid(search) ? search : null });
    }
    return rows;
  }

  private async summaries(tx: EntityManager, parcels: readonly StoreOrder[]): Promise<Summary[]> {
    const ids = parcels.map(({ id }) => id);
    const orders = await tx.findBy(Order, { id: In(ids) });
    const open = await tx.findBy(Return, { orderId: In(ids), state: In(['asked', 'agreed', 'received']) });
    return parcels.map((parcel) => {
      const { currency, totalMinor, refundedMinor, state } = orders.find(({ id }) => id === parcel.id)!;
      return {
        ...{ ...parcel, money: state, currency, totalMinor, refundedMinor },
        channel: parcel.chatId === null ? null : (this.bots.find(parcel.botId)?.channel.kind ?? null),
        pieces: parcel.lines.reduce((sum, { quantity }) => sum + quantity, 0),
        openReturns: open.filter(({ orderId }) => orderId === parcel.id).length,
      };
    });
  }

  private async trackingOf(tx: EntityManager, parcel: StoreOrder): Promise<string | null> {
    const { tracking } = await this.personal.tryDecrypt(tx, placeOf(parcel), { tracking: parcel.tracking });
    return tracking ?? null;
  }
}

const recipientIn = (kept: string | null): z.output<typeof Recipient> | null =>
  kept === null ? null : (JSON.parse(kept) as z.output<typeof Recipient>);

function unlessErased(error: unknown): null {
  if (error instanceof AddressErased) return null;
  throw error;
}

/** By whatever somebody who asks for a parcel can name: each of it has an index, which an OR of them would not use. */
const SEARCHED = `o.id IN (
  SELECT id FROM store_orders WHERE number = :search
  UNION SELECT id FROM store_orders WHERE user_id = :id::uuid
  UNION SELECT id FROM store_orders WHERE lines @> :sku::jsonb
  UNION SELECT :id::uuid)`;
