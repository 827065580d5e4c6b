import { z } from 'zod';
import { defineEvent } from './define-event';
import { openWord } from './open-word';
import { BotId, Channel } from './shapes';

export const ExperimentKey = z
  .string()
  .regex(/^[a-z][a-z0-9-]{1,59}$/)
  .meta({ id: 'ExperimentKey', description: 'Names an experiment for good, for example "lumen-greeting-2".' });

export const ArmKey = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,39}$/)
  .meta({ id: 'ArmKey', description: 'One of the things that an experiment compares, for example "control".' });

export const ExposureReason = openWord(['assigned'], {
  id: 'ExposureReason',
  description: 'How the person came into the arm. "assigned": by the hash of their id.',
});

export const ExposureRecorded = defineEvent(
  'analytics.exposure.recorded.v1',
  z.object({
    experimentId: z.uuid(),
    experiment: ExperimentKey,
    arm: ArmKey,
    userId: z.uuid().describe('The unit: a person is in the same arm in every channel.'),
    reason: ExposureReason,
    channel: Channel.optional(),
  }),
  {
    subject: 'userId',
    summary:
      'A person met what an experiment compares. Said by the service in which that happens, each time; the first counts.',
  },
);

/** Where services ask, and what they do differently there. */
export const ExperimentPlace = z
  .string()
  .regex(/^[a-z][a-z0-9.:-]{1,79}$/)
  .meta({
    id: 'ExperimentPlace',
    description: 'Where a service asks for an arm, one running experiment at a time: `chat-ai.prompt:lumen`.',
  });

export const ExperimentStarted = defineEvent(
  'analytics.experiment.started.v1',
  z.object({
    experimentId: z.uuid(),
    experiment: ExperimentKey,
    place: ExperimentPlace,
    plannedEnd: z.iso.datetime(),
  }),
  { subject: 'experimentId', summary: 'An experiment began: from now on people are spread over its arms.' },
);

export const ExperimentDecision = openWord(['ship', 'no_effect', 'harmful', 'stopped'], {
  id: 'ExperimentDecision',
  description:
    '"ship": the arm becomes what everybody gets. "no_effect": no difference larger than the one looked for. "harmful": taken back. "stopped": ended without an answer.',
});

export const ExperimentDecided = defineEvent(
  'analytics.experiment.decided.v1',
  z.object({
    experimentId: z.uuid(),
    experiment: ExperimentKey,
    place: ExperimentPlace,
    decision: ExperimentDecision,
    arm: ArmKey.describe('What everybody gets from now on.'),
    value: z.string().max(2000).describe('Of that arm, as the service that asks understands it.'),
    automatic: z.boolean().describe('True when a guardrail took it back, and nobody was asked.'),
  }),
  { subject: 'experimentId', summary: 'An experiment ended: people are no longer spread over its arms.' },
);

export const AlertSeverity = openWord(['warning', 'critical'], {
  id: 'AlertSeverity',
  description: '"critical" wakes somebody, "warning" waits for the morning.',
});

/** What an alert is about: one series of numbers. */
const series = {
  alertId: z.uuid(),
  rule: openWord(
    ['usage-spike', 'usage-drift', 'cost-per-call', 'usage-ratio', 'person-usage', 'usage-absent', 'bill-mismatch'],
    { id: 'AlertRule', description: 'By what rule the numbers are out of the ordinary.' },
  ),
  severity: AlertSeverity,
  subject: z.string().max(200).describe('Which numbers: "cost of bot lumen", as a key for machines: `bot:lumen`.'),
};

export const AnomalyDetected = defineEvent(
  'analytics.anomaly.detected.v1',
  z.object({
    ...series,
    botId: BotId.optional(),
    since: z.iso.datetime().describe('When it began, as far as the numbers tell.'),
    measure: openWord(['cost_micros', 'calls', 'ratio', 'tokens'], {
      id: 'AlertMeasure',
      description: 'In what `expected` and `seen` are counted; money in millionths of a US dollar.',
    }),
    windowSeconds: z.int().positive().describe('`expected` and `seen` are of so long a time.'),
    expected: z.number(),
    seen: z.number(),
    contributors: z
      .array(z.object({ name: z.string().max(200), expected: z.number(), seen: z.number() }))
      .max(3)
      .describe('What differs most, the largest first.'),
    runbook: z.string().max(200).describe('What to do: a page of the documentation.'),
  }),
  { subject: 'alertId', summary: 'Usage is out of the ordinary; said once, when the alert fires.' },
);

export const AnomalyResolved = defineEvent(
  'analytics.anomaly.resolved.v1',
  z.object({ ...series, resolvedAt: z.iso.datetime() }),
  { subject: 'alertId', summary: 'Usage that was out of the ordinary is as usual again.' },
);
