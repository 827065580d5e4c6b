import { z } from 'zod';
import { Instant, LocalizedText, PageQuery, pageOf } from './api.shapes';
import { defineRoute } from './define-route';
import { PlanPeriod } from './payments.shapes';
import { MySubscription } from './payments.shop.api';
import { BotId } from './shapes';

// What one person buys and another one has.

const GiftState = z.enum(['waiting', 'returned', 'opened', 'credited', 'taken-back']);
export type GiftState = z.output<typeof GiftState>;

const GiftCode = z.string().trim().min(8).max(60);

const MyGift = z
  .object({
    id: z.uuid(),
    botId: BotId,
    orderId: z.uuid(),
    title: LocalizedText,
    state: GiftState.describe(
      'waiting: for whoever opens it; returned: you alone can open it now; credited: its price is on your balance; taken-back: its price went back.',
    ),
    code: z.string().nullable().describe('Null once nobody can open it any more.'),
    startParameter: z.string().nullable().describe('`https://t.me/<bot>?start=<this>`'),
    url: z.url().nullable(),
    expiresAt: Instant,
    openedAt: Instant.nullable(),
  })
  .meta({ id: 'payments.MyGift' });

export const ListMyGifts = defineRoute({
  id: 'payments.gifts.list-mine',
  method: 'GET',
  path: '/me/gifts',
  summary: 'Gifts that you have bought, the newest first.',
  permission: 'me:read',
  query: PageQuery.extend({ botId: BotId.optional() }),
  answer: pageOf(MyGift),
});

const cannotBeOpened = {
  'payments.gift_not_found': 404,
  'payments.gift_opened': 409,
  'payments.gift_over': 409,
  'payments.gift_own': 409,
} as const;

export const PreviewGift = defineRoute({
  id: 'payments.gifts.preview',
  method: 'POST',
  path: '/me/gifts/preview',
  summary: 'What is in a gift, and nothing of whoever gives it. Changes nothing.',
  permission: 'me:read',
  body: z.object({ code: GiftCode }),
  answer: z.object({
    botId: BotId,
    title: LocalizedText,
    period: PlanPeriod,
    expiresAt: Instant,
    isOwn: z.boolean().describe('You have bought it yourself.'),
  }),
  problems: { 'payments.gift_not_found': 404, 'payments.gift_opened': 409, 'payments.gift_over': 409 },
});

export const OpenGift = defineRoute({
  id: 'payments.gifts.open',
  method: 'POST',
  path: '/me/gifts/open',
  summary:
    'Opens a gift, once: it is yours then, and a subscription of the same plan that you have goes on for longer.',
  permission: 'me:write',
  idempotent: true,
  body: z.object({ code: GiftCode, region: z.string().max(40).optional() }),
  answer: MySubscription,
  problems: cannotBeOpened,
});
