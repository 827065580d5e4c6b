import { Injectable } from '@nestjs/common';
import { Outbox } from '@switchboard/bus';
import { NoticeSendRequested, StoreOrderChanged } from '@switchboard/contracts';
import { BotsRegistry, Clock, DomainError, PersonalData } from '@switchboard/service-kit';
import { type EntityManager, In } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { CartChanged, CartsService } from '../carts/carts.service';
import { Variant } from '../goods/product.entity';
import { ReceiptsService } from '../invoices/receipts.service';
import type { Order } from '../orders/order.entity';
import { type OrderedThings, OrdersService, TooManyOpenOrders } from '../orders/orders.service';
import { StockService } from '../stock/stock.service';
import { StoreOrder, StoreOrderChange } from './store-order.entity';
import { STORE_ORDER_TRANSITIONS, type StoreOrderState } from './store-order.states';

export class AddressNeeded extends DomainError {
  constructor() {
    const texts = {
      en: 'This way of delivery needs an address and somebody who receives it.',
      ru: 'Для этого способа доставки нужны адрес и получатель.',
    };
    super('payments.address_needed', texts, 422);
  }
}

export class OrderStateRefused extends DomainError {
  constructor(state: StoreOrderState) {
    const texts = {
      en: 'The order is not as far as this needs, or further.',
      ru: 'В нынешнем состоянии заказа это сделать нельзя.',
    };
    super('payments.order_state_refused', texts, 409, { state, allowed: STORE_ORDER_TRANSITIONS[state] });
  }
}

/** Who has changed a parcel, and why. */
export interface Author {
  readonly by: string;
  readonly reason?: string | undefined;
  /** It went backwards: nobody is told. */
  readonly correction?: boolean;
}

/** Of one person in a shop, not paid: each keeps pieces from everybody else. */
const OPEN_PARCELS = 3;

const ITSELF: Author = { by: 'payments' };

/** The parcel of an order of goods: it is made when the order is, and goes the way of its own once that is paid. */
@Injectable()
export class StoreOrdersService implements OrderedThings {
  constructor(
    private readonly bots: BotsRegistry,
    private readonly carts: CartsService,
    private readonly stock: StockService,
    private readonly personal: PersonalData,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
    orders: OrdersService,
    receipts: ReceiptsService,
  ) {
    orders.onThings('goods', this);
    receipts.onTerms('goods', (tx, order) => this.receiptTerms(tx, order));
  }

  async placed(...[tx, order, asked, { goods, listMinor }]: Parameters<OrderedThings['placed']>): Promise<void> {
    const { wanted } = asked;
    if (wanted.kind !== 'goods' || !goods) return;
    const { cartId, cartRevision, sumMinor, address, recipient, note, chatId } = wanted;
    const { brandId, lines, delivery } = goods;
    if (sumMinor === undefined) throw new CartChanged({ revision: cartRevision, sumMinor: listMinor });
    if (delivery.needs !== 'nothing' && (!address || !recipient)) throw new AddressNeeded();
    await this.carts.take(tx, order.userId, cartId, cartRevision);
    const open = await tx.countBy(StoreOrder, { userId: order.userId, brandId, state: 'new' });
    if (open >= OPEN_PARCELS) throw new TooManyOpenOrders();
    await this.stock.reserve(tx, order.id, lines);
    const { id, userId, botId, createdAt } = order;
    const sealed = await this.personal.encrypt(tx, placeOf(order), {
      ...{ address: address ?? null, note: note || null },
      recipient: recipient ? JSON.stringify(recipient) : null,
    });
    const parcel = tx.create(StoreOrder, {
      ...{ id, userId, brandId, botId, chatId: chatId ?? null, lines, delivery, ...sealed, tracking: null },
      ...{ number: await this.nextNumber(tx, brandId), state: 'new', createdAt, revision: 1 },
      ...{ paidAt: null, packedAt: null, sentAt: null, doneAt: null, forgottenAt: null },
    });
    await tx.insert(StoreOrder, parcel as never);
    await this.note(tx, parcel, null, ITSELF);
  }

  /** Its pieces are kept for it, or can be again: money may come when they were given up for long. */
  async canBeHad(tx: EntityManager, order: Order): Promise<boolean> {
    const { lines, number, brandId } = await tx.findOneByOrFail(StoreOrder, { id: order.id });
    if (await this.stock.hold(tx, order.id, lines)) return true;
    const texts = {
      en: `**An order was paid too late.** What is in ${number} of ${brandId} was sold to others meanwhile. The money lies on the balance of the person.`,
      ru: `**Заказ оплачен слишком поздно.** Товары заказа ${number} (${brandId}) уже проданы другим. Деньги лежат на балансе человека.`,
    };
    await this.outbox.add(tx, NoticeSendRequested({ noticeId: order.id, audience: 'staff', texts }));
    return false;
  }

