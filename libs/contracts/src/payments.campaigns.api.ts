import { z } from 'zod';
import { Instant, PageQuery, pageOf } from './api.shapes';
import { defineRoute } from './define-route';
import { Money } from './money';
import { StartParameter } from './segments';
import { BotId } from './shapes';

// Links by which staff tell where people come from.

const Campaign = z
  .object({
    id: z.uuid(),
    botId: BotId,
    name: StartParameter.describe('What the link says to the bot; orders bear it.'),
    title: z.string(),
    url: z.url().nullable().describe('Null where the name of the bot is not known here.'),
    createdAt: Instant,
    endedAt: Instant.nullable(),
    results: z.object({
      people: z.int().describe('Who came by the link.'),
      buyers: z.int(),
      orders: z.int().describe('That were paid, without what goes on by itself afterwards.'),
      revenue: z.array(Money),
      refunds: z.array(Money),
    }),
  })
  .meta({ id: 'payments.Campaign', description: 'A link, with who came by it and what they bought.' });

export const ListCampaigns = defineRoute({
  id: 'payments.campaigns.list',
  method: 'GET',
  path: '/campaigns',
  summary: 'Campaigns of a bot with what came of them, the newest first.',
  permission: 'promotions:read',
  bots: 'query.botId',
  query: PageQuery.extend({ botId: BotId }),
  answer: pageOf(Campaign),
});

export const CreateCampaign = defineRoute({
  id: 'payments.campaigns.create',
  method: 'POST',
  path: '/campaigns',
  summary: 'A new link. Within thirty days what somebody buys who came by it counts for it.',
  permission: 'promotions:write',
  bots: 'body.botId',
  idempotent: true,
  status: 201,
  body: z.object({
    botId: BotId,
    name: z
      .string()
      .regex(/^(?!ref_|gift_|guest_)[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/)
      .describe('Not as links begin that say something else: ref_, gift_, guest_.'),
    title: z.string().trim().min(1).max(120),
  }),
  answer: Campaign,
  problems: { 'payments.bot_not_found': 404, 'payments.code_taken': 409 },
});

export const EndCampaign = defineRoute({
  id: 'payments.campaigns.end',
  method: 'POST',
  path: '/campaigns/{campaignId}/end',
  summary: 'Whoever comes by the link from now on is not counted any more.',
  permission: 'promotions:write',
  bots: 'filtered',
  params: z.object({ campaignId: z.uuid() }),
  answer: Campaign,
  problems: { 'payments.campaign_not_found': 404 },
});
