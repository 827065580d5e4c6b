import { z } from 'zod';
import { Instant } from './api.shapes';
import { defineRoute } from './define-route';
import { AmountMinor, Currency } from './money';
import { CampaignName, PaymentProviderName } from './payments.shapes';
import { BotId, DemoId } from './shapes';

const problems = { 'payments.demo_refused': 403 } as const;

/** A time of a subscription, and how it was paid. */
const DemoPurchase = z
  .object({
    id: DemoId,
    subscriptionId: DemoId,
    userId: DemoId,
    botId: BotId,
    planCode: z.string().max(40),
    kind: z.enum(['trial', 'plan', 'renewal']),
    at: Instant,
    from: Instant,
    to: Instant,
    listMinor: AmountMinor,
    discountMinor: AmountMinor,
    currency: Currency,
    provider: PaymentProviderName,
    promoCode: z.string().max(64).nullable(),
    campaign: CampaignName.nullable(),
    refundedAt: Instant.nullable(),
    autoRenew: z.boolean(),
  })
  .meta({ id: 'payments.DemoPurchase' });

export const TakeDemoSales = defineRoute({
  id: 'payments.demo-sales.take',
  method: 'POST',
  path: '/demo/sales',
  summary:
    'Keeps what people who do not exist have bought long ago. Nobody is told, and nothing is booked: there was no money. Not in production.',
  permission: 'demo:write',
  callers: ['operator'],
  body: z.object({ purchases: z.array(DemoPurchase).max(1000).describe('The oldest first.') }),
  answer: z.object({ taken: z.int().describe('That were not there.') }),
  problems,
});

export const RemoveDemoSales = defineRoute({
  id: 'payments.demo-sales.remove',
  method: 'DELETE',
  path: '/demo/sales',
  summary: 'Deletes everything that people who do not exist have bought.',
  permission: 'demo:write',
  callers: ['operator'],
  answer: z.object({ removed: z.int().describe('Subscriptions.') }),
  problems,
});
