import { z } from 'zod';
import { Instant, LocalizedText } from './api.shapes';
import { defineRoute } from './define-route';
import { AmountMinor, Currency } from './money';
import { DeliveryNeeds } from './payments.goods.shapes';
import { CatalogueCode, Prices } from './payments.shapes';
import { BotId } from './shapes';

// For staff: how goods come to people, for a price that is the same for every order.

const method = {
  name: LocalizedText.extend({ en: z.string().trim().min(1).max(100), ru: z.string().trim().min(1).max(100) }).meta({
    id: 'payments.DeliveryName',
  }),
  prices: z
    .record(Currency, AmountMinor)
    .refine((prices) => Object.keys(prices).length <= 20, { error: 'must have at most 20 currencies' })
    .meta({ id: 'payments.DeliveryPrices', description: 'By currency, in its smallest parts; 0: it costs nothing.' }),
  freeFrom: Prices.nullable().describe('It costs nothing for goods of so much.'),
  countries: z
    .array(z.string().regex(/^[A-Z]{2}$/))
    .min(1)
    .max(250)
    .nullable()
    .describe('ISO 3166-1; null: everywhere.'),
  needs: DeliveryNeeds,
  days: z
    .object({ from: z.int().min(0).max(365), to: z.int().min(0).max(365) })
    .refine(({ from, to }) => from <= to, { error: 'ends before it begins', path: ['to'] })
    .nullable()
    .describe('How long it takes, as people are told.'),
  position: z.int().min(0).max(10_000),
};

const DeliveryMethod = z
  .object({
    ...{ id: z.uuid(), brandId: BotId, code: CatalogueCode, ...method },
    archived: z.boolean().describe('Offered no more; what was ordered with it is delivered so.'),
    createdAt: Instant,
    revision: z.int(),
  })
  .meta({ id: 'payments.DeliveryMethod' });

const ofMethod = {
  params: z.object({ methodId: z.uuid() }),
  bots: 'filtered',
  answer: DeliveryMethod,
  etag: 'revision',
  problems: { 'payments.delivery_method_not_found': 404 },
} as const;

export const ListDeliveryMethods = defineRoute({
  id: 'payments.delivery-methods.list',
  method: 'GET',
  path: '/delivery-methods',
  summary: 'How a shop delivers, in the order in which it is offered.',
  permission: 'goods:read',
  bots: 'query.brandId',
  query: z.object({ brandId: BotId, archived: z.stringbool().default(false).describe('Those as well.') }),
  answer: z.object({ data: z.array(DeliveryMethod) }),
});

export const ReadDeliveryMethod = defineRoute({
  ...ofMethod,
  id: 'payments.delivery-methods.read',
  method: 'GET',
  path: '/delivery-methods/{methodId}',
  summary: 'One way of delivery.',
  permission: 'goods:read',
});

export const CreateDeliveryMethod = defineRoute({
  id: 'payments.delivery-methods.create',
  method: 'POST',
  path: '/delivery-methods',
  summary: 'A new way of delivery, offered from now on.',
  permission: 'goods:write',
  bots: 'body.brandId',
  idempotent: true,
  status: 201,
  body: z.object({
    ...{ brandId: BotId, code: CatalogueCode, ...method },
    freeFrom: method.freeFrom.default(null),
    countries: method.countries.default(null),
    days: method.days.default(null),
    position: method.position.default(0),
  }),
  answer: DeliveryMethod,
  etag: 'revision',
  problems: { 'payments.bot_not_found': 404, 'payments.brand_needed': 422, 'payments.code_taken': 409 },
});

export const ChangeDeliveryMethod = defineRoute({
  ...ofMethod,
  id: 'payments.delivery-methods.change',
  method: 'PATCH',
  path: '/delivery-methods/{methodId}',
  summary: 'Changes a way of delivery, or offers it no more. What was ordered keeps its price.',
  permission: 'goods:write',
  body: z.object({ ...method, archived: z.boolean() }).partial(),
  ifMatch: true,
});
