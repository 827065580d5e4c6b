import { z } from 'zod';
import { Instant } from './api.shapes';
import { defineRoute } from './define-route';
import { AmountMinor, Currency } from './money';
import { Quantity, ReturnState } from './payments.goods.shapes';
import { REFUND_LIMITS } from './payments.orders.api';

// For staff: goods that come back, and the money for them. The money is a refund of the order like any other.

export const ReturnLines = z
  .array(z.object({ variantId: z.uuid(), quantity: Quantity }))
  .min(1)
  .max(100)
  .refine((lines) => new Set(lines.map(({ variantId }) => variantId)).size === lines.length, {
    error: 'names a variant twice',
  })
  .meta({ id: 'payments.ReturnLines' });

export const StoreReturn = z
  .object({
    ...{ id: z.uuid(), orderId: z.uuid(), state: ReturnState, lines: ReturnLines },
    goodsMinor: AmountMinor.describe('What was paid for these pieces, less their part of the discount.'),
    deliveryMinor: AmountMinor.describe('What was paid for the delivery and could go back with the last of them.'),
    currency: Currency,
    askedBy: z.string().describe('`person`, or `staff:0192…`.'),
    reason: z.string().nullable().describe('Null where it was erased.'),
    decision: z.string().nullable().describe('Why it was agreed to or refused, as the person is told.'),
    restock: z.boolean().nullable().describe('Whether the pieces can be sold again; null before they came.'),
    refundId: z.uuid().nullable(),
    createdAt: Instant,
    decidedAt: Instant.nullable(),
    receivedAt: Instant.nullable(),
    lapsesAt: Instant.nullable().describe('They have to be back by then.'),
    revision: z.int(),
  })
  .meta({ id: 'payments.Return' });

const Reason = z.string().trim().min(3).max(500);

const ofOrder = {
  params: z.object({ orderId: z.uuid() }),
  bots: 'filtered',
  answer: StoreReturn,
  etag: 'revision',
  problems: { 'payments.store_order_not_found': 404 },
} as const;
const ofReturn = {
  ...ofOrder,
  params: z.object({ orderId: z.uuid(), returnId: z.uuid() }),
  ifMatch: true,
  problems: {
    ...ofOrder.problems,
    'payments.return_not_found': 404,
    'payments.return_state_refused': 409,
  },
} as const;

export const AskReturn = defineRoute({
  ...ofOrder,
  id: 'payments.returns.ask',
  method: 'POST',
  path: '/store-orders/{orderId}/returns',
  summary: 'Begins a return in the name of a person, who has asked for it elsewhere.',
  permission: 'orders:fulfil',
  idempotent: true,
  status: 201,
  body: z.object({ lines: ReturnLines, reason: Reason }),
  problems: { ...ofOrder.problems, 'payments.nothing_to_return': 409, 'payments.order_state_refused': 409 },
});

export const DecideReturn = defineRoute({
  ...ofReturn,
  id: 'payments.returns.decide',
  method: 'POST',
  path: '/store-orders/{orderId}/returns/{returnId}/decision',
  summary: 'Agrees to a return, or refuses it.',
  permission: 'orders:fulfil',
  body: z.object({
    agree: z.boolean(),
    text: Reason.describe('What the person is told: where to send it, or why not.'),
    lapsesAt: Instant.optional().describe('In two weeks when absent.'),
  }),
});

export const ReceiveReturn = defineRoute({
  ...ofReturn,
  id: 'payments.returns.receive',
  method: 'POST',
  path: '/store-orders/{orderId}/returns/{returnId}/receipt',
  summary: 'Says what came back, and whether it can be sold again.',
  permission: 'orders:fulfil',
  body: z.object({
    lines: ReturnLines.describe('No more than was agreed to.'),
    restock: z.boolean().describe('The pieces are on hand again.'),
  }),
  problems: { ...ofReturn.problems, 'payments.nothing_to_return': 409 },
});

export const RefundReturn = defineRoute({
  ...ofReturn,
  id: 'payments.returns.refund',
  method: 'POST',
  path: '/store-orders/{orderId}/returns/{returnId}/refund',
  summary: 'Gives the money for what came back. Large sums need a second member of staff.',
  permission: 'refunds:request',
  body: z.object({
    amountMinor: AmountMinor.min(1).describe('At most what was paid for the goods and their delivery.'),
    currency: Currency.describe('Of the order.'),
    toBalance: z.boolean().default(false).describe('In place of the card or wallet it came from.'),
  }),
  approval: ({ body }) => {
    const { amountMinor, currency } = body as { amountMinor: number; currency: string };
    return amountMinor > (REFUND_LIMITS[currency] ?? 0);
  },
  problems: { ...ofReturn.problems, 'payments.nothing_to_refund': 409, 'payments.currency_not_sold': 422 },
});
