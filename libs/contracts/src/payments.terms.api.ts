import { z } from 'zod';
import { defineRoute } from './define-route';
import { SellerDetails } from './payments.goods.shapes';
import { Price } from './payments.shapes';
import { BotId } from './shapes';

// On what terms a bot rewards whoever brings people, and sells gifts: set by staff.

/** Of what somebody pays, for whoever has brought them, who had brought those, and so on. */
export const RewardPercents = z
  .array(z.int().min(0).max(100))
  .min(1)
  .max(3)
  .refine((percents) => percents.reduce((sum, one) => sum + one, 0) <= 100, 'is more than what was paid')
  .meta({
    id: 'payments.RewardPercents',
    description:
      'Shares of what somebody pays: of whoever has brought them, of whoever had brought that person, and so on.',
  });

const ReferralTerms = z
  .object({
    percents: RewardPercents,
    everyPayment: z.boolean().describe('False: only the first payment of each person is rewarded.'),
    holdDays: z.int().min(1).max(180).describe('So long after the payment, when it may still go back, a reward waits.'),
    maxPerDay: z
      .int()
      .min(1)
      .max(10_000)
      .describe('More people than that, brought by one person in a day, are not counted.'),
    newHours: z
      .int()
      .min(0)
      .max(720)
      .describe('So long after somebody is met first they can still say who has invited them.'),
    leastPayouts: z.array(Price).max(20).describe('In other currencies nothing is paid out.'),
  })
  .meta({ id: 'payments.ReferralTerms' });
export type ReferralTerms = z.output<typeof ReferralTerms>;

const GiftTerms = z
  .object({
    openDays: z.int().min(1).max(730).describe('So long a gift can be opened.'),
    giverMayOpen: z.boolean().describe('Who has bought a gift may open it, too.'),
    unopened: z
      .enum(['balance', 'giver'])
      .describe(
        'What becomes of a gift that nobody has opened: its price goes to the balance of the giver, or the giver alone can open it.',
      ),
  })
  .meta({ id: 'payments.GiftTerms' });
export type GiftTerms = z.output<typeof GiftTerms>;

const ShopTerms = z
  .object({
    botId: BotId,
    referrals: ReferralTerms.nullable().describe('Null: nobody is rewarded.'),
    gifts: GiftTerms,
    seller: SellerDetails.nullable().describe('Null: nothing is sold by invoice.'),
    revision: z.int(),
  })
  .meta({ id: 'payments.ShopTerms' });

const ofTerms = {
  params: z.object({ botId: BotId }),
  bots: 'params.botId',
  answer: ShopTerms,
  etag: 'revision',
  problems: { 'payments.bot_not_found': 404 },
} as const;

export const ReadShopTerms = defineRoute({
  ...ofTerms,
  id: 'payments.shop-terms.read',
  method: 'GET',
  path: '/bots/{botId}/shop-terms',
  summary: 'On what terms a bot rewards whoever brings people, and sells gifts.',
  permission: 'shop-terms:read',
});

/** Beyond that somebody could pay their own friends. */
const MUCH_PERCENT = 50;
export const givesMuch = (percents: readonly number[]): boolean =>
  percents.reduce((sum, one) => sum + one, 0) > MUCH_PERCENT;

export const SetShopTerms = defineRoute({
  ...ofTerms,
  id: 'payments.shop-terms.set',
  method: 'PUT',
  path: '/bots/{botId}/shop-terms',
  summary: 'Sets these terms. They hold for what is paid and bought from now on; more than half of it needs two.',
  permission: 'shop-terms:write',
  body: ShopTerms.pick({ referrals: true, gifts: true }).extend({
    seller: SellerDetails.nullable().optional().describe('Stays as it is when absent.'),
  }),
  approval: ({ body }: { body: { referrals: ReferralTerms | null } }) => givesMuch(body.referrals?.percents ?? []),
  ifMatch: true,
});
