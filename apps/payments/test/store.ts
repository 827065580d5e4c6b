import {
  type Actor,
  CancelOrder,
  ChangeStock,
  CreateDeliveryMethod,
  CreateProduct,
  CreateVariant,
  MoveStoreOrder,
  PlaceOrder,
  ReadCart,
  ReadMyStoreOrder,
  ReadProduct,
  ReadStoreOrder,
  SetCartLine,
  type WantedGoods,
} from '@switchboard/contracts';
import type { AnswerOf } from '@switchboard/service-kit';
import { v7 as uuidv7 } from 'uuid';
import type { z } from 'zod';
import { BOT, TestShop } from './build';
import { pay } from './pretended.provider';

type Product = z.input<(typeof CreateProduct)['body']>;
type Variant = z.input<(typeof CreateVariant)['body']>;
type Order = AnswerOf<typeof PlaceOrder>;
type Parcel = AnswerOf<typeof ReadStoreOrder>;

export const named = (name: string) => ({ en: name, ru: name });
export const RECIPIENT = { name: 'Анна Ким', phone: '+7 900 000-00-00' };
export const ADDRESS = 'Казань, ул. Баумана, 1, кв. 2';

/** A shop of goods, as staff and buyers use it. */
export class TestStore {
  private constructor(
    readonly shop: TestShop,
    readonly courierId: string,
  ) {}

  static async start(options: Parameters<typeof TestShop.start>[0] = {}): Promise<TestStore> {
    const shop = await TestShop.start(options);
    const body = {
      brandId: BOT,
      code: 'courier',
      name: named('Courier'),
      prices: { RUB: 300_00 },
      needs: 'address',
    } as const;
    const { id } = await shop.app.gateway.call(CreateDeliveryMethod, { body, idempotencyKey: uuidv7() });
    return new TestStore(shop, id);
  }

  product(more: Partial<Product> = {}): Promise<AnswerOf<typeof CreateProduct>> {
    const body = { brandId: BOT, code: uuidv7(), title: named('T-shirt'), description: named(''), ...more };
    return this.shop.app.gateway.call(CreateProduct, { body, idempotencyKey: uuidv7() });
  }

  variant(productId: string, more: Partial<Variant> = {}): Promise<AnswerOf<typeof CreateVariant>> {
    const body = { sku: uuidv7(), prices: { RUB: 1000_00 }, ...more };
    return this.shop.app.gateway.call(CreateVariant, { params: { productId }, body, idempotencyKey: uuidv7() });
  }

  /** A thing of which there are so many, and its id. */
  async thing(pieces: number, more: Partial<Variant> = {}): Promise<string> {
    const { id } = await this.variant((await this.product()).id, more);
    if (pieces > 0) await this.stock(id, 'received', pieces);
    return id;
  }

  stock(variantId: string, kind: 'received' | 'counted' | 'corrected', quantity: number) {
    const body = { kind, quantity, reason: 'A spec' };
    return this.shop.app.gateway.call(ChangeStock, { params: { variantId }, body, idempotencyKey: uuidv7() });
  }

  /** On hand, and of these reserved. */
  async numbers(variantId: string): Promise<[onHand: number, reserved: number]> {
    const [row] = await this.shop.app.service.db.query<[{ on_hand: number; reserved: number; product_id: string }]>(
      `SELECT on_hand, reserved, product_id FROM variants WHERE id = $1`,
      [variantId],
    );
    const { variants } = await this.shop.app.gateway.call(ReadProduct, { params: { productId: row.product_id } });
    const shown = variants.find(({ id }) => id === variantId)!;
    expect([shown.onHand, shown.reserved]).toEqual([row.on_hand, row.reserved]);
    return [row.on_hand, row.reserved];
  }

  setLine(actor: Actor, variantId: string, quantity: number, botId = BOT) {
    const asked = { query: { botId }, params: { variantId }, body: { quantity } };
    return this.shop.app.gateway.call(SetCartLine, asked, { actor });
  }

  cart(actor: Actor, botId = BOT): Promise<AnswerOf<typeof ReadCart>> {
    return this.shop.app.gateway.call(ReadCart, { query: { botId } }, { actor });
  }

  /** What a person wants who has seen their cart. */
  async wanted(actor: Actor, more: Partial<WantedGoods> = {}): Promise<WantedGoods> {
    const { id, revision, goodsMinor, delivery } = await this.cart(actor);
    const way = delivery.find(({ methodId }) => methodId === (more.deliveryMethodId ?? this.courierId));
    return {
      ...{ kind: 'goods', cartId: id, cartRevision: revision, deliveryMethodId: this.courierId },
      ...{ sumMinor: goodsMinor + (way?.amountMinor ?? 0), address: ADDRESS, recipient: RECIPIENT },
      ...more,
    };
  }

  async order(actor: Actor, lines: Record<string, number>, more: Partial<WantedGoods> = {}): Promise<Order> {
    for (const [variantId, quantity] of Object.entries(lines)) await this.setLine(actor, variantId, quantity);
    return this.shop.place(actor, { wanted: await this.wanted(actor, more) });
  }

  /** Pays by the page of the provider, and waits until that is heard. */
  async pay(actor: Actor, order: Order, state = 'fulfilled'): Promise<Order> {
    const externalId = await this.shop.page(actor, order.id);
    pay(externalId, order.quote.dueMinor);
    await this.shop.notify(externalId);
    return this.shop.settled(actor, order.id, state);
  }

  async bought(actor: Actor, lines: Record<string, number>, more: Partial<WantedGoods> = {}): Promise<Order> {
    return this.pay(actor, await this.order(actor, lines, more));
  }

  parcel(orderId: string): Promise<Parcel> {
    return this.shop.app.gateway.call(ReadStoreOrder, { params: { orderId } });
  }

  mine(actor: Actor, orderId: string): Promise<AnswerOf<typeof ReadMyStoreOrder>> {
    return this.shop.app.gateway.call(ReadMyStoreOrder, { params: { orderId } }, { actor });
  }

  async move(orderId: string, to: 'paid' | 'packed' | 'sent' | 'done', more: object = {}): Promise<Parcel> {
    const { revision } = await this.parcel(orderId);
    const asked = { params: { orderId }, body: { to, ...more }, ifMatch: `"${revision}"` };
    return this.shop.app.gateway.call(MoveStoreOrder, asked);
  }

  /** As far as a person has it. */
  async had(actor: Actor, lines: Record<string, number>): Promise<Order> {
    const order = await this.bought(actor, lines);
    for (const step of ['packed', 'sent', 'done'] as const) await this.move(order.id, step);
    return order;
  }

  giveUp(actor: Actor, orderId: string) {
    const asked = { params: { orderId }, idempotencyKey: uuidv7() };
    return this.shop.app.gateway.call(CancelOrder, asked, { actor });
  }

  /** What keeps the numbers of all things from being right. */
  async faults(): Promise<unknown[]> {
    return [
      ...(await this.shop.ledgerFaults()),
      ...(await this.shop.app.service.db.query<unknown[]>(
        `SELECT v.sku FROM variants v
         WHERE on_hand <> (SELECT coalesce(sum(on_hand), 0) FROM stock_moves m WHERE m.variant_id = v.id)
           OR reserved <> (SELECT coalesce(sum(quantity), 0) FROM stock_reservations r WHERE r.variant_id = v.id AND r.state = 'held')`,
      )),
    ];
  }
}
