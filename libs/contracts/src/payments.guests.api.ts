import { z } from 'zod';
import { Instant, LocalizedText } from './api.shapes';
import { defineRoute } from './define-route';
import { Locale } from './locale';
import { AmountMinor, Currency } from './money';
import { PaymentFailure } from './payments.events';
import { CampaignName, PaymentProviderName } from './payments.shapes';
import { NextStep, OrderState, PayWith, ShopPlan } from './payments.shop.api';
import { BotId } from './shapes';

// A page on which somebody buys who has no account yet. What they have bought is taken over by whoever opens their link.

const ofBot = { params: z.object({ botId: BotId }) };
const noShop = { 'payments.no_shop': 404 } as const;

export const ReadGuestShop = defineRoute({
  ...ofBot,
  id: 'payments.guest-shop.read',
  method: 'GET',
  path: '/shops/{botId}',
  summary: 'What a bot sells to everybody, and how it can be paid.',
  permission: 'public',
  answer: z.object({
    botId: BotId,
    name: z.string(),
    plans: z.array(ShopPlan),
    payWith: z.array(PayWith.omit({ saved: true, needsEmail: true })),
  }),
  problems: noShop,
});

const Visit = z.uuid().describe('Made by the page when it is opened, and of nobody.');
/** Of a link, as it is shown in numbers. */
export const RecordShopStep = defineRoute({
  ...ofBot,
  id: 'payments.guest-shop.record-step',
  method: 'POST',
  path: '/shops/{botId}/steps',
  summary: 'How far a visit of the page came. Nothing is kept of a browser that asks not to be tracked.',
  permission: 'public',
  rate: 'reports',
  headers: z.object({
    dnt: z.string().max(10).optional().describe('"1": Do Not Track.'),
    'sec-gpc': z.string().max(10).optional().describe('"1": Global Privacy Control.'),
  }),
  body: z.object({
    visitId: Visit,
    step: z
      .enum(['opened', 'chosen'])
      .describe('The page was opened, or a plan was chosen; all later steps are known here.'),
    campaign: CampaignName.optional(),
  }),
  status: 202,
  problems: noShop,
});

const GuestOrder = z
  .object({
    botId: BotId,
    title: LocalizedText,
    state: OrderState,
    amountMinor: AmountMinor,
    currency: Currency,
    next: NextStep.nullable(),
    failure: PaymentFailure.nullable(),
    claim: z
      .object({
        startParameter: z.string().describe('`https://t.me/<bot>?start=<this>`'),
        botUrl: z.url().nullable().describe('The same as a link; null where the name of the bot is not known here.'),
        path: z.string().describe('Of the page of this site on which whoever is signed in takes it over.'),
      })
      .nullable()
      .describe('By which it is taken over, once it is paid and until that is done.'),
    claimedAt: Instant.nullable(),
  })
  .meta({ id: 'payments.GuestOrder' });

export const PlaceGuestOrder = defineRoute({
  ...ofBot,
  id: 'payments.guest-orders.place',
  method: 'POST',
  path: '/shops/{botId}/orders',
  summary:
    'Orders a plan without an account. The link to take it over comes by e-mail, and is told to who has the token.',
  permission: 'public',
  rate: 'expensive',
  status: 201,
  body: z.object({
    planId: z.uuid(),
    currency: Currency,
    provider: PaymentProviderName,
    email: z.email().max(254),
    locale: Locale.default('en'),
    promoCode: z.string().trim().max(64).optional(),
    campaign: CampaignName.optional().describe(
      'The link by which they came; of a partner, or of whoever has invited them.',
    ),
    visitId: Visit.optional(),
  }),
  answer: GuestOrder.extend({
    token: z.string().describe('By which the page asks how far it is. Whoever has it can take over what was bought.'),
  }).meta({ id: 'payments.PlacedGuestOrder' }),
  problems: {
    ...noShop,
    'payments.plan_not_found': 404,
    'payments.currency_not_sold': 422,
    'payments.provider_not_offered': 422,
    'payments.promo_not_found': 422,
    'payments.promo_expired': 422,
    'payments.promo_used': 422,
    'payments.promo_not_for_this': 422,
    'payments.too_many_open_orders': 409,
  },
});

/** In a body: addresses stand in logs and histories. */
const withToken = { body: z.object({ token: z.string().min(20).max(100) }) };

export const ReadGuestOrder = defineRoute({
  ...withToken,
  id: 'payments.guest-orders.read',
  method: 'POST',
  path: '/guest-orders/read',
  summary: 'How far an order without an account is.',
  permission: 'public',
  cost: 1,
  answer: GuestOrder,
  problems: { 'payments.guest_order_not_found': 404 },
});

export const ClaimGuestOrder = defineRoute({
  ...withToken,
  id: 'payments.guest-orders.claim',
  method: 'POST',
  path: '/me/guest-orders',
  summary: 'Takes over what was bought without an account, once: it is yours from now on, and begins now.',
  permission: 'me:write',
  idempotent: true,
  answer: z.object({ botId: BotId, orderId: z.uuid(), subscriptionId: z.uuid() }),
  problems: {
    'payments.guest_order_not_found': 404,
    'payments.guest_order_claimed': 409,
    'payments.guest_order_unpaid': 409,
    'payments.guest_order_refunded': 409,
  },
});
