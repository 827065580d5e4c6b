import { z } from 'zod';
import { ArmKey, ExperimentDecision, ExperimentKey, ExperimentPlace } from './analytics.events';
import { Instant, pageOf, PageQuery, queryList } from './api.shapes';
import { defineRoute } from './define-route';
import { openWord } from './open-word';
import { BotId } from './shapes';

/** Weights and buckets are counted in ten-thousandths. */
export const TenThousandths = z.int().min(0).max(10_000);

export const Arm = z
  .object({
    key: ArmKey,
    weight: TenThousandths.describe('Its part of the people, of 10,000. The first arm is the control.'),
    value: z.string().max(2000).default('').describe('What the asking service does for this arm, such as a version.'),
  })
  .meta({ id: 'analytics.Arm' });

const SegmentBy = openWord(['channel', 'newcomer'], {
  id: 'analytics.SegmentBy',
  description: 'By what the people of an experiment are told apart. "newcomer": whether they were there before.',
});

/** What is drafted is computed, so here only what is known is taken. */
const segments = z.array(z.enum(SegmentBy.known)).max(3);

const Advice = openWord(['ship', 'no_effect', 'harmful', 'keep_running', 'inconclusive', 'broken'], {
  id: 'analytics.ExperimentAdvice',
  description: '"broken": people are not spread as planned. "inconclusive": its time is over, and nothing is sure.',
});

/** A word of an event's data, with dots for what lies within it: `outcome`, `media.kind`. */
const FieldName = z.string().regex(/^[a-zA-Z]\w{0,40}(\.[a-zA-Z]\w{0,40}){0,2}$/);

const Measure = z
  .object({
    event: z
      .string()
      .max(120)
      .regex(/^[a-z][a-z0-9-]*(\.[a-z][a-z0-9-]*){2}$/)
      .describe('What a person does is counted by it, whatever its version: `chat-ai.usage.recorded`.'),
    aggregate: z.enum(['any', 'count', 'sum']).describe('Whether there was one; how many; the sum of a field.'),
    field: FieldName.optional().describe('A number, for "sum".'),
    where: z
      .record(FieldName, z.array(z.string().max(200)).min(1).max(20))
      .optional()
      .describe('Only events whose field has one of these values.'),
  })
  .refine(({ aggregate, field }) => (aggregate === 'sum') === (field !== undefined), {
    error: '"sum" needs a field, and nothing else has one',
    path: ['field'],
  })
  .meta({ id: 'analytics.Measure' });

const Metric = z
  .object({
    key: z.string().regex(/^[a-z][a-z0-9-]{0,59}$/),
    measure: Measure,
    per: Measure.optional().describe('Makes it a ratio: failures per answer, characters per message.'),
    goal: z.enum(['up', 'down']).describe('What is better.'),
    within: z
      .object({
        fromHours: z
          .int()
          .min(0)
          .max(24 * 90),
        toHours: z
          .int()
          .min(1)
          .max(24 * 90),
      })
      .refine(({ fromHours, toHours }) => fromHours < toHours, {
        error: 'must be above `fromHours`',
        path: ['toHours'],
      })
      .optional()
      .describe(
        'Counts only what a person does so long after they met the experiment, of those for whom that time is over: 24 to 48 of "any" is whether they came back a day later.',
      ),
    winsorise: z
      .number()
      .gt(0.5)
      .lt(1)
      .nullable()
      .default(0.995)
      .describe('Sums above this quantile of all people count as it; null for none.'),
  })
  .meta({ id: 'analytics.Metric', description: 'A number for each person, compared between arms.' });

const Guardrail = Metric.extend({
  tolerance: z
    .number()
    .min(0)
    .max(1)
    .default(0)
    .describe('The harm that is put up with, as a share of the control: 0.05 lets failures rise by a twentieth.'),
}).meta({ id: 'analytics.Guardrail' });

export const Namespace = z
  .object({
    name: z.string().regex(/^[a-z][a-z0-9-]{0,39}$/),
    from: TenThousandths,
    to: TenThousandths,
  })
  .refine(({ from, to }) => from < to, { error: 'must be above `from`', path: ['to'] })
  .meta({
    id: 'analytics.Namespace',
    description: 'Experiments in one namespace whose ranges do not touch share no person.',
  });

