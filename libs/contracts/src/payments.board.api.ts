import { z } from 'zod';
import { defineRoute } from './define-route';
import { Currency } from './money';
import { PaymentProviderName } from './payments.shapes';
import { BotId } from './shapes';

const Month = z
  .object({
    month: z.string().regex(/^\d{4}-\d{2}$/),
    revenueMinor: z.int().describe('What was sold, without top-ups of balances.'),
    refundsMinor: z.int(),
    feesMinor: z.int().describe('What providers kept.'),
    orders: z.int(),
    buyers: z.int().describe('People.'),
    mrrMinor: z.int().describe('At the end of the month, or now: what subscriptions bring in a month of 30.44 days.'),
    active: z.int().describe('Subscriptions that are paid for at that time.'),
    began: z.int().describe('Subscriptions that were paid for the first time.'),
    churned: z.int().describe('Of those that were paid for at the beginning, the ones that are not at the end.'),
    churnPercent: z.number().nullable().describe('Null where there was none at the beginning.'),
    trials: z.int().describe('Trials that began.'),
    converted: z.int().describe('Of these, the ones that were paid on by now.'),
    arpuMinor: z.int().nullable().describe('MRR for each subscription.'),
    ltvMinor: z.int().nullable().describe('ARPU divided by churn; null without either.'),
  })
  .meta({ id: 'payments.BoardMonth' });

const BoardQuery = z.object({
  botId: BotId.optional(),
  currency: Currency,
  months: z.coerce.number<number>().int().min(1).max(36).default(12),
});

const Board = z.object({
  currency: Currency,
  currencies: z.array(Currency).describe('In which anything was sold in these months, the most frequent first.'),
  months: z.array(Month).describe('The oldest first.'),
  byProvider: z.array(z.object({ provider: PaymentProviderName, amountMinor: z.int(), payments: z.int() })),
  byPlan: z.array(z.object({ planId: z.uuid(), name: z.object({ en: z.string(), ru: z.string() }), active: z.int() })),
  byCampaign: z.array(z.object({ campaign: z.string(), orders: z.int(), revenueMinor: z.int() })),
});

export const ReadSalesBoard = defineRoute({
  id: 'payments.boards.read',
  method: 'GET',
  path: '/sales-board',
  summary: 'Revenue and subscriptions by month, in one currency.',
  permission: 'analytics:read',
  bots: 'filtered',
  query: BoardQuery,
  answer: Board,
});

export const ReadSalesOfBot = defineRoute({
  id: 'payments.boards.read-for-bot',
  method: 'GET',
  path: '/sales-board-for-bot',
  summary: 'The same, for staff who ask in the chat of the bot.',
  permission: 'analytics:read',
  callers: ['bot-adapter'],
  bots: 'query.botId',
  query: BoardQuery.required({ botId: true }),
  answer: Board,
});
