import { z } from 'zod';
import { Instant, PageQuery, pageOf } from './api.shapes';
import { defineRoute } from './define-route';
import { AmountMinor, Currency, Money } from './money';
import { openWord } from './open-word';
import { givesMuch, RewardPercents } from './payments.terms.api';
import { BotId } from './shapes';

// Partners, and what is paid out to whoever has earned something.

const Partner = z
  .object({
    botId: BotId,
    userId: z.uuid(),
    percents: RewardPercents,
    everyPayment: z.boolean(),
    since: Instant,
    endedAt: Instant.nullable(),
    revision: z.int(),
    invited: z.int(),
    pending: z.array(Money),
    earned: z.array(Money),
    paidOut: z.array(Money),
  })
  .meta({ id: 'payments.Partner' });

export const ListPartners = defineRoute({
  id: 'payments.partners.list',
  method: 'GET',
  path: '/bots/{botId}/partners',
  summary: 'People who bring others to a bot on terms of their own, whoever became one last first.',
  permission: 'partners:read',
  bots: 'params.botId',
  params: z.object({ botId: BotId }),
  query: PageQuery,
  answer: pageOf(Partner),
});

const ofPartner = { params: z.object({ botId: BotId, userId: z.uuid() }), bots: 'params.botId' } as const;

export const SetPartner = defineRoute({
  ...ofPartner,
  id: 'payments.partners.set',
  method: 'PUT',
  path: '/bots/{botId}/partners/{userId}',
  summary: 'Makes a person a partner, or gives them other terms from now on; more than half of it needs two.',
  permission: 'partners:write',
  idempotent: true,
  approval: ({ body }: { body: { percents: readonly number[] } }) => givesMuch(body.percents),
  body: Partner.pick({ percents: true, everyPayment: true }),
  answer: Partner,
  problems: { 'payments.bot_not_found': 404, 'payments.no_referrals': 404 },
});

export const EndPartner = defineRoute({
  ...ofPartner,
  id: 'payments.partners.end',
  method: 'DELETE',
  path: '/bots/{botId}/partners/{userId}',
  summary: 'Ends the terms of a partner. What was earned by them stays; their other links count no more.',
  permission: 'partners:write',
  problems: { 'payments.partner_not_found': 404 },
});

/** Where money is: closed, as it decides about money. */
export const PayoutState = z.enum(['asked', 'approved', 'paid', 'refused', 'withdrawn']);
export type PayoutState = z.output<typeof PayoutState>;

const PayoutRefusal = openWord(['details', 'suspicion', 'other'], {
  id: 'payments.PayoutRefusal',
  description: 'Why a payout was refused. "details": nothing can be sent to where it was to go.',
});

const Payout = z
  .object({
    id: z.uuid(),
    botId: BotId,
    amountMinor: AmountMinor,
    currency: Currency,
    state: PayoutState,
    askedAt: Instant,
    decidedAt: Instant.nullable(),
    refusal: PayoutRefusal.nullable(),
    revision: z.int(),
  })
  .meta({ id: 'payments.Payout' });

export const ListMyPayouts = defineRoute({
  id: 'payments.payouts.list-mine',
  method: 'GET',
  path: '/me/payouts',
  summary: 'What you have asked to be paid out, the newest first, and what you can ask for now.',
  permission: 'me:read',
  query: PageQuery.extend({ botId: BotId }),
  answer: pageOf(Payout).extend({
    payable: z.array(Money).describe('That you have earned and not spent.'),
    least: z.array(Money),
  }),
});

export const RequestPayout = defineRoute({
  id: 'payments.payouts.request',
  method: 'POST',
  path: '/me/payouts',
  summary: 'Asks for what you have earned to be paid out; until that is decided it is set aside. One at a time.',
  permission: 'me:write',
  idempotent: true,
  status: 201,
  body: z.object({
    botId: BotId,
    amountMinor: AmountMinor.min(1),
    currency: Currency,
    details: z.string().trim().min(3).max(500).describe('Where it is to be sent. Only who sends it reads this.'),
  }),
  answer: Payout,
  problems: {
    'payments.no_referrals': 404,
    'payments.payout_too_small': 422,
    'payments.payout_too_large': 409,
    'payments.payout_open': 409,
  },
});

const mine = { params: z.object({ payoutId: z.uuid() }), answer: Payout } as const;
const unfit = { 'payments.payout_not_found': 404, 'payments.payout_decided': 409 } as const;

export const WithdrawPayout = defineRoute({
  ...mine,
  id: 'payments.payouts.withdraw',
  method: 'POST',
  path: '/me/payouts/{payoutId}/withdraw',
  summary: 'Takes back what you have asked for, before it is approved.',
  permission: 'me:write',
  idempotent: true,
  problems: unfit,
});

const StaffPayout = Payout.extend({
  userId: z.uuid(),
  approvedBy: z.string().nullable(),
  decidedBy: z.string().nullable(),
  reference: z.string().nullable().describe('Of the transfer.'),
}).meta({ id: 'payments.StaffPayout' });

export const ListPayouts = defineRoute({
  id: 'payments.payouts.list',
  method: 'GET',
  path: '/payouts',
  summary: 'Payouts that people have asked for, the newest first.',
  permission: 'payouts:read',
  bots: 'filtered',
  query: PageQuery.extend({ botId: BotId.optional(), state: PayoutState.optional(), userId: z.uuid().optional() }),
  answer: pageOf(StaffPayout),
});

const ofPayout = {
  params: z.object({ payoutId: z.uuid() }),
  bots: 'filtered',
  answer: StaffPayout,
  etag: 'revision',
  problems: { 'payments.payout_not_found': 404 },
} as const;

export const ReadPayout = defineRoute({
  ...ofPayout,
  id: 'payments.payouts.read',
  method: 'GET',
  path: '/payouts/{payoutId}',
  summary: 'A payout, and where it is to be sent.',
  permission: 'payouts:read',
  sensitive: true,
  answer: StaffPayout.extend({
    details: z.string().nullable().describe('Null once it is decided: it is not kept.'),
  }).meta({ id: 'payments.PayoutDetails' }),
});

const decision = {
  ...ofPayout,
  method: 'POST',
  permission: 'payouts:write',
  ifMatch: true,
  problems: unfit,
} as const;

export const ApprovePayout = defineRoute({
  ...decision,
  id: 'payments.payouts.approve',
  path: '/payouts/{payoutId}/approve',
  summary: 'Lets a payout be sent. Two members of staff have to agree.',
  approval: true,
});

export const CompletePayout = defineRoute({
  ...decision,
  id: 'payments.payouts.complete',
  path: '/payouts/{payoutId}/complete',
  summary: 'Notes that an approved payout was sent.',
  body: z.object({ reference: z.string().trim().min(1).max(200).describe('Of the transfer, without names.') }),
});

export const RefusePayout = defineRoute({
  ...decision,
  id: 'payments.payouts.refuse',
  path: '/payouts/{payoutId}/refuse',
  summary: 'Does not send a payout: it is on the balance of the person again.',
  body: z.object({ refusal: PayoutRefusal }),
});