/** What a draft may leave open and a start needs. */
const plan = {
  hypothesis: z.string().trim().min(10).max(2000).nullable(),
  primary: Metric.nullable(),
  secondary: z.array(Metric).max(10),
  guardrails: z.array(Guardrail).max(10),
  minimalEffect: z
    .number()
    .gt(0)
    .max(10)
    .nullable()
    .describe('The smallest change of the primary metric worth finding, as a share of the control: 0.05.'),
  plannedPersons: z
    .int()
    .min(100)
    .max(100_000_000)
    .nullable()
    .describe('In all arms; see `analytics.experiments.plan`.'),
  days: z
    .int()
    .min(14)
    .max(364)
    .multipleOf(7)
    .nullable()
    .describe('Whole weeks, so that each weekday counts the same.'),
  alpha: z.number().min(0.001).max(0.2).describe('The chance of finding what is not there.'),
  power: z.number().min(0.5).max(0.99).describe('The chance of finding what is there.'),
  segments: z.array(SegmentBy).describe('Named before: whether the effect on the primary metric differs between them.'),
};

const subject = {
  key: ExperimentKey,
  kind: z
    .enum(['comparison', 'bandit'])
    .describe(
      '"comparison": weights stay, and people decide. "bandit": weights follow each day what works better at once, for words and previews; never for prices, and with no `within`.',
    ),
  place: ExperimentPlace,
  botId: BotId.nullable().describe('Of one bot; null of the whole installation.'),
  arms: z.array(Arm).min(2).max(6),
  coverage: TenThousandths.min(1).describe('The part of the people who take part at all, of 10,000; it may only grow.'),
  namespace: Namespace.nullable(),
  automaticRollback: z.boolean().describe('A guardrail or the primary metric that is surely harmed ends it.'),
};

export const ExperimentState = z.enum(['draft', 'running', 'decided', 'stopped']);

const Experiment = z
  .object({
    id: z.uuid(),
    ...subject,
    ...plan,
    state: ExperimentState,
    decision: ExperimentDecision.nullable(),
    decidedArm: ArmKey.nullable().describe('What everybody gets since the decision.'),
    decidedWhy: z.string().nullable(),
    decidedAutomatically: z.boolean(),
    decidedBy: z.string().nullable().describe('`staff:0192…`; null where nobody was asked.'),
    createdAt: Instant,
    startedAt: Instant.nullable(),
    plannedEnd: Instant.nullable(),
    endedAt: Instant.nullable(),
    revision: z.int(),
  })
  .meta({ id: 'analytics.Experiment' });

const isWhole = ({ arms }: { arms: readonly { key: string; weight: number }[] }) =>
  arms.reduce((sum, { weight }) => sum + weight, 0) === 10_000;
/** Who may see one bot only compares nothing of another; what is compared may be a part of its: `chat-ai.prompt:lumen:size`. */
const isOfItsBot = ({ place, botId }: { place?: string | undefined; botId?: string | null | undefined }) =>
  !place || !botId || place.split(':')[1] === botId;
const areDistinct = ({ arms }: { arms: readonly { key: string }[] }) =>
  new Set(arms.map(({ key }) => key)).size === arms.length;

const Draft = z
  .object({
    ...subject,
    kind: subject.kind.default('comparison'),
    botId: subject.botId.default(null),
    coverage: subject.coverage.default(10_000),
    namespace: subject.namespace.default(null),
    automaticRollback: subject.automaticRollback.default(true),
    hypothesis: plan.hypothesis.default(null),
    primary: plan.primary.default(null),
    secondary: plan.secondary.default([]),
    guardrails: plan.guardrails.default([]),
    minimalEffect: plan.minimalEffect.default(null),
    plannedPersons: plan.plannedPersons.default(null),
    days: plan.days.default(null),
    alpha: plan.alpha.default(0.05),
    power: plan.power.default(0.8),
    segments: segments.default([]),
  })
  .refine(isWhole, { error: 'weights must sum to 10000', path: ['arms'] })
  .refine(areDistinct, { error: 'each arm needs a key of its own', path: ['arms'] })
  .refine(isOfItsBot, { error: 'must end with `:` and the bot', path: ['place'] });

