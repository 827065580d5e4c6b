import { z } from 'zod';
import { Instant, LocalizedText, pageOf, PageQuery } from './api.shapes';
import { defineRoute } from './define-route';
import { ByUse, CatalogueCode, Features, LevelName, PlanPeriod, Prices, ReceiptTerms } from './payments.shapes';
import { BotId } from './shapes';

// For staff: what bots sell.

const plan = {
  name: LocalizedText,
  description: LocalizedText,
  level: LevelName,
  rank: z.int().min(0).max(1000).describe('Of two levels that a person has the higher one counts.'),
  prices: Prices,
  features: Features,
  recurring: z.boolean().describe('It can go on by itself.'),
  giftable: z.boolean(),
  trialDays: z.int().min(1).max(90).nullable(),
  graceDays: z.int().min(0).max(60),
  byUse: ByUse.nullable().describe(
    'What is used beyond the plan is paid with the next period, in each currency of the plan; null: it is not to be had.',
  ),
  position: z.int().min(0).max(10_000),
  receipt: ReceiptTerms,
};

const Plan = z
  .object({
    ...{ id: z.uuid(), botId: BotId, code: CatalogueCode, ...plan, period: PlanPeriod },
    subscriptions: z.int().describe('How many there are of it just now.'),
    archived: z.boolean().describe('Sold no more; who has it goes on with it.'),
    createdAt: Instant,
    revision: z.int(),
  })
  .meta({ id: 'payments.Plan' });

const ofPlan = {
  params: z.object({ planId: z.uuid() }),
  bots: 'filtered',
  answer: Plan,
  etag: 'revision',
  problems: { 'payments.plan_not_found': 404 },
} as const;

export const ListPlans = defineRoute({
  id: 'payments.plans.list',
  method: 'GET',
  path: '/plans',
  summary: 'The plans of a bot, in the order in which they are shown.',
  permission: 'catalogue:read',
  bots: 'query.botId',
  query: z.object({ botId: BotId, archived: z.stringbool().default(false).describe('Those as well.') }),
  answer: z.object({ data: z.array(Plan) }),
});

export const ReadPlan = defineRoute({
  ...ofPlan,
  id: 'payments.plans.read',
  method: 'GET',
  path: '/plans/{planId}',
  summary: 'One plan.',
  permission: 'catalogue:read',
});

export const CreatePlan = defineRoute({
  id: 'payments.plans.create',
  method: 'POST',
  path: '/plans',
  summary: 'A new plan, sold from now on.',
  permission: 'catalogue:write',
  bots: 'body.botId',
  idempotent: true,
  status: 201,
  body: z.object({
    ...{ botId: BotId, code: CatalogueCode, ...plan, period: PlanPeriod },
    rank: plan.rank.default(1),
    recurring: plan.recurring.default(true),
    giftable: plan.giftable.default(true),
    trialDays: plan.trialDays.default(null),
    graceDays: plan.graceDays.default(3),
    byUse: plan.byUse.default(null),
    position: plan.position.default(0),
    receipt: plan.receipt.default({}),
  }),
  answer: Plan,
  etag: 'revision',
  problems: { 'payments.code_taken': 409, 'payments.use_price_missing': 422 },
});

export const ChangePlan = defineRoute({
  ...ofPlan,
  id: 'payments.plans.change',
  method: 'PATCH',
  path: '/plans/{planId}',
  summary: 'Changes what is sold from now on. Who has it is charged the new price when it is renewed next.',
  permission: 'catalogue:write',
  body: z.object({ ...plan, archived: z.boolean() }).partial(),
  ifMatch: true,
  problems: { ...ofPlan.problems, 'payments.use_price_missing': 422 },
});

const pack = {
  name: LocalizedText,
  prices: Prices,
  adds: Features.describe('Beside what the plan brings.'),
  lasts: z.enum(['period', 'subscription']),
  position: z.int().min(0).max(10_000),
  receipt: ReceiptTerms,
};

const Package = z
  .object({ id: z.uuid(), botId: BotId, code: CatalogueCode, ...pack, archived: z.boolean(), revision: z.int() })
  .meta({ id: 'payments.Package' });

