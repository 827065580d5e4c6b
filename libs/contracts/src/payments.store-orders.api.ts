import { z } from 'zod';
import { Instant, pageOf, PageQuery, queryList } from './api.shapes';
import { defineRoute } from './define-route';
import { AmountMinor, Currency } from './money';
import { openWord } from './open-word';
import {
  DeliveryAddress,
  OrderNote,
  Recipient,
  StoreOrderDelivery,
  StoreOrderLine,
  StoreOrderNumber,
  StoreOrderState,
} from './payments.goods.shapes';
import { REFUND_LIMITS } from './payments.orders.api';
import { OrderDocument } from './payments.order-documents.api';
import { StoreReturn } from './payments.returns.api';
import { OrderState } from './payments.shop.api';
import { BotId, Channel } from './shapes';

// For staff: orders of goods, from paid to done. How they were paid and what went back is in payments.orders.*.

const Tracking = z.string().trim().min(1).max(200).describe('A number or a link of the carrier.');
const Reason = z.string().trim().min(3).max(500);

const StoreOrderSummary = z
  .object({
    ...{ id: z.uuid().describe('The same as of the order.'), number: StoreOrderNumber, brandId: BotId, botId: BotId },
    channel: Channel.nullable().describe('Where it was ordered; null: on a page.'),
    userId: z.uuid(),
    state: StoreOrderState,
    money: OrderState,
    currency: Currency,
    totalMinor: AmountMinor,
    refundedMinor: AmountMinor,
    pieces: z.int(),
    delivery: StoreOrderDelivery,
    openReturns: z.int(),
    createdAt: Instant,
    paidAt: Instant.nullable(),
    packedAt: Instant.nullable(),
    sentAt: Instant.nullable(),
    doneAt: Instant.nullable(),
    revision: z.int(),
  })
  .meta({ id: 'payments.StoreOrderSummary' });

const DeliverTo = z
  .object({ address: DeliveryAddress.nullable(), recipient: Recipient.nullable(), note: OrderNote.nullable() })
  .meta({ id: 'payments.DeliverTo' });

const StoreOrder = StoreOrderSummary.extend({
  lines: z.array(StoreOrderLine),
  goodsMinor: AmountMinor,
  discountMinor: AmountMinor,
  promoCode: z.string().nullable(),
  deliverTo: DeliverTo.nullable().describe('Of an order in work; later it is asked for with a reason, or is erased.'),
  tracking: z.string().nullable(),
  chatId: z.uuid().nullable(),
  changes: z
    .array(
      z.object({
        ...{ from: StoreOrderState.nullable(), to: StoreOrderState, by: z.string(), at: Instant },
        reason: z.string().nullable(),
      }),
    )
    .describe('The latest first.'),
  returns: z.array(StoreReturn),
  documents: z.array(OrderDocument),
}).meta({ id: 'payments.StoreOrder' });

const oneOrder = {
  params: z.object({ orderId: z.uuid() }),
  bots: 'filtered',
  problems: { 'payments.store_order_not_found': 404 },
} as const;

export const ListStoreOrders = defineRoute({
  id: 'payments.store-orders.list',
  method: 'GET',
  path: '/store-orders',
  summary: 'Orders of goods, the newest first. Neither names nor addresses.',
  permission: 'orders:read',
  bots: 'filtered',
  query: PageQuery.extend({
    brandId: BotId.optional(),
    botId: BotId.optional(),
    userId: z.uuid().optional(),
    state: queryList(StoreOrderState).optional(),
    from: Instant.optional().describe('Was placed from then on, …'),
    to: Instant.optional().describe('… and before then.'),
    search: z.string().trim().max(200).optional().describe('A number of an order, an id of a person, a SKU.'),
  }).refine(({ from, to }) => !from || !to || from < to, { error: 'must be later than `from`', path: ['to'] }),
  answer: pageOf(StoreOrderSummary).extend({
    counts: z.record(z.string(), z.int()).describe('By state, of the same shop, account and time.'),
  }),
});

export const ReadStoreOrder = defineRoute({
  ...oneOrder,
  id: 'payments.store-orders.read',
  method: 'GET',
  path: '/store-orders/{orderId}',
  summary: 'An order of goods. While it is in work also to whom it goes: whoever packs it has to know.',
  permission: 'orders:read',
  answer: StoreOrder,
  etag: 'revision',
});

