import { z } from 'zod';
import { Instant } from './api.shapes';
import { bytes, defineRoute } from './define-route';
import { Locale } from './locale';

// For staff: papers of an order of goods, as PDF.

export const OrderDocumentKind = z.enum(['invoice', 'packing-slip']).meta({ id: 'payments.OrderDocumentKind' });

export const OrderDocument = z
  .object({
    id: z.uuid(),
    kind: OrderDocumentKind,
    locale: Locale,
    state: z.enum(['waiting', 'done', 'failed']),
    bytes: z.int().nullable(),
    sha256: z.string().nullable(),
    at: Instant.describe('It shows the order as it was then.'),
  })
  .meta({ id: 'payments.OrderDocument' });

const ofOrder = {
  permission: 'orders:read',
  bots: 'filtered',
  problems: { 'payments.store_order_not_found': 404 },
} as const;

export const MakeOrderDocument = defineRoute({
  ...ofOrder,
  id: 'payments.order-documents.make',
  method: 'POST',
  path: '/store-orders/{orderId}/documents',
  summary: 'Has a paper of an order written. A new one takes the place of an older one of its kind.',
  rate: 'expensive',
  status: 202,
  idempotent: true,
  params: z.object({ orderId: z.uuid() }),
  body: z.object({
    kind: OrderDocumentKind,
    locale: Locale.optional().describe('That of the order when absent.'),
  }),
  answer: OrderDocument,
  problems: { ...ofOrder.problems, 'payments.shop_details_missing': 409, 'payments.address_erased': 409 },
});

export const ReadOrderDocument = defineRoute({
  ...ofOrder,
  id: 'payments.order-documents.read',
  method: 'GET',
  path: '/store-orders/{orderId}/documents/{kind}',
  summary: 'The last paper of a kind that was written of an order.',
  params: z.object({ orderId: z.uuid(), kind: OrderDocumentKind }),
  answer: bytes('application/pdf'),
  problems: {
    ...ofOrder.problems,
    'payments.order_document_not_found': 404,
    'payments.order_document_not_ready': 409,
  },
});
