import { Injectable } from '@nestjs/common';
import {
  type ClearCart,
  type LocalizedText,
  MAX_AMOUNT,
  type ReadCart,
  type SetCartLine,
} from '@switchboard/contracts';
import { type AnswerOf, asActor, BotsRegistry, Clock, DomainError, type RequestOf } from '@switchboard/service-kit';
import { DataSource, type EntityManager, In } from 'typeorm';
import { v5 as uuidv5 } from 'uuid';
import { priceIn } from '../catalogue/catalogue.service';
import { DeliveryNotOffered, DeliveryService } from '../delivery/delivery.service';
import { brandOf } from '../goods/brands';
import { VariantNotFound } from '../goods/goods.service';
import { Product, Variant } from '../goods/product.entity';
import { AmountOutOfRange, type ListGoods, QuotesService } from '../orders/quotes.service';
import { OutOfStock } from '../stock/stock.service';
import { Cart, CartLine } from './cart.entity';
import { availabilityOf, StorefrontService } from './storefront.service';

export class CartChanged extends DomainError {
  constructor(now: { revision: number; sumMinor?: number }) {
    const texts = {
      en: 'The cart, a price or the delivery is not what was seen any more.',
      ru: 'Корзина, цена или доставка изменились с тех пор, как их показали.',
    };
    super('payments.cart_changed', texts, 409, now);
  }
}

class CartFull extends DomainError {
  constructor() {
    const texts = {
      en: 'There are as many different things in the cart as may be.',
      ru: 'В корзине уже максимум разных товаров.',
    };
    super('payments.cart_full', texts, 409, { most: MOST_LINES });
  }
}

const MOST_LINES = 50;
const CARTS = '1c5d0b8e-5a53-4f0e-9d56-2a1c7a4b9f30';

interface Line {
  readonly variant: Variant;
  readonly product: Product;
  readonly quantity: number;
}

/** What people have chosen and not ordered yet. */
@Injectable()
export class CartsService {
  constructor(
    private readonly db: DataSource,
    private readonly bots: BotsRegistry,
    private readonly storefront: StorefrontService,
    private readonly delivery: DeliveryService,
    private readonly clock: Clock,
    quotes: QuotesService,
  ) {
    quotes.onGoods((tx, asked, wanted) => this.quote(tx, asked, wanted));
  }

  read({ actor, query }: RequestOf<typeof ReadCart>): Promise<AnswerOf<typeof ReadCart>> {
    return asActor(this.db, actor, async (tx) => this.shown(tx, await this.of(tx, actor.id, query.botId)));
  }

  setLine({ actor, query, params, body }: RequestOf<typeof SetCartLine>): Promise<AnswerOf<typeof SetCartLine>> {
    return asActor(this.db, actor, async (tx) => {
      const cart = await this.of(tx, actor.id, query.botId, 'lock');
      const { variantId } = params;
      const lines = await this.linesOf(tx, cart);
      const quantity = lines.find(({ variant }) => variant.id === variantId)?.quantity ?? 0;
      const currency = body.currency ?? cart.currency;
      if (body.quantity === quantity && currency === cart.currency) return this.shown(tx, cart);
      const others = lines.filter(({ variant }) => variant.id !== variantId);
      if (body.quantity > 0) {
        if (others.length >= MOST_LINES) throw new CartFull();
        const wanted = { ...(await this.sold(tx, cart.brandId, variantId)), quantity: body.quantity };
        // Nothing is reserved by it: somebody else may be faster still.
        if (availabilityOf(wanted.variant, body.quantity) === 'no') throw new OutOfStock([leftOf(wanted.variant)]);
        sumOf([...others.filter(isSold), wanted], currency);
      }
      const now = this.clock.now();
      Object.assign(cart, { currency, revision: cart.revision + 1, updatedAt: now });
      await tx.upsert(Cart, { ...cart }, ['id']);
      const line = { cartId: cart.id, variantId };
      if (body.quantity === 0) await tx.delete(CartLine, line);
      else if (quantity > 0) await tx.update(CartLine, line, { quantity: body.quantity });
      else await tx.insert(CartLine, { ...line, quantity: body.quantity, addedAt: now });
      return this.shown(tx, cart);
    });
  }

  async clear({ actor, query }: RequestOf<typeof ClearCart>): Promise<void> {
    await asActor(this.db, actor, async (tx) => {
      const cart = await this.of(tx, actor.id, query.botId, 'lock');
      if (cart.revision > 0) await this.empty(tx, cart);
    });
  }

  /** Of whoever orders it. @throws CartChanged where it is not what they have seen */
  async take(tx: EntityManager, userId: string, cartId: string, revision: number): Promise<void> {
    const cart = await tx.findOne(Cart, { where: { id: cartId, userId }, lock: { mode: 'pessimistic_write' } });
    if (cart?.revision !== revision) throw new CartChanged({ revision: cart?.revision ?? 0 });
    await this.empty(tx, cart);
  }

