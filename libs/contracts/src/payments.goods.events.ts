import { z } from 'zod';
import { LocalizedText } from './api.shapes';
import { defineEvent } from './define-event';
import {
  ProductAttribute,
  ReturnState,
  Sku,
  StoreOrderNumber,
  StoreOrderState,
  VariantChoice,
} from './payments.goods.shapes';
import { personal } from './personal';
import { BotId } from './shapes';

const brandId = BotId.describe('The home bot of the shop.');

export const ProductChanged = defineEvent(
  'payments.product.changed.v1',
  z.object({
    productId: z.uuid(),
    brandId,
    revision: z.int().positive(),
    title: LocalizedText,
    description: LocalizedText,
    attributes: z.array(ProductAttribute),
    variants: z.array(z.object({ variantId: z.uuid(), sku: Sku, choice: VariantChoice })),
    archived: z.boolean().describe('It is not sold any more.'),
  }),
  {
    subject: 'productId',
    summary: 'What is told of a product is another. Neither its prices nor its stock: those are asked for.',
  },
);

export const StockChanged = defineEvent(
  'payments.stock.changed.v1',
  z.object({
    variantId: z.uuid(),
    productId: z.uuid(),
    brandId,
    available: z.int().min(0).describe('On hand and not reserved.'),
    was: z.int().min(0),
    low: z.boolean().describe('So few that the shop wants to be warned.'),
  }),
  {
    subject: 'variantId',
    summary: 'The last piece of a variant is gone, there is one again, or there are fewer than the shop wants to have.',
  },
);

export const StoreOrderChanged = defineEvent(
  'payments.store-order.changed.v1',
  z.object({
    orderId: z.uuid(),
    number: StoreOrderNumber,
    userId: z.uuid().describe('The person, one id everywhere.'),
    brandId,
    botId: BotId.describe('Of the account by which it was ordered.'),
    chatId: z.uuid().optional().describe('Where it was ordered; absent: on a page.'),
    state: StoreOrderState,
    previous: StoreOrderState.optional().describe('Absent of one that was just placed.'),
    tracking: personal(z.string().min(1).max(200)).optional().describe('A number or a link of the carrier.'),
    byStaff: z.boolean(),
    correction: z.boolean().describe('It went backwards: nobody is told.'),
    at: z.iso.datetime(),
  }),
  { subject: 'orderId', summary: 'An order of goods was placed, or its parcel is further than before.' },
);

export const ReturnChanged = defineEvent(
  'payments.return.changed.v1',
  z.object({
    returnId: z.uuid(),
    orderId: z.uuid(),
    number: StoreOrderNumber,
    userId: z.uuid().describe('The person, one id everywhere.'),
    brandId,
    botId: BotId,
    chatId: z.uuid().optional(),
    state: ReturnState,
    refundId: z.uuid().optional(),
    at: z.iso.datetime(),
  }),
  { subject: 'orderId', summary: 'A return of goods was asked for, decided, received, or its money went back.' },
);
