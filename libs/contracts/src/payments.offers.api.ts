import { z } from 'zod';
import { Instant, PageQuery, pageOf } from './api.shapes';
import { defineRoute } from './define-route';
import { Money } from './money';
import { CreatePromoCode } from './payments.catalogue.api';
import { CustomerCriteria, MessageText } from './segments';
import { BotId } from './shapes';

// Offers to some people only, and whether they are worth it.

const PromoTerms = CreatePromoCode.body.pick({ gives: true, planIds: true });

const Percent = z.int().min(0).max(100);
const Count = z.int().min(0);

const offer = {
  botId: BotId,
  title: z.string().trim().min(1).max(120).describe('For staff.'),
  text: MessageText,
  criteria: CustomerCriteria.describe('Who is offered it; everybody without any.'),
  cap: z.int().min(1).max(10_000_000).nullable().describe('It is shown to so many people at most.'),
  holdOutPercent: z.int().min(0).max(90).describe('So many of them are not shown it, to compare by.'),
  until: Instant,
};

const Rate = z.object({ people: Count, bought: Count, rate: z.number().min(0).max(1).nullable() });

const Offer = z
  .object({
    id: z.uuid(),
    ...offer,
    gives: PromoTerms.shape.gives,
    planIds: z.array(z.uuid()).nullable(),
    from: Instant,
    createdAt: Instant,
    endedAt: Instant.nullable(),
    revision: z.int(),
    results: z.object({
      shown: Rate,
      heldOut: Rate,
      difference: z
        .object({ value: z.number(), low: z.number(), high: z.number() })
        .nullable()
        .describe('Of the two rates, with its interval of 95 %; null before both groups have people.'),
      orders: Count.describe('That were paid with it.'),
      revenue: z.array(Money),
    }),
  })
  .meta({ id: 'payments.Offer', description: 'Something that some people get cheaper or for longer.' });

export const ListOffers = defineRoute({
  id: 'payments.offers.list',
  method: 'GET',
  path: '/offers',
  summary: 'Offers of a bot with what came of them, the newest first.',
  permission: 'promotions:read',
  bots: 'query.botId',
  query: PageQuery.extend({ botId: BotId }),
  answer: pageOf(Offer),
});

export const CreateOffer = defineRoute({
  id: 'payments.offers.create',
  method: 'POST',
  path: '/offers',
  summary: 'Offers something to some people of a bot.',
  permission: 'promotions:write',
  bots: 'body.botId',
  idempotent: true,
  status: 201,
  body: z
    .object({
      ...offer,
      gives: PromoTerms.shape.gives,
      planIds: PromoTerms.shape.planIds,
      cap: offer.cap.default(null),
      holdOutPercent: Percent.max(90).default(10),
      from: Instant.optional().describe('Now when absent.'),
    })
    .refine(({ from, until }) => !from || from < until, { error: 'ends before it begins', path: ['until'] }),
  answer: Offer,
  etag: 'revision',
  problems: { 'payments.bot_not_found': 404, 'payments.offer_over': 422 },
});

export const EndOffer = defineRoute({
  id: 'payments.offers.end',
  method: 'POST',
  path: '/offers/{offerId}/end',
  summary: 'Nobody is shown it or can use it any more. What was ordered with it keeps its price.',
  permission: 'promotions:write',
  bots: 'filtered',
  params: z.object({ offerId: z.uuid() }),
  ifMatch: true,
  answer: Offer,
  etag: 'revision',
  problems: { 'payments.offer_not_found': 404 },
});

export const ListMyOffers = defineRoute({
  id: 'payments.offers.list-mine',
  method: 'GET',
  path: '/me/offers',
  summary: 'What you are offered, for you alone. Ordering with its code gets you what it gives.',
  permission: 'me:read',
  query: z.object({ botId: BotId }),
  answer: z.object({
    data: z.array(
      z
        .object({
          offerId: z.uuid(),
          text: MessageText,
          promoCode: z.string().describe('To order with; it works for nobody else.'),
          gives: PromoTerms.shape.gives,
          planIds: z.array(z.uuid()).nullable(),
          until: Instant,
        })
        .meta({ id: 'payments.MyOffer' }),
    ),
  }),
});
