import { z } from 'zod';
import { ReportZone } from './analytics.reports';
import { defineRoute } from './define-route';
import { CostMicros } from './shapes';

const counted = {
  sessions: z
    .int()
    .describe('Times of use; one ends with 30 minutes of silence and belongs to the day on which it began.'),
  minutes: z.int().describe('From the first to the last thing done in them, each at least one.'),
  messages: z.int(),
  practices: z.int().describe('That were finished.'),
  tokens: z.int().describe('Read and written by models for the person.'),
  costMicros: CostMicros,
};

export const ReadMyStatistics = defineRoute({
  id: 'analytics.me.read-statistics',
  method: 'GET',
  path: '/me/statistics',
  summary: "A person's own month, day by day. Empty for who did not agree to be counted.",
  permission: 'me:read',
  query: z.object({
    month: z
      .string()
      .regex(/^20\d{2}-(0[1-9]|1[0-2])$/)
      .describe('`2026-11`'),
    zone: ReportZone.default('UTC'),
  }),
  answer: z.object({
    month: z.string(),
    zone: ReportZone,
    keptFrom: z.iso
      .date()
      .nullable()
      .describe('Set where the month began earlier: of days before it nothing is kept any more.'),
    isCounted: z
      .boolean()
      .describe('Whether the person agreed. Without it nothing is kept, and there is nothing to show.'),
    total: z.object(counted),
    days: z.array(z.object({ day: z.iso.date(), ...counted })).describe('Those on which there was something.'),
  }),
});
