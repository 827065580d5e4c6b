import { z } from 'zod';
import { defineEvent } from './define-event';
import { AmountMinor, Currency } from './money';
import { openWord } from './open-word';
import {
  CampaignName,
  Features,
  LevelName,
  PaymentProviderName,
  SubscriptionStatus,
  WantedRegion,
} from './payments.shapes';
import { definePersonErased } from './person-erased';
import { BotId } from './shapes';

const person = z.uuid().describe('The person, one id everywhere.');

export const OrderKind = openWord(['plan', 'renewal', 'change', 'package', 'top-up', 'gift', 'goods'], {
  id: 'payments.OrderKind',
  description: 'What is bought.',
});

const ofOrder = {
  orderId: z.uuid(),
  userId: person,
  botId: BotId,
  kind: OrderKind,
  amountMinor: AmountMinor.describe('What is to be paid after all discounts.'),
  currency: Currency,
  campaign: CampaignName.optional().describe('The link by which the person came.'),
};

export const OrderPlaced = defineEvent('payments.order.placed.v1', z.object(ofOrder), {
  subject: 'orderId',
  summary: 'Somebody ordered something and is to pay for it.',
});

export const OrderPaid = defineEvent(
  'payments.order.paid.v1',
  z.object({
    ...ofOrder,
    provider: PaymentProviderName,
    discountMinor: AmountMinor,
    promoCode: z.string().max(64).optional(),
    fromBalanceMinor: AmountMinor.describe('The part that was paid from what was topped up before.'),
    late: z.boolean().describe('It was paid after it had been given up.'),
    paidAt: z.iso.datetime(),
  }),
  { subject: 'orderId', summary: 'An order is paid in full, and is served from now on.' },
);

export const OrderClosedReason = openWord(['cancelled', 'expired', 'unavailable'], {
  id: 'payments.OrderClosedReason',
  description: 'Why an order came to nothing.',
});

export const OrderClosed = defineEvent(
  'payments.order.closed.v1',
  z.object({ ...ofOrder, reason: OrderClosedReason }),
  {
    subject: 'orderId',
    summary: 'An order was not paid in time or was given up. What is paid later is served all the same.',
  },
);

export const RefundCause = openWord(['asked', 'chargeback', 'not-served', 'duplicate'], {
  id: 'payments.RefundCause',
  description: 'Why money went back.',
});

export const OrderRefunded = defineEvent(
  'payments.order.refunded.v1',
  z.object({
    orderId: z.uuid(),
    refundId: z.uuid(),
    userId: person,
    botId: BotId,
    amountMinor: AmountMinor,
    currency: Currency,
    full: z.boolean().describe('Nothing of the order is left paid.'),
    cause: RefundCause,
    toBalance: z.boolean(),
  }),
  { subject: 'orderId', summary: 'Money of an order went back.' },
);

const ofInvoice = {
  invoiceId: z.uuid(),
  orderId: z.uuid(),
  userId: person,
  botId: BotId,
  provider: PaymentProviderName,
  amountMinor: AmountMinor,
  currency: Currency,
};

export const InvoiceCreated = defineEvent('payments.invoice.created.v1', z.object(ofInvoice), {
  subject: 'invoiceId',
  summary: 'A provider was asked to take a payment.',
});

export const InvoicePaid = defineEvent(
  'payments.invoice.paid.v1',
  z.object({
    ...ofInvoice,
    feeMinor: AmountMinor.optional().describe('What the provider keeps, where it says so.'),
    paidAt: z.iso.datetime(),
  }),
  { subject: 'invoiceId', summary: 'A provider confirmed that it has taken a payment.' },
);

export const PaymentFailure = openWord(
  [
    'insufficient_funds',
    'declined',
    'expired',
    'cancelled',
    'method_revoked',
    'limit_exceeded',
    'provider_unavailable',
    'other',
  ],
  {
    id: 'payments.PaymentFailure',
    description: 'Why a payment came to nothing, in words that hold for every provider.',
  },
);

