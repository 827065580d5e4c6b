import { z } from 'zod';
import { modelUsage, notKept, reportQuery, ReportZone } from './analytics.reports';
import { defineRoute } from './define-route';
import { BotId } from './shapes';

/** Failed calls are among the calls. */
const PersonUsage = { messages: z.int(), ...modelUsage };

export const ReadPersonUsage = defineRoute({
  id: 'analytics.boards.read-person-usage',
  method: 'GET',
  path: '/people/{userId}/usage',
  summary: 'What a person has written and what models have cost for them, by day, model and bot.',
  permission: 'people:read',
  bots: 'filtered',
  params: z.object({ userId: z.uuid() }),
  query: reportQuery({}),
  answer: z.object({
    zone: ReportZone,
    keptFrom: z.iso.date().nullable().describe('As in `analytics.About`.'),
    isCounted: z
      .boolean()
      .describe('Whether the person agreed. Without it nothing is kept, and there is nothing to show.'),
    total: z.object(PersonUsage),
    days: z.array(z.object({ day: z.iso.date(), ...PersonUsage })).describe('Those on which there was something.'),
    models: z.array(z.object({ model: z.string(), ...modelUsage })).describe('The dearest first.'),
    bots: z.array(z.object({ botId: BotId, ...PersonUsage })).describe('The dearest first.'),
  }),
  problems: notKept,
});
