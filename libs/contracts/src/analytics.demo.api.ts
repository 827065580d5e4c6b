import { z } from 'zod';
import { DraftExperiment } from './analytics.experiments.api';
import { Instant } from './api.shapes';
import { defineRoute } from './define-route';
import { DemoId } from './shapes';

const problems = { 'analytics.demo_refused': 403 } as const;

const PastEvent = z
  .object({
    id: DemoId,
    type: z.string().max(255),
    source: z.string().max(100),
    subject: z.string().max(255),
    time: z.iso.datetime(),
    data: z.looseObject({ userId: DemoId.optional() }),
  })
  .meta({ id: 'analytics.PastEvent', description: 'An event as its contract describes it, said long ago.' });

export const TakeDemoEvents = defineRoute({
  id: 'analytics.demo-events.take',
  method: 'POST',
  path: '/demo/events',
  summary:
    'Keeps what people who do not exist have done, however long ago. What does not fit is set aside, as always. Not in production.',
  permission: 'demo:write',
  callers: ['operator'],
  body: z.object({ events: z.array(PastEvent).max(2000) }),
  answer: z.object({ stored: z.int(), known: z.int(), quarantined: z.int() }),
  problems,
});

export const TakeDemoExperiment = defineRoute({
  id: 'analytics.demo-experiments.take',
  method: 'PUT',
  path: '/demo/experiments/{experimentId}',
  summary: 'Keeps an experiment that has begun long ago, for people who do not exist. Not in production.',
  permission: 'demo:write',
  callers: ['operator'],
  params: z.object({ experimentId: DemoId }),
  body: z.object({ draft: DraftExperiment.body, startedAt: Instant }),
  problems,
});

export const RemoveDemoEvents = defineRoute({
  id: 'analytics.demo-events.remove',
  method: 'DELETE',
  path: '/demo/events',
  summary: 'Deletes all that people who do not exist have done, and counts their days anew.',
  permission: 'demo:write',
  callers: ['operator'],
  rate: 'expensive',
  answer: z.object({ removed: z.int().describe('Events.'), alerts: z.int() }),
  problems: { ...problems, 'analytics.events_not_kept': 409 },
});