export const InvoiceFailed = defineEvent(
  'payments.invoice.failed.v1',
  z.object({
    ...ofInvoice,
    reason: PaymentFailure,
    unknown: z.boolean().optional().describe('It may have been made: nobody could say.'),
  }),
  { subject: 'invoiceId', summary: 'A payment was refused, given up or not made in time.' },
);

const PeriodUnit = openWord(['day', 'month'], {
  id: 'payments.PeriodUnit',
  description: 'By what a period is measured: days of 24 hours, or months by the calendar.',
});

/** All there is to know of a subscription. Whoever acts on it takes the highest revision and passes older ones over. */
const ofSubscription = {
  subscriptionId: z.uuid(),
  revision: z.int().positive(),
  userId: person,
  botId: BotId,
  planId: z.uuid(),
  level: LevelName,
  status: SubscriptionStatus,
  startedAt: z.iso.datetime(),
  periodStart: z.iso.datetime(),
  period: z
    .object({ count: z.int().min(1), unit: PeriodUnit })
    .optional()
    .describe('Of the plan: what is counted by periods begins anew so often from `periodStart` on.'),
  validUntil: z.iso.datetime().describe('Paid until then; grace comes after it.'),
  servedUntil: z.iso.datetime().describe('With the days of grace. While paused, as if it went on today.'),
  features: Features.describe('With everything that was bought beside the plan.'),
  region: WantedRegion.optional().describe('Where servers are wanted.'),
  autoRenew: z.boolean(),
};

const subscriptionEvent = <const Type extends string>(type: Type, summary: string) =>
  defineEvent(type, z.object(ofSubscription), { subject: 'subscriptionId', summary });

export const SubscriptionActivated = subscriptionEvent(
  'payments.subscription.activated.v1',
  'A person has something from now on: a trial, or what they paid for.',
);
export const SubscriptionRenewed = subscriptionEvent(
  'payments.subscription.renewed.v1',
  'A subscription goes on for another period.',
);
export const SubscriptionChanged = subscriptionEvent(
  'payments.subscription.changed.v1',
  'A subscription is another than before: plan, packages, region, renewal by itself, or days that were given or taken.',
);
export const SubscriptionPaused = subscriptionEvent(
  'payments.subscription.paused.v1',
  'A subscription rests; its days are kept.',
);
export const SubscriptionResumed = subscriptionEvent(
  'payments.subscription.resumed.v1',
  'A subscription that rested goes on.',
);
export const SubscriptionExpired = subscriptionEvent(
  'payments.subscription.expired.v1',
  'A subscription was not paid on, and its days of grace are over.',
);
export const SubscriptionEnded = subscriptionEvent(
  'payments.subscription.ended.v1',
  'A subscription was taken back: money went back, or staff ended it.',
);

/** Says nothing new of the state: for notices. */
export const SubscriptionExpiring = defineEvent(
  'payments.subscription.expiring.v1',
  z.object({ ...ofSubscription, daysLeft: z.int().min(0).max(30).describe('0: it ends today.') }),
  { subject: 'subscriptionId', summary: 'A subscription ends soon and does not go on by itself.' },
);

export const RenewalFailed = defineEvent(
  'payments.renewal.failed.v1',
  z.object({
    subscriptionId: z.uuid(),
    userId: person,
    botId: BotId,
    amountMinor: AmountMinor,
    currency: Currency,
    reason: PaymentFailure,
    attempt: z.int().positive(),
    nextAttemptAt: z.iso.datetime().optional().describe('Absent after the last one.'),
    servedUntil: z.iso.datetime(),
  }),
  { subject: 'subscriptionId', summary: 'The charge by which a subscription goes on was refused.' },
);

export const RenewalUpcoming = defineEvent(
  'payments.renewal.upcoming.v1',
  z.object({
    subscriptionId: z.uuid(),
    userId: person,
    botId: BotId,
    amountMinor: AmountMinor,
    currency: Currency,
    chargeAt: z.iso.datetime(),
  }),
  { subject: 'subscriptionId', summary: 'A day before a subscription is charged for by itself.' },
);