const Change = z
  .object({ ...subject, ...plan, segments })
  .omit({ key: true })
  .partial()
  .refine(({ arms }) => !arms || isWhole({ arms }), { error: 'weights must sum to 10000', path: ['arms'] })
  .refine(({ arms }) => !arms || areDistinct({ arms }), { error: 'each arm needs a key of its own', path: ['arms'] });

const one = { params: z.object({ experimentId: z.uuid() }), bots: 'filtered' } as const;
const notFound = { 'analytics.experiment_not_found': 404 };

export const ListExperiments = defineRoute({
  id: 'analytics.experiments.list',
  method: 'GET',
  path: '/experiments',
  summary: 'Experiments, the newest first.',
  permission: 'experiments:read',
  bots: 'filtered',
  query: PageQuery.extend({ state: queryList(ExperimentState).optional(), botId: BotId.optional() }),
  answer: pageOf(Experiment),
});

export const DraftExperiment = defineRoute({
  id: 'analytics.experiments.draft',
  method: 'POST',
  path: '/experiments',
  summary: 'Drafts an experiment; what is left open must be filled in before it starts.',
  permission: 'experiments:write',
  bots: 'body.botId',
  body: Draft,
  answer: Experiment,
  status: 201,
  idempotent: true,
  etag: 'revision',
  problems: { 'analytics.experiment_key_taken': 409 },
});

export const ReadExperiment = defineRoute({
  id: 'analytics.experiments.read',
  method: 'GET',
  path: '/experiments/{experimentId}',
  summary: 'One experiment.',
  permission: 'experiments:read',
  ...one,
  answer: Experiment,
  etag: 'revision',
  problems: notFound,
});

export const ChangeExperiment = defineRoute({
  id: 'analytics.experiments.change',
  method: 'PATCH',
  path: '/experiments/{experimentId}',
  summary: 'Changes a draft. Of a running experiment only the coverage may change, and only grow.',
  permission: 'experiments:write',
  ...one,
  body: Change,
  answer: Experiment,
  ifMatch: true,
  etag: 'revision',
  problems: {
    ...notFound,
    'analytics.experiment_is_fixed': 409,
    'analytics.experiment_of_another_bot': 422,
  },
});

export const StartExperiment = defineRoute({
  id: 'analytics.experiments.start',
  method: 'POST',
  path: '/experiments/{experimentId}/start',
  summary: 'Starts a draft: from now on people are spread over its arms.',
  permission: 'experiments:write',
  ...one,
  answer: Experiment,
  ifMatch: true,
  etag: 'revision',
  problems: {
    ...notFound,
    'analytics.experiment_incomplete': 422,
    'analytics.measure_unknown': 422,
    'analytics.bandit_unfit': 422,
    'analytics.experiment_is_fixed': 409,
    'analytics.experiment_place_taken': 409,
    'analytics.experiment_namespace_taken': 409,
  },
});

export const DecideExperiment = defineRoute({
  id: 'analytics.experiments.decide',
  method: 'POST',
  path: '/experiments/{experimentId}/decide',
  summary: 'Ends a running experiment: everybody gets the arm that is named.',
  permission: 'experiments:write',
  ...one,
  body: z.object({
    decision: z.enum(['ship', 'no_effect', 'harmful', 'stopped']),
    arm: ArmKey.describe('What everybody gets from now on.'),
    why: z.string().trim().min(3).max(2000),
  }),
  answer: Experiment,
  ifMatch: true,
  etag: 'revision',
  problems: { ...notFound, 'analytics.experiment_not_running': 409, 'analytics.arm_not_found': 422 },
});

export const RemoveExperiment = defineRoute({
  id: 'analytics.experiments.remove',
  method: 'DELETE',
  path: '/experiments/{experimentId}',
  summary: 'Removes a draft.',
  permission: 'experiments:write',
  ...one,
  problems: { 'analytics.experiment_is_fixed': 409 },
});

