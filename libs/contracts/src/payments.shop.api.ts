import { z } from 'zod';
import { Instant, LocalizedText, PageQuery, pageOf } from './api.shapes';
import { defineRoute } from './define-route';
import { Locale } from './locale';
import { AmountMinor, Currency } from './money';
import { openWord } from './open-word';
import { OrderKind, PaymentFailure } from './payments.events';
import { WantedGoods } from './payments.goods.shapes';
import {
  ByUse,
  CampaignName,
  Features,
  PaymentMethod,
  PaymentProviderName,
  PlanPeriod,
  Price,
  SubscriptionStatus,
  WantedRegion,
} from './payments.shapes';
import { BotId, CostMicros } from './shapes';

// A person's own area: whoever calls is the person whose money and subscriptions are meant.

export const ShopPlan = z
  .object({
    id: z.uuid(),
    name: LocalizedText,
    description: LocalizedText,
    level: z.string(),
    period: PlanPeriod,
    prices: z.array(Price),
    features: Features,
    byUse: ByUse.optional().describe('Absent where nothing is to be had beyond the plan.'),
    recurring: z.boolean().describe('It can go on by itself.'),
    giftable: z.boolean(),
  })
  .meta({ id: 'payments.ShopPlan' });

const Package = z
  .object({
    id: z.uuid(),
    name: LocalizedText,
    prices: z.array(Price),
    adds: Features.describe('Beside what the plan brings.'),
    lasts: z
      .enum(['period', 'subscription'])
      .describe('Until the paid period ends, or as long as the subscription does.'),
  })
  .meta({ id: 'payments.ShopPackage' });

export const PayWith = z
  .object({
    provider: PaymentProviderName,
    methods: z.array(PaymentMethod),
    currencies: z.array(Currency),
    recurring: z.boolean(),
    needsEmail: z.boolean().describe('It sends a receipt: nothing is paid by it without an address.'),
    saved: z
      .array(z.object({ methodId: z.uuid(), title: z.string().describe('"MIR ·· 4477"') }))
      .describe('What the person saved there and can be charged without being asked for it again.'),
  })
  .meta({ id: 'payments.PayWith' });

const Balance = z.object({ currency: Currency, amountMinor: AmountMinor }).meta({ id: 'payments.Balance' });

export const MySubscription = z
  .object({
    id: z.uuid(),
    botId: BotId,
    revision: z.int(),
    planId: z.uuid(),
    planName: LocalizedText,
    level: z.string(),
    status: SubscriptionStatus,
    startedAt: Instant,
    periodStart: Instant,
    validUntil: Instant,
    servedUntil: Instant,
    features: Features,
    region: z.string().nullable(),
    autoRenew: z.boolean(),
    renewsWith: z.string().nullable().describe('What is charged: "MIR ·· 4477", or the balance.'),
    nextCharge: z.object({ at: Instant, amountMinor: AmountMinor, currency: Currency }).nullable(),
    pausable: z.boolean(),
    use: z
      .object({
        micros: CostMicros.describe('Used since it was paid for last, in US micro-dollars that models cost.'),
        freeMicros: CostMicros.describe('Of these belong to the plan.'),
        owedMinor: AmountMinor.describe('What is beyond that costs with the next payment.'),
        limitMinor: AmountMinor.describe('As much as you want to pay for; 0: nothing beyond the plan.'),
        currency: Currency,
      })
      .optional()
      .describe('Absent where nothing is paid by use.'),
  })
  .meta({ id: 'payments.MySubscription' });

export const ReadShop = defineRoute({
  id: 'payments.shop.read',
  method: 'GET',
  path: '/me/shop',
  summary: 'What a bot sells to you, how it can be paid, and what you have already.',
  permission: 'me:read',
  query: z.object({ botId: BotId }),
  answer: z.object({
    botId: BotId,
    plans: z.array(ShopPlan),
    packages: z.array(Package),
    trial: z
      .object({ planId: z.uuid(), days: z.int() })
      .nullable()
      .describe('Null when there is none, or you have had it.'),
    payWith: z.array(PayWith),
    balances: z.array(Balance),
    subscriptions: z.array(MySubscription),
    cart: z.object({ orderId: z.uuid(), missingMinor: AmountMinor, currency: Currency }).nullable(),
    needsEmail: z
      .boolean()
      .describe('Some way to pay sends receipts to an address, and yours is not known; which of them do, they say.'),
  }),
  problems: { 'payments.no_shop': 404 },
});

/** What is bought and is no goods. `subscriptionId`: for which; a new one when absent. */
export const WantedService = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('plan'),
    planId: z.uuid(),
    subscriptionId: z
      .uuid()
      .optional()
      .describe(
        'Of the same plan: it goes on for longer. Of another: it is changed. Absent: the trial, else a new one.',
      ),
    region: WantedRegion.optional(),
    autoRenew: z.boolean().default(false),
  }),
  z.object({
    kind: z.literal('package'),
    packageId: z.uuid(),
    subscriptionId: z.uuid(),
    quantity: z.int().min(1).max(100).default(1),
  }),
  z.object({ kind: z.literal('top-up'), amountMinor: AmountMinor.min(1) }),
  z.object({ kind: z.literal('gift'), planId: z.uuid() }),
]);