export const BalanceCause = openWord(['top-up', 'purchase', 'refund', 'reward', 'payout', 'correction', 'gift'], {
  id: 'payments.BalanceCause',
  description: 'Why a balance changed.',
});

export const BalanceChanged = defineEvent(
  'payments.balance.changed.v1',
  z.object({
    userId: person,
    currency: Currency,
    balanceMinor: AmountMinor,
    changeMinor: z.int(),
    cause: BalanceCause,
    revision: z.int().positive(),
  }),
  { subject: 'userId', summary: 'What a person has on their balance changed.' },
);

export const ReferralRewarded = defineEvent(
  'payments.referral.rewarded.v1',
  z.object({
    rewardId: z.uuid(),
    userId: person.describe('Who gets it.'),
    botId: BotId,
    level: z.int().min(1).max(3),
    amountMinor: AmountMinor,
    currency: Currency,
  }),
  {
    subject: 'userId',
    summary: 'Somebody got a reward for a person whom they had brought, after the time for refunds.',
  },
);

export const PayoutAsked = defineEvent(
  'payments.payout.asked.v1',
  z.object({
    payoutId: z.uuid(),
    userId: person,
    botId: BotId.optional().describe('With which it was earned.'),
    amountMinor: AmountMinor,
    currency: Currency,
  }),
  { subject: 'payoutId', summary: 'A partner asked for their earnings.' },
);

export const PayoutDecided = defineEvent(
  'payments.payout.decided.v1',
  z.object({
    payoutId: z.uuid(),
    userId: person,
    botId: BotId.optional().describe('With which it was earned.'),
    amountMinor: AmountMinor,
    currency: Currency,
    paid: z.boolean(),
  }),
  { subject: 'payoutId', summary: 'A payout was made or refused.' },
);

export const GiftOpened = defineEvent(
  'payments.gift.opened.v1',
  z.object({ giftId: z.uuid(), giverUserId: z.uuid(), userId: person.describe('Who opened it.'), botId: BotId }),
  { subject: 'giftId', summary: 'A gift was opened, once.' },
);

export const GiftReturned = defineEvent(
  'payments.gift.returned.v1',
  z.object({
    giftId: z.uuid(),
    userId: person.describe('Who has bought it.'),
    botId: BotId,
    credited: z.boolean().describe('Its price is on their balance; else they alone can open it now.'),
  }),
  { subject: 'giftId', summary: 'Nobody has opened a gift in time, so whoever has bought it has it again.' },
);

export const GuestOrderClaimed = defineEvent(
  'payments.guest-order.claimed.v1',
  z.object({
    orderId: z.uuid(),
    guestUserId: z.uuid().describe('By which what was ordered was told of before.'),
    userId: person.describe('Whose it is from now on.'),
    botId: BotId,
    subscriptionId: z.uuid(),
  }),
  { subject: 'orderId', summary: 'What was bought without an account was taken over by a person, once.' },
);

export const ShopPageStep = openWord(['opened', 'chosen', 'placed', 'paid', 'claimed'], {
  id: 'payments.ShopPageStep',
  description: 'How far a visit of a page came on which people buy without an account.',
});

export const ShopPageStepReached = defineEvent(
  'payments.shop-page.step-reached.v1',
  z.object({
    visitId: z.uuid().describe('Of one visit, and of nobody.'),
    botId: BotId,
    step: ShopPageStep,
    campaign: CampaignName.optional(),
  }),
  { subject: 'visitId', summary: 'A visit of a page on which people buy without an account came to a step.' },
);

export const ReconciliationFailed = defineEvent(
  'payments.reconciliation.failed.v1',
  z.object({
    reportId: z.uuid(),
    provider: PaymentProviderName,
    day: z.iso.date(),
    missing: z.int().describe('Paid there and unknown here.'),
    unconfirmed: z.int().describe('Paid here and unknown there.'),
    different: z.int().describe('Known to both, with other amounts.'),
    unknownOrders: z.int().describe('Paid there for orders that are not here.'),
  }),
  { subject: 'reportId', summary: "A day's payments of a provider and of the ledger do not fit." },
);

export const PaymentsPersonErased = definePersonErased('payments');