export const PlanExperiment = defineRoute({
  id: 'analytics.experiments.plan',
  method: 'POST',
  path: '/experiments/plan',
  summary: 'How many people an experiment needs to find an effect of a given size, from what is usual.',
  permission: 'experiments:read',
  bots: 'filtered',
  body: z.object({
    mean: z.number().describe('What the metric usually is; of "any" a share from 0 to 1.'),
    deviation: z
      .number()
      .gt(0)
      .optional()
      .describe('Its standard deviation over people; without it the mean is a share.'),
    minimalEffect: z.number().gt(0).max(10).describe('As a share of the mean.'),
    alpha: plan.alpha.default(0.05),
    power: plan.power.default(0.8),
    arms: z.int().min(2).max(6).default(2),
  }),
  answer: z.object({ personsPerArm: z.int(), persons: z.int() }),
  problems: { 'analytics.plan_impossible': 422 },
});

const Range = z.object({ low: z.number(), high: z.number() });

const Comparison = z
  .object({
    arm: ArmKey,
    difference: z.number(),
    interval: Range.describe('Holds however often it is looked at.'),
    lift: z.number().nullable().describe('As a share of the control; null where its mean is too near zero.'),
    liftInterval: Range.nullable(),
    fixed: z
      .object({ p: z.number(), adjustedP: z.number(), low: z.number(), high: z.number(), exact: z.boolean() })
      .nullable()
      .describe('For a single look; only after the planned end. Secondary metrics are adjusted by Benjamini–Hochberg.'),
    belief: z
      .object({ mean: z.number(), chanceToWin: z.number(), expectedLoss: z.number() })
      .nullable()
      .describe('The same data with a sceptical prior.'),
    verdict: z.enum(['better', 'worse', 'unclear']),
  })
  .meta({ id: 'analytics.Comparison' });

const MetricResult = z
  .object({
    key: z.string(),
    role: z.enum(['primary', 'secondary', 'guardrail']),
    arms: z.array(
      z.object({
        key: ArmKey,
        persons: z.int(),
        mean: z.number(),
        unadjustedMean: z.number().describe('Neither winsorised nor adjusted by what was before.'),
      }),
    ),
    varianceRatio: z
      .number()
      .nullable()
      .describe('What is left of the variance after allowing for what people did before.'),
    comparisons: z.array(Comparison),
  })
  .meta({ id: 'analytics.MetricResult' });

const Mismatch = z.object({ p: z.number(), broken: z.boolean() });

const Results = z
  .object({
    experimentId: z.uuid(),
    computedAt: Instant.nullable().describe('Null before the first analysis.'),
    persons: z.array(z.object({ arm: ArmKey, persons: z.int(), weight: TenThousandths })),
    health: z.object({
      broken: z.boolean().describe('Then there are no results: whatever they say would be wrong.'),
      sampleRatio: Mismatch,
      byDay: z.array(Mismatch.extend({ day: z.iso.date() })).describe('Days that do not fit.'),
      byChannel: z.array(Mismatch.extend({ channel: z.string() })).describe('Channels that do not fit.'),
      inTwoArms: z.object({ persons: z.int(), share: z.number() }).describe('They are left out.'),
      imbalance: z.array(z.string()).describe('Metrics by which the arms differed already before.'),
    }),
    metrics: z.array(MetricResult),
    segments: z
      .array(
        z.object({
          by: SegmentBy,
          arm: ArmKey,
          parts: z.array(z.object({ value: z.string(), persons: z.int(), difference: z.number(), interval: Range })),
          interactionP: z.number().describe('Small where the effect is surely not the same in all parts.'),
        }),
      )
      .describe('Of the primary metric.'),
    advice: z.object({
      decision: Advice,
      arm: ArmKey.nullable(),
      text: z.object({ en: z.string(), ru: z.string() }),
    }),
  })
  .meta({ id: 'analytics.ExperimentResults' });

export const ReadExperimentResults = defineRoute({
  id: 'analytics.experiments.results',
  method: 'GET',
  path: '/experiments/{experimentId}/results',
  summary: 'What an experiment has shown so far, computed every ten minutes.',
  permission: 'experiments:read',
  ...one,
  answer: Results,
  problems: notFound,
});
