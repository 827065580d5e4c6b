import { z } from 'zod';
import { Instant, PageQuery, pageOf } from './api.shapes';
import { defineRoute } from './define-route';
import { AmountMinor, Currency, Money } from './money';
import { BotId } from './shapes';

// A person's own area: whom they have brought, and what they get for it.

/** Small and capital letters are the same, and it is told by people to each other. */
const Code = z.string().trim().min(4).max(40);

export const TrackedLink = z
  .object({
    code: z.string(),
    startParameter: z.string().describe('`https://t.me/<bot>?start=<this>`'),
    url: z.url().nullable().describe('The same as a link; null where the name of the bot is not known here.'),
    invited: z.int().describe('People who came by it and are counted.'),
  })
  .meta({ id: 'payments.TrackedLink' });

const ofBot = { query: z.object({ botId: BotId }) };
const noProgramme = { 'payments.no_referrals': 404 } as const;

export const ReadMyReferrals = defineRoute({
  ...ofBot,
  id: 'payments.referrals.read-mine',
  method: 'GET',
  path: '/me/referrals',
  summary: 'Your link by which you bring people to a bot, how many came, and what you get for it.',
  permission: 'me:read',
  answer: z.object({
    botId: BotId,
    link: TrackedLink,
    percents: z.array(z.int()).describe('That you get of what people pay, level by level.'),
    everyPayment: z.boolean(),
    holdDays: z.int(),
    paying: z.int().describe('People of whose payments you had something.'),
    pending: z.array(Money).describe('Until the time is over in which payments can go back.'),
    earned: z.array(Money),
  }),
  problems: noProgramme,
});

const Reward = z
  .object({
    id: z.uuid(),
    level: z.int(),
    amountMinor: AmountMinor,
    currency: Currency,
    state: z.enum(['held', 'paid', 'taken-back']),
    at: Instant,
    releaseAt: Instant.describe('When it is yours, unless the payment goes back.'),
  })
  .meta({ id: 'payments.Reward' });

export const ListMyRewards = defineRoute({
  id: 'payments.rewards.list-mine',
  method: 'GET',
  path: '/me/rewards',
  summary: 'What you got for people whom you have brought, the newest first.',
  permission: 'me:read',
  query: PageQuery.extend({ botId: BotId.optional() }),
  answer: pageOf(Reward),
});

export const UseReferral = defineRoute({
  id: 'payments.referrals.use',
  method: 'POST',
  path: '/me/referrals',
  summary: 'Says who has invited you. It counts once and for ever, soon after you came and before you pay.',
  permission: 'me:write',
  idempotent: true,
  body: z.object({ botId: BotId, code: Code }),
  answer: z.object({ counted: z.boolean().describe('False of a second time by the same code.') }),
  problems: {
    'payments.referral_not_found': 404,
    'payments.referral_not_new': 409,
    'payments.referral_own': 409,
    'payments.referral_limit': 409,
  },
});

const MyLink = TrackedLink.extend({
  id: z.uuid(),
  label: z.string().nullable(),
  endedAt: Instant.nullable(),
  paid: z.array(Money).describe('By people who came by it, as far as you have a share in it.'),
  earned: z.array(Money).describe('Of that, for you.'),
}).meta({ id: 'payments.MyLink' });

export const ListMyLinks = defineRoute({
  ...ofBot,
  id: 'payments.tracked-links.list-mine',
  method: 'GET',
  path: '/me/tracked-links',
  summary: 'Your links to a bot, and what came of each.',
  permission: 'me:read',
  answer: z.object({ data: z.array(MyLink) }),
});

export const CreateMyLink = defineRoute({
  id: 'payments.tracked-links.create-mine',
  method: 'POST',
  path: '/me/tracked-links',
  summary: 'Another link to a bot, so that a partner can tell campaigns apart.',
  permission: 'me:write',
  idempotent: true,
  status: 201,
  body: z.object({
    botId: BotId,
    label: z
      .string()
      .regex(/^[a-z0-9][a-z0-9-]{0,39}$/)
      .describe('A word by which you know it: small letters, digits and hyphens.'),
  }),
  answer: MyLink,
  problems: { 'payments.not_a_partner': 403, 'payments.link_exists': 409, 'payments.too_many_links': 409 },
});

export const EndMyLink = defineRoute({
  id: 'payments.tracked-links.end-mine',
  method: 'DELETE',
  path: '/me/tracked-links/{linkId}',
  summary: 'Whoever comes by this link from now on is not counted any more. Who came before stays so.',
  permission: 'me:write',
  params: z.object({ linkId: z.uuid() }),
  problems: { 'payments.link_not_found': 404 },
});
