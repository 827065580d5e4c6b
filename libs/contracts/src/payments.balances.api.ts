import { z } from 'zod';
import { Instant, PageQuery, pageOf } from './api.shapes';
import { defineRoute } from './define-route';
import { Currency, MAX_AMOUNT, Money } from './money';

// Balances of people, for staff.

const ofPerson = { params: z.object({ userId: z.uuid() }) } as const;

const Account = z.enum(['customer', 'held', 'rewards-held']).meta({
  id: 'payments.BalanceAccount',
  description:
    '"customer" can be spent, "held" is set aside for an order or a payout, "rewards-held" waits until a payment cannot go back.',
});

export const ReadBalances = defineRoute({
  ...ofPerson,
  id: 'payments.balances.read',
  method: 'GET',
  path: '/balances/{userId}',
  summary: 'What a person has, account by account.',
  permission: 'ledger:read',
  answer: z.object({ data: z.array(Money.extend({ account: Account })) }),
});

const Correction = z
  .object({
    id: z.uuid(),
    at: Instant,
    changeMinor: z.int(),
    currency: Currency,
    reason: z.string().nullable().describe('Null where the person was erased.'),
    by: z.string(),
  })
  .meta({ id: 'payments.BalanceCorrection' });

export const ListBalanceCorrections = defineRoute({
  ...ofPerson,
  id: 'payments.balance-corrections.list',
  method: 'GET',
  path: '/balances/{userId}/corrections',
  summary: 'How staff have corrected the balance of a person, and why, the newest first.',
  permission: 'ledger:read',
  query: PageQuery,
  answer: pageOf(Correction),
});

/** What one member of staff may correct alone, in the smallest parts; of any other currency nothing. */
const ALONE: Readonly<Record<string, number>> = { RUB: 50_000, USD: 500, EUR: 500, XTR: 250 };

export const CorrectBalance = defineRoute({
  ...ofPerson,
  id: 'payments.balance-corrections.make',
  method: 'POST',
  path: '/balances/{userId}/corrections',
  summary: 'Gives a person something on their balance, or takes it away; what is large needs two members of staff.',
  permission: 'ledger:request',
  idempotent: true,
  status: 201,
  approval: ({ body }: { body: { changeMinor: number; currency: string } }) =>
    Math.abs(body.changeMinor) > (ALONE[body.currency] ?? 0),
  body: z.object({
    changeMinor: z
      .int()
      .min(-MAX_AMOUNT)
      .max(MAX_AMOUNT)
      .refine((change) => change !== 0, 'changes nothing'),
    currency: Currency,
    reason: z.string().trim().min(3).max(500),
  }),
  answer: Correction,
  problems: { 'payments.balance_too_low': 409 },
});