  private async quote(...[tx, { userId, botId, currency }, wanted]: Parameters<ListGoods>): ReturnType<ListGoods> {
    const cart = await tx.findOneBy(Cart, { id: wanted.cartId, userId, brandId: brandOf(this.bots, botId) });
    const lines = cart ? await this.linesOf(tx, cart) : [];
    if (!cart || cart.revision !== wanted.cartRevision || lines.length === 0)
      throw new CartChanged({ revision: cart?.revision ?? 0 });
    const gone = lines.filter((line) => !isSold(line) || availabilityOf(line.variant, line.quantity) === 'no');
    if (gone.length > 0) throw new OutOfStock(gone.map(({ variant }) => leftOf(variant)));
    const goodsMinor = sumOf(lines, currency);
    const offered = await this.delivery.offered(tx, cart.brandId, currency, goodsMinor);
    const chosen = offered.find(({ methodId }) => methodId === wanted.deliveryMethodId);
    const isThere = !chosen?.countries || (wanted.country !== undefined && chosen.countries.includes(wanted.country));
    if (!chosen || !isThere) throw new DeliveryNotOffered();
    const { methodId, name, needs, amountMinor } = chosen;
    const listMinor = goodsMinor + amountMinor;
    if (listMinor > MAX_AMOUNT) throw new AmountOutOfRange(0, MAX_AMOUNT);
    if (wanted.sumMinor !== undefined && wanted.sumMinor !== listMinor)
      throw new CartChanged({ revision: cart.revision, sumMinor: listMinor });
    return {
      ...{ kind: 'goods' as const, title: titleOf(lines), listMinor, creditMinor: 0, extraDays: 0 },
      goods: {
        ...{ brandId: cart.brandId, goodsMinor, delivery: { methodId, name, needs, amountMinor } },
        lines: lines.map(({ variant: { id, sku, choice, prices }, product: { title }, quantity }) => ({
          ...{ variantId: id, sku, title, choice, quantity, unitMinor: priceIn(prices, currency), returned: 0 },
        })),
      },
    };
  }

  /** As it is, or as it would be: it has a row once something was put in. @throws NoShop */
  private async of(tx: EntityManager, userId: string, botId: string, lock?: 'lock'): Promise<Cart> {
    const brandId = brandOf(this.bots, botId);
    const currency = await this.storefront.usualCurrency(tx, botId);
    // Two of one person at once would both make it.
    if (lock) await tx.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [`cart ${userId} ${brandId}`]);
    const known = await tx.findOne(Cart, {
      where: { userId, brandId },
      ...(lock && { lock: { mode: 'pessimistic_write' } }),
    });
    if (known) return known;
    const id = uuidv5(`${userId} ${brandId}`, CARTS);
    return tx.create(Cart, {
      ...{ id, userId, brandId, currency, revision: 0, updatedAt: this.clock.now() },
    });
  }

  private async linesOf(tx: EntityManager, { id }: Cart): Promise<Line[]> {
    const lines = await tx.find(CartLine, { where: { cartId: id }, order: { addedAt: 'ASC', variantId: 'ASC' } });
    const variants = await tx.findBy(Variant, { id: In(lines.map(({ variantId }) => variantId)) });
    const products = await tx.findBy(Product, { id: In(variants.map(({ productId }) => productId)) });
    return lines.map(({ variantId, quantity }) => {
      const variant = variants.find((one) => one.id === variantId)!;
      return { variant, product: products.find((one) => one.id === variant.productId)!, quantity };
    });
  }

  private async sold(tx: EntityManager, brandId: string, variantId: string): Promise<Omit<Line, 'quantity'>> {
    const variant = await tx.findOneBy(Variant, { id: variantId, brandId });
    const product = variant && (await tx.findOneBy(Product, { id: variant.productId }));
    if (!product || !isSold({ variant, product })) throw new VariantNotFound();
    return { variant, product };
  }

  private async empty(tx: EntityManager, cart: Cart): Promise<void> {
    await tx.delete(CartLine, { cartId: cart.id });
    await tx.update(Cart, { id: cart.id }, { revision: cart.revision + 1, updatedAt: this.clock.now() });
  }

  private async shown(tx: EntityManager, cart: Cart): Promise<AnswerOf<typeof ReadCart>> {
    const { currency } = cart;
    const lines = (await this.linesOf(tx, cart)).map((line) => {
      const { variant, product, quantity } = line;
      const unitMinor = isSold(line) ? (variant.prices[currency] ?? null) : null;
      const { id: variantId, productId, sku, choice } = variant;
      const availability = isSold(line) ? availabilityOf(variant, quantity) : ('no' as const);
      return { variantId, productId, sku, title: product.title, choice, quantity, unitMinor, availability };
    });
    const sum = lines.reduce((all, { unitMinor, quantity }) => all + (unitMinor ?? 0) * quantity, 0);
    const goodsMinor = Math.min(sum, MAX_AMOUNT);
    return {
      ...cart,
      lines,
      goodsMinor,
      delivery: await this.delivery.offered(tx, cart.brandId, currency, goodsMinor),
    };
  }
}

const isSold = ({ variant, product }: Omit<Line, 'quantity'>): boolean =>
  variant.archivedAt === null && product.archivedAt === null;

const leftOf = ({ id: variantId, sku, archivedAt, onHand, reserved }: Variant) => ({
  ...{ variantId, sku, left: archivedAt ? 0 : onHand - reserved },
});

/** @throws CurrencyNotSold, AmountOutOfRange */
function sumOf(lines: readonly Line[], currency: string): number {
  const sum = lines.reduce((all, { variant, quantity }) => all + priceIn(variant.prices, currency) * quantity, 0);
  if (sum > MAX_AMOUNT) throw new AmountOutOfRange(0, MAX_AMOUNT);
  return sum;
}

/** Providers show it on their pages, and take no more than some words. */
function titleOf([first, ...others]: readonly Line[]): LocalizedText {
  const { title } = first!.product;
  const short = (text: string) => (text.length > 80 ? `${text.slice(0, 79)}…` : text);
  if (others.length === 0) return { ...title, en: short(title.en), ru: short(title.ru) };
  return {
    en: `${short(title.en)} and ${others.length} more`,
    ru: `${short(title.ru)} и ещё ${others.length}`,
  };
}
