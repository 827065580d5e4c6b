import { z } from 'zod';
import { Instant } from './api.shapes';
import { TimeZone } from './bot';
import { defineRoute } from './define-route';
import { Locale } from './locale';
import { BotId, DemoId } from './shapes';

const problems = { 'gateway.demo_refused': 403 } as const;

export const ReadDemo = defineRoute({
  id: 'gateway.demo.read',
  method: 'GET',
  path: '/demo',
  summary: 'Whether people who do not exist are among those whom staff see; never in production.',
  permission: 'account:read',
  bots: 'filtered',
  answer: z.object({ isThere: z.boolean() }),
});

export const TakeDemoPeople = defineRoute({
  id: 'gateway.demo-people.take',
  method: 'POST',
  path: '/demo/people',
  summary: 'Keeps people who do not exist, as if they had come long ago; nobody is told. Not in production.',
  permission: 'demo:write',
  callers: ['operator'],
  body: z.object({
    people: z
      .array(
        z.object({
          userId: DemoId,
          name: z.string().min(1).max(100),
          locale: Locale,
          timeZone: TimeZone,
          registeredAt: Instant,
          seenAt: Instant,
          externalId: z.string().min(1).max(100).describe('Of Telegram.'),
          bots: z.array(BotId).min(1),
        }),
      )
      .max(500),
  }),
  answer: z.object({ taken: z.int().describe('That were not there.') }),
  problems,
});

export const RemoveDemoPeople = defineRoute({
  id: 'gateway.demo-people.remove',
  method: 'DELETE',
  path: '/demo/people',
  summary: 'Deletes all people who do not exist.',
  permission: 'demo:write',
  callers: ['operator'],
  answer: z.object({ removed: z.int() }),
  problems,
});