export const ListPackages = defineRoute({
  id: 'payments.packages.list',
  method: 'GET',
  path: '/packages',
  summary: 'What a bot sells beside its plans.',
  permission: 'catalogue:read',
  bots: 'query.botId',
  query: z.object({ botId: BotId, archived: z.stringbool().default(false) }),
  answer: z.object({ data: z.array(Package) }),
});

export const CreatePackage = defineRoute({
  id: 'payments.packages.create',
  method: 'POST',
  path: '/packages',
  summary: 'A new package, sold from now on.',
  permission: 'catalogue:write',
  bots: 'body.botId',
  idempotent: true,
  status: 201,
  body: z.object({
    ...{ botId: BotId, code: CatalogueCode, ...pack },
    position: pack.position.default(0),
    receipt: pack.receipt.default({}),
  }),
  answer: Package,
  etag: 'revision',
  problems: { 'payments.code_taken': 409 },
});

export const ChangePackage = defineRoute({
  id: 'payments.packages.change',
  method: 'PATCH',
  path: '/packages/{packageId}',
  summary: 'Changes a package, or sells it no more.',
  permission: 'catalogue:write',
  params: z.object({ packageId: z.uuid() }),
  bots: 'filtered',
  body: z.object({ ...pack, archived: z.boolean() }).partial(),
  answer: Package,
  etag: 'revision',
  ifMatch: true,
  problems: { 'payments.package_not_found': 404 },
});

const PromoWord = z
  .string()
  .trim()
  .regex(/^[\p{L}\p{N}_-]{2,64}$/u)
  .describe('Small and capital letters are the same.');

const PromoCode = z
  .object({
    id: z.uuid(),
    botId: BotId,
    code: PromoWord,
    gives: z
      .discriminatedUnion('kind', [
        z.object({ kind: z.literal('percent'), percent: z.int().min(1).max(100) }),
        z.object({ kind: z.literal('fixed'), amounts: Prices }),
        z.object({ kind: z.literal('days'), days: z.int().min(1).max(366) }),
      ])
      .meta({ id: 'payments.PromoGives' }),
    planIds: z.array(z.uuid()).min(1).max(50).nullable().describe('Null: for all.'),
    maxUses: z.int().min(1).nullable(),
    maxPerPerson: z.int().min(1).max(1000),
    firstOnly: z.boolean().describe('For people who have bought nothing before.'),
    validFrom: Instant,
    validUntil: Instant.nullable(),
    uses: z.int().describe('Orders that are not paid yet included.'),
    ended: z.boolean(),
    createdAt: Instant,
    revision: z.int(),
  })
  .meta({ id: 'payments.PromoCode' });

export const ListPromoCodes = defineRoute({
  id: 'payments.promo-codes.list',
  method: 'GET',
  path: '/promo-codes',
  summary: 'Promo codes of a bot, the newest first.',
  permission: 'promotions:read',
  bots: 'query.botId',
  query: PageQuery.extend({ botId: BotId, code: z.string().max(64).optional().describe('How it begins.') }),
  answer: pageOf(PromoCode),
});

export const CreatePromoCode = defineRoute({
  id: 'payments.promo-codes.create',
  method: 'POST',
  path: '/promo-codes',
  summary: 'A new promo code.',
  permission: 'promotions:write',
  bots: 'body.botId',
  idempotent: true,
  status: 201,
  body: PromoCode.pick({ botId: true, code: true, gives: true }).extend({
    planIds: PromoCode.shape.planIds.default(null),
    maxUses: PromoCode.shape.maxUses.default(null),
    maxPerPerson: PromoCode.shape.maxPerPerson.default(1),
    firstOnly: z.boolean().default(false),
    validFrom: Instant.optional().describe('Now when absent.'),
    validUntil: PromoCode.shape.validUntil.default(null),
  }),
  answer: PromoCode,
  etag: 'revision',
  problems: { 'payments.code_taken': 409 },
});

export const EndPromoCode = defineRoute({
  id: 'payments.promo-codes.end',
  method: 'POST',
  path: '/promo-codes/{promoCodeId}/end',
  summary: 'Nobody can use it any more. What was ordered with it keeps its price.',
  permission: 'promotions:write',
  params: z.object({ promoCodeId: z.uuid() }),
  bots: 'filtered',
  answer: PromoCode,
  etag: 'revision',
  ifMatch: true,
  problems: { 'payments.promo_not_found': 422 },
});