  async closed(tx: EntityManager, { id }: Order): Promise<void> {
    await this.stock.release(tx, id);
    const parcel = await this.lock(tx, id);
    if (parcel.state === 'new') await this.become(tx, parcel, 'cancelled', ITSELF);
  }

  async handOut(tx: EntityManager, { id }: Order): Promise<void> {
    await this.stock.sell(tx, id);
    const parcel = await this.lock(tx, id);
    parcel.paidAt = this.clock.now();
    await this.become(tx, parcel, 'paid', ITSELF);
  }

  /** All its money went back. What has not left stays here; what has is a matter between people. */
  async moneyWentBack(tx: EntityManager, orderId: string): Promise<void> {
    const known = await tx.findOneBy(StoreOrder, { id: orderId });
    if (known?.state !== 'paid' && known?.state !== 'packed') return;
    await this.stock.takeBack(tx, orderId, known.lines, ITSELF.by);
    const parcel = await this.lock(tx, orderId);
    if (parcel.state === 'paid' || parcel.state === 'packed') await this.become(tx, parcel, 'cancelled', ITSELF);
  }

  lock(tx: EntityManager, id: string): Promise<StoreOrder> {
    return tx.findOneOrFail(StoreOrder, { where: { id }, lock: { mode: 'pessimistic_write' } });
  }

  /** Moves a locked parcel, and says so. */
  async become(tx: EntityManager, parcel: StoreOrder, state: StoreOrderState, author: Author): Promise<void> {
    const previous = parcel.state;
    parcel.become(state);
    await this.save(tx, parcel);
    await this.note(tx, parcel, previous, author);
  }

  async save(tx: EntityManager, parcel: StoreOrder): Promise<void> {
    const { id, ...rest } = parcel;
    await tx.update(StoreOrder, { id }, rest as never);
  }

  private async note(
    tx: EntityManager,
    parcel: StoreOrder,
    previous: StoreOrderState | null,
    { by, reason = undefined, correction = false }: Author,
  ): Promise<void> {
    const { id: orderId, number, userId, brandId, botId, chatId, state } = parcel;
    const [id, at] = [uuidv7(), this.clock.now()];
    const place = { table: 'store_order_changes', id, userId };
    // Somebody who was erased meanwhile has no key, and what happens by itself no reason.
    const sealed = reason === undefined ? { reason: null } : await this.personal.encrypt(tx, place, { reason });
    await tx.insert(StoreOrderChange, { id, orderId, from: previous, to: state, by, ...sealed, at });
    const { tracking } = await this.personal.tryDecrypt(tx, placeOf(parcel), { tracking: parcel.tracking });
    await this.outbox.add(
      tx,
      StoreOrderChanged({
        ...{ orderId, number, userId, brandId, botId, state, correction, at: at.toISOString() },
        ...{
          ...(chatId !== null && { chatId }),
          ...(previous !== null && { previous }),
          ...(tracking && { tracking }),
        },
        byStaff: by !== ITSELF.by,
      }),
    );
  }

  /** Counted without gaps for each shop and year of its own zone: whoever comes next waits until this one has its own. */
  private async nextNumber(tx: EntityManager, brandId: string): Promise<string> {
    const timeZone = this.bots.find(brandId)?.timeZone ?? 'UTC';
    const year = new Intl.DateTimeFormat('en', { timeZone, year: 'numeric' }).format(this.clock.now());
    const [{ last }] = await tx.query<[{ last: number }]>(
      `INSERT INTO store_numbers AS n (brand_id, year, last) VALUES ($1, $2, 1)
       ON CONFLICT (brand_id, year) DO UPDATE SET last = n.last + 1 RETURNING last`,
      [brandId, Number(year)],
    );
    return `${year}-${String(last).padStart(4, '0')}`;
  }

  /** A receipt has one line for all of it: with the rate of the first thing that has one. */
  private async receiptTerms(tx: EntityManager, { id }: Order) {
    const { lines } = await tx.findOneByOrFail(StoreOrder, { id });
    const variants = await tx.findBy(Variant, { id: In(lines.map(({ variantId }) => variantId)) });
    const terms = variants.map(({ receipt }) => receipt).find(({ vat }) => vat?.length) ?? variants[0]?.receipt;
    return { ...terms, subject: terms?.subject ?? 'commodity' };
  }
}

export const placeOf = ({ id, userId }: { id: string; userId: string }) => ({ table: 'store_orders', id, userId });
