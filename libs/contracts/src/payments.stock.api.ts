import { z } from 'zod';
import { Instant, pageOf, PageQuery } from './api.shapes';
import { defineRoute } from './define-route';
import { openWord } from './open-word';
import { Sku } from './payments.goods.shapes';

// For staff: how many pieces there are, and how that came to be.

export const StockMoveKind = openWord(
  ['received', 'counted', 'reserved', 'released', 'sold', 'returned', 'corrected'],
  {
    id: 'payments.StockMoveKind',
    description: 'Why a number of pieces changed. "counted": somebody has counted what is there.',
  },
);

const Stock = z
  .object({
    variantId: z.uuid(),
    sku: Sku,
    onHand: z.int(),
    reserved: z.int(),
    available: z.int().describe('On hand and not reserved.'),
  })
  .meta({ id: 'payments.Stock' });

const StockMove = z
  .object({
    id: z.uuid(),
    kind: StockMoveKind,
    quantity: z.int().describe('By so much the number on hand, or of a reservation the reserved one, changed.'),
    orderId: z.uuid().nullable(),
    by: z.string().describe('`staff:0192…`, or what did it by itself.'),
    reason: z.string().nullable(),
    at: Instant,
  })
  .meta({ id: 'payments.StockMove' });

const ofVariant = {
  params: z.object({ variantId: z.uuid() }),
  bots: 'filtered',
  problems: { 'payments.variant_not_found': 404 },
} as const;

export const ChangeStock = defineRoute({
  ...ofVariant,
  id: 'payments.stock.change',
  method: 'POST',
  path: '/goods/variants/{variantId}/stock',
  summary: 'Books pieces in or out, or sets what was counted. Never fewer than are reserved.',
  permission: 'stock:write',
  idempotent: true,
  status: 201,
  body: z
    .object({
      kind: z.enum(['received', 'counted', 'corrected']),
      quantity: z
        .int()
        .min(-1_000_000)
        .max(1_000_000)
        .describe('Received: so many came. Counted: so many are there. Corrected: so many more or, below 0, fewer.'),
      reason: z.string().trim().min(3).max(500),
    })
    .refine(({ kind, quantity }) => kind === 'corrected' || quantity >= 0, {
      error: 'is never below 0 of this kind',
      path: ['quantity'],
    }),
  answer: Stock,
  problems: { ...ofVariant.problems, 'payments.stock_too_low': 409, 'payments.stock_not_tracked': 409 },
});

export const ListStockMoves = defineRoute({
  ...ofVariant,
  id: 'payments.stock.list',
  method: 'GET',
  path: '/goods/variants/{variantId}/stock',
  summary: 'How the stock of a variant came to be, the latest first.',
  permission: 'goods:read',
  query: PageQuery,
  answer: pageOf(StockMove),
});
