import { z } from 'zod';
import { ReportCurrency } from './analytics.reports';
import { defineRoute } from './define-route';

const Rate = z
  .object({
    currency: ReportCurrency,
    validFrom: z.iso.date().describe('In UTC. It holds until a later one of the currency.'),
    usdPerUnit: z
      .number()
      .positive()
      .describe('US dollars for one whole unit: one euro, one ruble, one Telegram Star.'),
    exponent: z.int().min(0).max(4).describe('Digits of its minor unit: 2 for cents, 0 for Stars (XTR).'),
    source: z.string().max(200),
  })
  .meta({ id: 'analytics.Rate' });

export const ListRates = defineRoute({
  id: 'analytics.rates.list',
  method: 'GET',
  path: '/analytics/rates',
  summary: 'The exchange rates by which reports add up currencies.',
  permission: 'analytics:read',
  answer: z.object({ rates: z.array(Rate) }),
});

export const PutRate = defineRoute({
  id: 'analytics.rates.put',
  method: 'PUT',
  path: '/analytics/rates/{currency}/{validFrom}',
  summary: 'Sets the rate of a currency from a day on.',
  permission: 'analytics:write',
  params: z.object({
    currency: ReportCurrency.refine(
      (currency) => currency !== 'USD',
      'is what rates are in: a dollar is worth a dollar',
    ),
    validFrom: z.iso.date(),
  }),
  body: Rate.omit({ currency: true, validFrom: true }),
  answer: Rate,
});
