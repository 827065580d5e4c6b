import { z } from 'zod';
import { FieldError, Instant, PageQuery, pageOf } from './api.shapes';
import { defineRoute } from './define-route';
import { BotId } from './shapes';

// What every service answers, each for itself.

const Id = z.string().regex(/^\d{1,18}$/);

const Which = z.object({ consumer: z.string().optional(), type: z.string().optional(), reason: z.string().optional() });
const Chosen = Which.extend({
  ids: z.array(Id).max(1000).optional(),
  limit: z.int().min(1).max(1000).optional().describe('All of them without it.'),
});

const DeadLetter = z
  .object({
    id: Id,
    consumer: z.string(),
    eventId: z.uuid(),
    type: z.string(),
    subject: z.string(),
    reason: z.string(),
    error: z.string(),
    attempts: z.int(),
    parkedAt: Instant,
    event: z.unknown().describe('The event, or its text where it could not be read.'),
  })
  .meta({ id: 'DeadLetter' });

export const ListDeadLetters = defineRoute({
  id: 'service-kit.dead-letters.list',
  method: 'GET',
  path: '/bus/dead-letters',
  summary: 'Events this service gave up, in the order they died.',
  permission: 'dead-letters:read',
  query: PageQuery.extend(Which.shape),
  answer: pageOf(DeadLetter),
});

export const SummarizeDeadLetters = defineRoute({
  id: 'service-kit.dead-letters.summarize',
  method: 'GET',
  path: '/bus/dead-letters/summary',
  summary: 'How many events this service gave up, by consumer, type and reason, the largest group first.',
  permission: 'dead-letters:read',
  answer: z.object({
    groups: z.array(
      z.object({
        consumer: z.string(),
        type: z.string(),
        reason: z.string(),
        count: z.int(),
        oldest: Instant,
        newest: Instant,
        error: z.string().describe("The newest one's."),
      }),
    ),
  }),
});

export const ReplayDeadLetters = defineRoute({
  id: 'service-kit.dead-letters.replay',
  method: 'POST',
  path: '/bus/dead-letters/replay',
  summary: 'Lets dead events be tried again, spread over time.',
  permission: 'dead-letters:write',
  body: Chosen.extend({ perSecond: z.number().min(0.1).max(1000).optional() }),
  answer: z.object({ replayed: z.int() }),
});

export const DiscardDeadLetters = defineRoute({
  id: 'service-kit.dead-letters.discard',
  method: 'POST',
  path: '/bus/dead-letters/discard',
  summary: 'Gives dead events up for good; who decided it and why is kept.',
  permission: 'dead-letters:write',
  body: Chosen.extend({ why: z.string().min(3).max(500) }),
  answer: z.object({ discarded: z.int() }),
});

export const CheckBot = defineRoute({
  id: 'service-kit.bots.check',
  method: 'POST',
  path: '/bots/check',
  summary: 'What keeps this service from using a description of a bot, which it does not take over.',
  permission: 'bots:write',
  callers: ['gateway'],
  body: z.object({
    id: BotId,
    description: z.record(z.string(), z.unknown()),
    secrets: z.record(z.string(), z.string()).default({}).describe('By their names, as `channel.token`.'),
    takenFrom: z
      .record(z.string(), z.unknown())
      .optional()
      .describe('The file that it was taken over from: folders of the machine that stand there may be named.'),
  }),
  answer: z.object({
    sections: z.array(z.string()).describe('Those that this service reads.'),
    secrets: z.array(z.string()).describe('Those it has looked for, set or not.'),
    errors: z.array(FieldError).describe('Their pointers begin at the description.'),
  }),
});

const Schedule = z
  .object({
    job: z.string(),
    cron: z.string().describe('Minute, hour, day of the month, month, day of the week; in UTC.'),
    purpose: z.string(),
    nextAt: Instant,
    succeededAt: Instant.nullable(),
    lateMs: z.int().describe('For how long a run has been overdue; 0 when none is.'),
    timeoutMs: z.int(),
  })
  .meta({ id: 'Schedule' });

const EventGroup = z
  .object({
    name: z.string(),
    types: z.int().describe('Of events that it hears.'),
    retrying: z.int(),
    dead: z.int(),
    isAbandoned: z.boolean().describe('No process hears it any more.'),
  })
  .meta({ id: 'EventGroup' });

export const ReadSystem = defineRoute({
  id: 'service-kit.system.read',
  method: 'GET',
  path: '/system',
  summary: 'How this service is: its processes, what it does by the clock, what waits.',
  permission: 'system:read',
  answer: z.object({
    version: z.string(),
    startedAt: Instant.describe('Of the process that answers.'),
    processes: z.int().describe('That do its jobs now.'),
    checks: z.array(z.object({ name: z.string(), passes: z.boolean() })).describe('Those of `/health/ready`.'),
    schedules: z.array(Schedule),
    jobs: z.object({ waiting: z.int(), running: z.int(), retrying: z.int(), failed: z.int() }),
    outbox: z.object({
      waiting: z.int().describe('Events to be published, counted up to 100,000.'),
      oldestAt: Instant.nullable(),
    }),
    groups: z.array(EventGroup).describe('The groups of consumers, by name.'),
  }),
});
