import { z } from 'zod';
import { Instant, LocalizedText, pageOf, PageQuery, queryList } from './api.shapes';
import { defineRoute } from './define-route';
import { AmountMinor, Currency } from './money';
import { openWord } from './open-word';
import { OrderKind, PaymentFailure, RefundCause } from './payments.events';
import { OrderState } from './payments.shop.api';
import { PaymentProviderName, SubscriptionStatus } from './payments.shapes';
import { BotId } from './shapes';

// For staff: what was ordered and paid, what went back, and what people have.

const Order = z
  .object({
    ...{ id: z.uuid(), botId: BotId, userId: z.uuid(), kind: OrderKind, title: LocalizedText, state: OrderState },
    ...{ currency: Currency, listMinor: AmountMinor, discountMinor: AmountMinor, creditMinor: AmountMinor },
    useMinor: AmountMinor.describe('For what was used beyond the plan; part of the total.'),
    ...{ totalMinor: AmountMinor, refundedMinor: AmountMinor, heldMinor: AmountMinor },
    provider: PaymentProviderName.nullable().describe('Of the last attempt.'),
    promoCode: z.string().nullable(),
    campaign: z.string().nullable(),
    subscriptionId: z.uuid().nullable(),
    createdAt: Instant,
    paidAt: Instant.nullable(),
  })
  .meta({ id: 'payments.Order' });

const InvoiceStateName = openWord(
  [
    ...['created', 'pending', 'paid', 'failed', 'cancelled', 'expired', 'different'],
    ...['partly-refunded', 'refunded', 'disputed', 'charged-back'],
  ],
  { id: 'payments.InvoiceState', description: 'How far one attempt to be paid by a provider is.' },
);

const Invoice = z
  .object({
    ...{ id: z.uuid(), provider: PaymentProviderName, attempt: z.int(), state: InvoiceStateName },
    amountMinor: AmountMinor,
    currency: Currency,
    externalId: z.string().nullable().describe('As the provider knows it.'),
    failure: PaymentFailure.nullable(),
    receivedMinor: z.int().nullable().describe('Where it is not what was asked for.'),
    feeMinor: z.int().nullable(),
    createdAt: Instant,
    paidAt: Instant.nullable(),
  })
  .meta({ id: 'payments.Invoice' });

const RefundStateName = openWord(['sending', 'done', 'failed'], {
  id: 'payments.RefundState',
  description: 'How far money is on its way back.',
});

const Refund = z
  .object({
    ...{ id: z.uuid(), orderId: z.uuid(), userId: z.uuid(), botId: BotId, amountMinor: AmountMinor },
    currency: Currency,
    cause: RefundCause,
    toBalance: z.boolean(),
    state: RefundStateName,
    askedBy: z.string().describe('`staff:0192…`, or the provider that told of it.'),
    reason: z.string().nullable(),
    createdAt: Instant,
    doneAt: Instant.nullable(),
  })
  .meta({ id: 'payments.Refund' });

const LedgerMonthName = z
  .string()
  .regex(/^20\d\d-(0[1-9]|1[0-2])$/)
  .describe('`2026-11`, in UTC.');

const Entry = z
  .object({
    ...{ id: z.uuid(), at: Instant, reason: z.string(), from: z.string(), to: z.string() },
    amountMinor: AmountMinor,
    currency: Currency,
    userId: z.uuid().nullable(),
    orderId: z.uuid().nullable(),
  })
  .meta({ id: 'payments.LedgerEntry', description: 'Money that went from one account to another.' });

const LedgerMonth = z
  .object({
    month: LedgerMonthName,
    entries: z.int(),
    state: z
      .enum(['stored', 'archived', 'importing'])
      .describe('Where its entries are: in the database, in storage only, or on their way back.'),
    bytes: z.int().describe('Of its files in storage.'),
    closedAt: Instant.describe('Since then its sums are kept.'),
    archivedAt: Instant.nullable(),
    heldUntil: z.iso
      .date()
      .nullable()
      .describe('Set where its entries were brought back: until this day they stay, however old.'),
  })
  .meta({ id: 'payments.LedgerMonth' });

export const ListOrders = defineRoute({
  id: 'payments.orders.list',
  method: 'GET',
  path: '/orders',
  summary: 'What was ordered, the newest first.',
  permission: 'orders:read',
  bots: 'filtered',
  query: PageQuery.extend({
    botId: BotId.optional(),
    userId: z.uuid().optional(),
    state: queryList(OrderState).optional(),
    provider: PaymentProviderName.optional(),
    search: z
      .string()
      .trim()
      .max(200)
      .optional()
      .describe('An id of an order, of a person, or of a payment as the provider has it.'),
  }),
  answer: pageOf(Order),
});

export const ReadOrder = defineRoute({
  id: 'payments.orders.read',
  method: 'GET',
  path: '/orders/{orderId}',
  summary: 'An order with each attempt to pay it, what went back, and how it was booked.',
  permission: 'orders:read',
  bots: 'filtered',
  params: z.object({ orderId: z.uuid() }),
  answer: Order.extend({
    invoices: z.array(Invoice),
    refunds: z.array(Refund),
    entries: z.array(Entry),
    refundableMinor: AmountMinor,
  }),
  problems: { 'payments.order_not_found': 404 },
});

/** Up to so much of a currency one member of staff gives back alone; of others nothing. */
export const REFUND_LIMITS: Readonly<Record<string, number>> = { RUB: 500_000, USD: 5000, EUR: 5000, XTR: 2500 };