/** What is bought. */
const Wanted = z.discriminatedUnion('kind', [...WantedService.options, WantedGoods]).meta({ id: 'payments.Wanted' });
export type Wanted = z.output<typeof Wanted>;

const ask = z.object({
  botId: BotId,
  wanted: Wanted,
  currency: Currency,
  promoCode: z.string().trim().max(64).optional(),
  useBalance: z.boolean().default(false),
});

const Quote = z
  .object({
    listMinor: AmountMinor.describe('Without any discount.'),
    discountMinor: AmountMinor,
    creditMinor: AmountMinor.describe('For days of a plan that is left; they are not lost.'),
    useMinor: AmountMinor.optional().describe('For what was used beyond the plan; nothing makes it cheaper.'),
    fromBalanceMinor: AmountMinor,
    dueMinor: AmountMinor.describe('What is left to be paid by a provider.'),
    currency: Currency,
    extraDays: z.int().describe('That a promo code or the credit brings.'),
    validUntil: Instant.nullable().describe('Until when the subscription is paid then.'),
    renewsBy: z
      .array(PaymentProviderName)
      .optional()
      .describe('Who can go on charging for it by themselves, paid as it is quoted. Absent of an order.'),
  })
  .meta({ id: 'payments.Quote' });

const refusals = {
  'payments.no_shop': 404,
  'payments.plan_not_found': 404,
  'payments.package_not_found': 404,
  'payments.subscription_not_found': 404,
  'payments.currency_not_sold': 422,
  'payments.amount_out_of_range': 422,
  'payments.promo_not_found': 422,
  'payments.promo_expired': 422,
  'payments.promo_used': 422,
  'payments.promo_not_for_this': 422,
  'payments.cart_changed': 409,
  'payments.out_of_stock': 409,
  'payments.address_needed': 422,
  'payments.delivery_not_offered': 422,
} as const;

export const QuoteOrder = defineRoute({
  id: 'payments.orders.quote',
  method: 'POST',
  path: '/me/orders/quote',
  summary: 'What something would cost you, with everything that makes it cheaper. Changes nothing.',
  permission: 'me:read',
  body: ask,
  answer: Quote,
  problems: refusals,
});

export const OrderState = openWord(
  ['awaiting', 'paid', 'fulfilled', 'cancelled', 'expired', 'refunded', 'partly-refunded'],
  {
    id: 'payments.OrderState',
    description: 'How far an order is.',
  },
);

export const NextStep = z
  .discriminatedUnion('kind', [
    z.object({ kind: z.literal('done') }),
    z.object({ kind: z.literal('open'), url: z.url().describe("The provider's page."), expiresAt: Instant }),
    z.object({ kind: z.literal('stars'), link: z.string().describe('Opened in Telegram.'), expiresAt: Instant }),
    z.object({
      kind: z.literal('top-up'),
      missingMinor: AmountMinor.describe('It is bought by itself once so much is there.'),
    }),
    z.object({ kind: z.literal('wait').describe('The provider has not answered yet: read the order again.') }),
  ])
  .meta({ id: 'payments.NextStep' });

const MyOrder = z
  .object({
    id: z.uuid(),
    botId: BotId,
    kind: OrderKind,
    title: LocalizedText,
    state: OrderState,
    quote: Quote,
    totalMinor: AmountMinor.describe('What it cost or is to cost in all, however it is paid.'),
    promoCode: z.string().nullable(),
    next: NextStep.nullable(),
    provider: PaymentProviderName.nullable(),
    failure: PaymentFailure.nullable().describe('Of the last attempt to pay.'),
    subscriptionId: z.uuid().nullable(),
    giftLink: z.string().nullable(),
    receiptUrl: z.string().nullable(),
    createdAt: Instant,
    paidAt: Instant.nullable(),
    refundedMinor: AmountMinor,
  })
  .meta({ id: 'payments.MyOrder' });

export const PlaceOrder = defineRoute({
  id: 'payments.orders.place',
  method: 'POST',
  path: '/me/orders',
  summary: 'Orders something, and says how it is paid. Without a provider it waits until the balance suffices.',
  permission: 'me:write',
  idempotent: true,
  status: 201,
  body: ask.extend({
    provider: PaymentProviderName.optional(),
    savedMethodId: z.uuid().optional(),
    saveMethod: z.boolean().default(false),
    email: z.email().max(254).optional().describe('For the receipt.'),
    campaign: CampaignName.optional(),
    locale: Locale.default('en').describe("Of the provider's page and of the receipt."),
  }),
  answer: MyOrder,
  problems: {
    ...refusals,
    'payments.provider_not_offered': 422,
    'payments.email_needed': 422,
    'payments.trial_only_once': 409,
    'payments.too_many_open_orders': 409,
  },
});

