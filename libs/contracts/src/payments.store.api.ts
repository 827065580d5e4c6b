import { z } from 'zod';
import { Instant, LocalizedText, pageOf, PageQuery, queryList } from './api.shapes';
import { defineRoute } from './define-route';
import { AmountMinor, Currency } from './money';
import {
  Availability,
  DeliveryAddress,
  OfferedDelivery,
  OrderNote,
  ProductAttribute,
  ProductMedia,
  ProductOption,
  Quantity,
  Recipient,
  Sku,
  StoreOrderDelivery,
  StoreOrderLine,
  StoreOrderNumber,
  StoreOrderState,
  StoreVariant,
  VariantChoice,
} from './payments.goods.shapes';
import { ReturnLines, StoreReturn } from './payments.returns.api';
import { NextStep, OrderState, PayWith } from './payments.shop.api';
import { BotId } from './shapes';

// A person's own: what a shop has, their cart, what they have ordered. The bot may be any account of the shop.

const ofShop = { query: z.object({ botId: BotId }), problems: { 'payments.no_shop': 404 } } as const;

const StoreProduct = z
  .object({
    ...{ id: z.uuid(), title: LocalizedText, description: LocalizedText, attributes: z.array(ProductAttribute) },
    options: z.array(ProductOption),
    media: z.array(ProductMedia),
    variants: z.array(StoreVariant),
  })
  .meta({ id: 'payments.StoreProduct', description: 'A product, as people see it.' });

export const ReadStore = defineRoute({
  ...ofShop,
  id: 'payments.store.read',
  method: 'GET',
  path: '/me/store',
  summary: 'The goods of a shop, with what they cost now and whether there are any.',
  permission: 'me:read',
  query: PageQuery.extend({
    botId: BotId,
    q: z.string().trim().max(200).optional().describe('Words of titles, attributes and codes.'),
    productId: queryList(z.uuid()).optional().describe('These alone.'),
    variantId: queryList(z.uuid()).optional().describe('The products of these variants alone.'),
  }),
  answer: pageOf(StoreProduct).extend({
    currencies: z.array(Currency).describe('In which everything of the shop has a price, the usual one first.'),
    payWith: z.array(PayWith),
  }),
});

const Cart = z
  .object({
    id: z.uuid(),
    brandId: BotId,
    currency: Currency,
    lines: z.array(
      z.object({
        ...{ variantId: z.uuid(), productId: z.uuid(), sku: Sku, title: LocalizedText, choice: VariantChoice },
        quantity: Quantity,
        unitMinor: AmountMinor.nullable().describe('Null: it is not sold any more, or not in this currency.'),
        availability: Availability.describe('Of so many pieces.'),
      }),
    ),
    goodsMinor: AmountMinor,
    delivery: z.array(OfferedDelivery),
    updatedAt: Instant,
    revision: z.int().describe('Named when it is ordered, so that nobody pays for another cart than they have seen.'),
  })
  .meta({ id: 'payments.Cart' });

const ofCart = { ...ofShop, answer: Cart, etag: 'revision' } as const;

export const ReadCart = defineRoute({
  ...ofCart,
  id: 'payments.carts.read',
  method: 'GET',
  path: '/me/cart',
  summary: 'Your cart, with what it costs now and how it can be delivered.',
  permission: 'me:read',
});

export const SetCartLine = defineRoute({
  ...ofCart,
  id: 'payments.carts.set-line',
  method: 'PUT',
  path: '/me/cart/lines/{variantId}',
  summary: 'Says how many of a variant are in your cart: repeated, it changes nothing more. Nothing is reserved yet.',
  permission: 'me:write',
  params: z.object({ variantId: z.uuid() }),
  body: z.object({
    quantity: z.int().min(0).max(999).describe('0 takes it out.'),
    currency: Currency.optional().describe('Of the whole cart from now on; what it was when absent.'),
  }),
  problems: {
    ...ofShop.problems,
    'payments.variant_not_found': 404,
    'payments.out_of_stock': 409,
    'payments.cart_full': 409,
    'payments.currency_not_sold': 422,
    'payments.amount_out_of_range': 422,
  },
});

export const ClearCart = defineRoute({
  ...ofShop,
  id: 'payments.carts.clear',
  method: 'DELETE',
  path: '/me/cart',
  summary: 'Takes everything out of your cart.',
  permission: 'me:write',
});

const MyStoreOrder = z
  .object({
    ...{ id: z.uuid(), number: StoreOrderNumber, botId: BotId, state: StoreOrderState, money: OrderState },
    lines: z.array(StoreOrderLine),
    delivery: StoreOrderDelivery,
    ...{ currency: Currency, goodsMinor: AmountMinor, discountMinor: AmountMinor, totalMinor: AmountMinor },
    refundedMinor: AmountMinor,
    address: DeliveryAddress.nullable(),
    recipient: Recipient.nullable(),
    note: OrderNote.nullable(),
    tracking: z.string().nullable(),
    next: NextStep.nullable().describe('How it is paid, while it is not.'),
    reservedUntil: Instant.nullable().describe('So long the pieces are kept for an order that is not paid.'),
    returnableUntil: Instant.nullable(),
    returns: z.array(StoreReturn.omit({ askedBy: true })),
    createdAt: Instant,
  })
  .meta({ id: 'payments.MyStoreOrder' });

export const ListMyStoreOrders = defineRoute({
  ...ofShop,
  id: 'payments.store-orders.list-mine',
  method: 'GET',
  path: '/me/store-orders',
  summary: 'The goods that you have ordered from a shop, the newest first.',
  permission: 'me:read',
  query: PageQuery.extend({ botId: BotId }),
  answer: pageOf(MyStoreOrder),
});

const oneOfMine = {
  params: z.object({ orderId: z.uuid() }),
  problems: { 'payments.store_order_not_found': 404 },
} as const;

export const ReadMyStoreOrder = defineRoute({
  ...oneOfMine,
  id: 'payments.store-orders.read-mine',
  method: 'GET',
  path: '/me/store-orders/{orderId}',
  summary: 'One of your orders of goods, and how far it is.',
  permission: 'me:read',
  answer: MyStoreOrder,
});

export const AskMyReturn = defineRoute({
  ...oneOfMine,
  id: 'payments.returns.ask-mine',
  method: 'POST',
  path: '/me/store-orders/{orderId}/returns',
  summary: 'Asks to give goods back.',
  permission: 'me:write',
  idempotent: true,
  status: 201,
  body: z.object({ lines: ReturnLines, reason: z.string().trim().min(1).max(500) }),
  answer: MyStoreOrder,
  problems: { ...oneOfMine.problems, 'payments.nothing_to_return': 409, 'payments.order_state_refused': 409 },
});