export const RefundOrder = defineRoute({
  id: 'payments.orders.refund',
  method: 'POST',
  path: '/orders/{orderId}/refund',
  summary:
    'Gives money of an order back. All of it takes back what was bought. Large sums need a second member of staff.',
  permission: 'refunds:request',
  bots: 'filtered',
  params: z.object({ orderId: z.uuid() }),
  idempotent: true,
  status: 201,
  body: z.object({
    amountMinor: AmountMinor.min(1),
    currency: Currency.describe('Of the order.'),
    toBalance: z.boolean().default(false).describe('In place of the card or wallet it came from.'),
    reason: z.string().trim().min(3).max(500),
  }),
  approval: ({ body }) => {
    const { amountMinor, currency } = body as { amountMinor: number; currency: string };
    return amountMinor > (REFUND_LIMITS[currency] ?? 0);
  },
  answer: Refund,
  problems: {
    'payments.order_not_found': 404,
    'payments.nothing_to_refund': 409,
    'payments.currency_not_sold': 422,
  },
});

export const ListRefunds = defineRoute({
  id: 'payments.refunds.list',
  method: 'GET',
  path: '/refunds',
  summary: 'What went back, and what is on its way, the newest first.',
  permission: 'refunds:read',
  bots: 'filtered',
  query: PageQuery.extend({
    botId: BotId.optional(),
    userId: z.uuid().optional(),
    state: queryList(RefundStateName).optional(),
  }),
  answer: pageOf(Refund),
});

const Subscription = z
  .object({
    ...{ id: z.uuid(), botId: BotId, userId: z.uuid(), planId: z.uuid(), planName: LocalizedText, level: z.string() },
    status: SubscriptionStatus,
    region: z.string().nullable(),
    startedAt: Instant,
    validUntil: Instant,
    servedUntil: Instant,
    autoRenew: z.boolean(),
    renewAt: Instant.nullable(),
    revision: z.int(),
  })
  .meta({ id: 'payments.Subscription' });

const ofSubscription = {
  params: z.object({ subscriptionId: z.uuid() }),
  bots: 'filtered',
  answer: Subscription,
  etag: 'revision',
  ifMatch: true,
  problems: { 'payments.subscription_not_found': 404, 'payments.subscription_over': 409 },
} as const;

export const ListSubscriptions = defineRoute({
  id: 'payments.subscriptions.list',
  method: 'GET',
  path: '/subscriptions',
  summary: 'What people are subscribed to, the newest first.',
  permission: 'subscriptions:read',
  bots: 'filtered',
  query: PageQuery.extend({
    botId: BotId.optional(),
    userId: z.uuid().optional(),
    planId: z.uuid().optional(),
    status: queryList(SubscriptionStatus).optional(),
  }),
  answer: pageOf(Subscription),
});

export const ExtendSubscription = defineRoute({
  ...ofSubscription,
  id: 'payments.subscriptions.extend',
  method: 'POST',
  path: '/subscriptions/{subscriptionId}/extend',
  summary: 'Gives days, as amends. More than thirty need a second member of staff.',
  permission: 'subscriptions:extend',
  body: z.object({ days: z.int().min(1).max(366), reason: z.string().trim().min(3).max(500) }),
  approval: ({ body }) => (body as { days: number }).days > 30,
});

export const EndSubscription = defineRoute({
  ...ofSubscription,
  id: 'payments.subscriptions.end',
  method: 'POST',
  path: '/subscriptions/{subscriptionId}/end',
  summary: 'Ends a subscription now, for misuse. Money goes back by a refund only.',
  permission: 'subscriptions:end',
  body: z.object({ reason: z.string().trim().min(3).max(500) }),
});

export const AnnounceSubscriptions = defineRoute({
  id: 'payments.subscriptions.announce',
  method: 'POST',
  path: '/subscription-announcements',
  summary:
    'After an older database was restored: says of all subscriptions how they are, with revisions above those that others have heard.',
  permission: 'system:write',
  idempotent: true,
  status: 202,
  rate: 'expensive',
  answer: z.object({ subscriptions: z.int() }),
});

export const ReadTrialBalance = defineRoute({
  id: 'payments.ledger.balance',
  method: 'GET',
  path: '/ledger/accounts',
  summary: 'What each account holds, by currency; all of them together are zero.',
  permission: 'ledger:read',
  answer: z.object({
    accounts: z.array(z.object({ account: z.string(), currency: Currency, amountMinor: z.int() })),
    unbalanced: z.array(Currency).describe('Currencies whose accounts are not zero together: never any.'),
  }),
});

export const ListLedgerEntries = defineRoute({
  id: 'payments.ledger.list',
  method: 'GET',
  path: '/ledger/entries',
  summary: 'What was booked for a person or an order, the newest first.',
  permission: 'ledger:read',
  query: PageQuery.extend({ userId: z.uuid().optional(), orderId: z.uuid().optional() }).refine(
    ({ userId, orderId }) => userId !== undefined || orderId !== undefined,
    { error: 'needs a person or an order', path: ['userId'] },
  ),
  answer: pageOf(Entry),
});

export const ListLedgerMonths = defineRoute({
  id: 'payments.ledger-months.list',
  method: 'GET',
  path: '/ledger/months',
  summary: 'The months of the ledger that are closed, the latest first, and where their entries are.',
  permission: 'ledger:read',
  query: PageQuery,
  answer: pageOf(LedgerMonth),
});

export const ImportLedgerMonth = defineRoute({
  id: 'payments.ledger-months.import',
  method: 'POST',
  path: '/ledger/months/{month}/import',
  summary: 'Has the entries of an archived month brought back from storage.',
  permission: 'system:write',
  rate: 'expensive',
  params: z.object({ month: LedgerMonthName }),
  query: z.object({
    heldDays: z.coerce.number().int().min(1).max(366).default(30).describe('So long they stay, however old they are.'),
  }),
  answer: LedgerMonth,
  problems: { 'payments.ledger_month_not_found': 404 },
});