const ofOrder = {
  params: z.object({ orderId: z.uuid() }),
  answer: MyOrder,
  problems: { 'payments.order_not_found': 404 },
};

export const ReadMyOrder = defineRoute({
  ...ofOrder,
  id: 'payments.orders.read-mine',
  method: 'GET',
  path: '/me/orders/{orderId}',
  summary: 'One of your orders.',
  permission: 'me:read',
});

export const ListMyOrders = defineRoute({
  id: 'payments.orders.list-mine',
  method: 'GET',
  path: '/me/orders',
  summary: 'What you have ordered, the newest first.',
  permission: 'me:read',
  query: PageQuery.extend({ botId: BotId.optional() }),
  answer: pageOf(MyOrder),
});

export const PayOrder = defineRoute({
  ...ofOrder,
  id: 'payments.orders.pay',
  method: 'POST',
  path: '/me/orders/{orderId}/pay',
  summary: 'Pays an order in another way than was tried before.',
  permission: 'me:write',
  idempotent: true,
  body: z.object({
    provider: PaymentProviderName,
    savedMethodId: z.uuid().optional(),
    saveMethod: z.boolean().optional().describe('As it was ordered when absent.'),
    email: z.email().max(254).optional().describe('For the receipt; what was given with the order when absent.'),
  }),
  problems: {
    ...ofOrder.problems,
    'payments.order_closed': 409,
    'payments.provider_not_offered': 422,
    'payments.email_needed': 422,
  },
});

export const CancelOrder = defineRoute({
  ...ofOrder,
  id: 'payments.orders.cancel',
  method: 'POST',
  path: '/me/orders/{orderId}/cancel',
  summary: 'Gives up an order that is not paid. What is paid all the same is served.',
  permission: 'me:write',
  idempotent: true,
  problems: { ...ofOrder.problems, 'payments.order_closed': 409 },
});

export const StartTrial = defineRoute({
  id: 'payments.trials.start',
  method: 'POST',
  path: '/me/trials',
  summary: 'Begins the free trial of a bot: once a person, whatever they sign in with.',
  permission: 'me:write',
  idempotent: true,
  status: 201,
  body: z.object({ botId: BotId, region: WantedRegion.optional() }),
  answer: MySubscription,
  problems: { 'payments.no_shop': 404, 'payments.trial_not_offered': 404, 'payments.trial_only_once': 409 },
});

export const ListMySubscriptions = defineRoute({
  id: 'payments.subscriptions.list-mine',
  method: 'GET',
  path: '/me/subscriptions',
  summary: 'What you are subscribed to.',
  permission: 'me:read',
  query: z.object({ botId: BotId.optional() }),
  answer: z.object({ data: z.array(MySubscription) }),
});

export const ChangeMySubscription = defineRoute({
  id: 'payments.subscriptions.change-mine',
  method: 'PATCH',
  path: '/me/subscriptions/{subscriptionId}',
  summary: 'Turns renewal on or off, lets a subscription rest or go on, or wants servers elsewhere.',
  permission: 'me:write',
  params: z.object({ subscriptionId: z.uuid() }),
  body: z
    .object({
      autoRenew: z.boolean(),
      paused: z.boolean(),
      region: WantedRegion.nullable(),
      useLimitMinor: AmountMinor.describe(
        'As much as you want to pay for use beyond the plan, until the next payment.',
      ),
    })
    .partial(),
  answer: MySubscription,
  etag: 'revision',
  ifMatch: true,
  problems: {
    'payments.subscription_not_found': 404,
    'payments.nothing_to_charge': 409,
    'payments.not_pausable': 409,
    'payments.use_limit_too_low': 422,
  },
});

export const ForgetPaymentMethod = defineRoute({
  id: 'payments.saved-methods.forget',
  method: 'DELETE',
  path: '/me/payment-methods/{methodId}',
  summary: 'Forgets a saved card. Subscriptions that were charged to it go on no longer by themselves.',
  permission: 'me:write',
  params: z.object({ methodId: z.uuid() }),
  problems: { 'payments.method_not_found': 404 },
});

export const ReadMyBalance = defineRoute({
  id: 'payments.balances.read-mine',
  method: 'GET',
  path: '/me/balance',
  summary: 'What you have on your balance, and how it came to be, the newest first.',
  permission: 'me:read',
  query: PageQuery.extend({ currency: Currency.optional() }),
  answer: pageOf(
    z.object({
      id: z.uuid(),
      at: Instant,
      changeMinor: z.int(),
      balanceMinor: AmountMinor,
      currency: Currency,
      cause: z.string(),
      orderId: z.uuid().nullable(),
    }),
  ).extend({ balances: z.array(Balance) }),
});
