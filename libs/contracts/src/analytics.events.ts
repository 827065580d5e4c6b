import { z } from 'zod';
import { defineEvent } from './define-event';
import { AuditActor } from './gateway.events';
import { openWord } from './open-word';
import { definePersonErased } from './person-erased';
import { BotId, Channel } from './shapes';

export const AnalyticsPersonErased = definePersonErased('analytics');

/** What a page says of itself. It is posted to analytics and stored there; it never travels over the bus. */
export interface UiEventDefinition<Type extends string = string, Schema extends z.ZodObject = z.ZodObject> {
  readonly type: Type;
  readonly schema: Schema;
  readonly summary: string;
}

/** Words of the page's own, as `streak-freeze`: never what a person typed, and never an id of anybody. */
const Word = z
  .string()
  .max(40)
  .regex(/^[a-z][a-z0-9]*([._-][a-z0-9]+)*$/);

/** Strict: a field that is not described here keeps the whole event out of the store. */
const defineUiEvent = <const Type extends string, Shape extends z.ZodRawShape>(
  type: Type,
  shape: Shape,
  summary: string,
): UiEventDefinition<Type, z.ZodObject<Shape>> => ({ type, schema: z.strictObject(shape), summary });

export const PageOpened = defineUiEvent(
  'analytics.page.opened.v1',
  {
    page: Word.describe('Its name, without the ids in its address.'),
    source: Word.optional().describe('What led here: "menu", "notice", a campaign.'),
    startKind: Word.optional().describe('How the app was started: "link", "icon", …'),
    cold: z.boolean().optional().describe('True when nothing of the app was loaded yet.'),
    ms: z.int().min(0).max(600_000).optional().describe('Until it could be used.'),
  },
  'A page was opened.',
);

export const PageClosed = defineUiEvent(
  'analytics.page.closed.v1',
  { page: Word, ms: z.int().min(0).max(86_400_000).describe('How long it was looked at.') },
  'A page was left.',
);

export const StepReached = defineUiEvent(
  'analytics.step.reached.v1',
  { flow: Word, step: Word },
  'A step of something that takes several was reached, such as an order.',
);

export const uiEvents: readonly UiEventDefinition[] = [PageOpened, PageClosed, StepReached];

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
    automatic: z
      .boolean()
      .describe('True when nobody was asked: a guardrail took it back, or the statistics were restored.'),
    decidedBy: AuditActor.optional().describe('Who has decided, unless it was automatic.'),
  }),
  { subject: 'experimentId', summary: 'An experiment ended: people are no longer spread over its arms.' },
);

export const AlertSeverity = openWord(['warning', 'critical'], {
  id: 'AlertSeverity',
  description: '"critical" wakes somebody, "warning" waits for the morning.',
});

export const AlertRule = openWord(
  ['usage-spike', 'usage-drift', 'cost-per-call', 'usage-ratio', 'person-usage', 'usage-absent', 'bill-mismatch'],
  { id: 'AlertRule', description: 'By what rule the numbers are out of the ordinary.' },
);

export const AlertMeasure = openWord(['cost_micros', 'calls', 'ratio', 'tokens'], {
  id: 'AlertMeasure',
  description: 'In what `expected` and `seen` are counted; money in millionths of a US dollar.',
});

/** What an alert is about: one series of numbers. */
const series = {
  alertId: z.uuid(),
  rule: AlertRule,
  severity: AlertSeverity,
  subject: z.string().max(200).describe('Which numbers: `bot:lumen`.'),
  botId: BotId.optional(),
  userId: z.uuid().optional().describe("Of usage that is one person's."),
};

export const AnomalyDetected = defineEvent(
  'analytics.anomaly.detected.v1',
  z.object({
    ...series,
    since: z.iso.datetime().describe('When it began, as far as the numbers tell.'),
    measure: AlertMeasure,
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
