import type { NextStep } from '@switchboard/contracts';
import type { z } from 'zod';
import type { Order } from '../orders/order.entity';
import type { Invoice } from './invoice.entity';

/** What is to be done next about an order. */
export function nextOf(order: Order, invoice: Invoice | null): z.output<typeof NextStep> | null {
  if (order.state !== 'awaiting') return order.paidAt ? { kind: 'done' } : null;
  if (!invoice) return { kind: 'top-up', missingMinor: order.totalMinor - order.heldMinor };
  if (invoice.state === 'created') return { kind: 'wait' };
  if (invoice.state !== 'pending') return null;
  const { url, expiresAt, provider } = invoice;
  if (url === null) return { kind: 'wait' };
  return provider === 'telegram-stars' ? { kind: 'stars', link: url, expiresAt } : { kind: 'open', url, expiresAt };
}