export const RevealStoreOrderAddress = defineRoute({
  ...oneOrder,
  id: 'payments.store-orders.reveal',
  method: 'GET',
  path: '/store-orders/{orderId}/address',
  summary: 'To whom an order went that is not in work any more.',
  permission: 'orders:read',
  sensitive: true,
  answer: DeliverTo,
  problems: { ...oneOrder.problems, 'payments.address_erased': 409 },
});

export const MoveStoreOrder = defineRoute({
  ...oneOrder,
  id: 'payments.store-orders.move',
  method: 'POST',
  path: '/store-orders/{orderId}/state',
  summary: 'Says how far a parcel is. Backwards with a reason, and then nobody is told.',
  permission: 'orders:fulfil',
  ifMatch: true,
  body: z.object({
    to: z.enum(['paid', 'packed', 'sent', 'done']).describe('Only backwards to "paid": a provider says that.'),
    tracking: Tracking.optional(),
    reason: Reason.optional().describe('Needed backwards.'),
  }),
  answer: StoreOrder,
  etag: 'revision',
  problems: { ...oneOrder.problems, 'payments.order_state_refused': 409, 'payments.reason_needed': 422 },
});

const MoveOutcome = openWord(['moved', 'unchanged', 'changed_elsewhere', 'state_refused', 'not_found'], {
  id: 'payments.MoveOutcome',
  description: 'What became of one order. "unchanged": it was there already.',
});

export const MoveStoreOrders = defineRoute({
  id: 'payments.store-orders.move-many',
  method: 'POST',
  path: '/store-orders/moves',
  summary: 'Says of many parcels how far they are. Each goes by itself: one that is refused keeps none of the others.',
  permission: 'orders:fulfil',
  bots: 'filtered',
  idempotent: true,
  cost: 20,
  body: z.object({
    to: z.enum(['packed', 'sent', 'done']),
    orders: z
      .array(
        z.object({
          orderId: z.uuid(),
          revision: z.int().describe('That was seen.'),
          tracking: Tracking.optional(),
        }),
      )
      .min(1)
      .max(200),
  }),
  answer: z.object({
    orders: z.array(
      z.object({
        ...{ orderId: z.uuid(), outcome: MoveOutcome },
        state: StoreOrderState.nullable(),
        revision: z.int().nullable(),
      }),
    ),
  }),
});

export const CancelStoreOrder = defineRoute({
  ...oneOrder,
  id: 'payments.store-orders.cancel',
  method: 'POST',
  path: '/store-orders/{orderId}/cancel',
  summary:
    'Gives up an order that was not sent: its pieces are back, and all that was paid goes back. Large sums need a second member of staff.',
  permission: 'refunds:request',
  ifMatch: true,
  body: z.object({
    reason: Reason,
    refund: z
      .object({ amountMinor: AmountMinor.min(1), currency: Currency, toBalance: z.boolean().default(false) })
      .nullable()
      .describe('All that was paid and has not gone back; null of one that is not paid.'),
  }),
  approval: ({ body }) => {
    const { refund } = body as { refund: { amountMinor: number; currency: string } | null };
    return refund !== null && refund.amountMinor > (REFUND_LIMITS[refund.currency] ?? 0);
  },
  answer: StoreOrder,
  etag: 'revision',
  problems: {
    ...oneOrder.problems,
    'payments.order_state_refused': 409,
    'payments.refund_differs': 409,
  },
});

export const CorrectDelivery = defineRoute({
  ...oneOrder,
  id: 'payments.store-orders.correct-delivery',
  method: 'PUT',
  path: '/store-orders/{orderId}/delivery',
  summary: 'Corrects to whom an order goes that was not sent, as the person has asked.',
  permission: 'orders:fulfil',
  ifMatch: true,
  body: z.object({
    ...{ address: DeliveryAddress.nullable(), recipient: Recipient, note: OrderNote.nullable() },
    reason: Reason,
  }),
  answer: StoreOrder,
  etag: 'revision',
  problems: { ...oneOrder.problems, 'payments.order_state_refused': 409, 'payments.address_needed': 422 },
});
