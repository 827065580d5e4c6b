import { z } from 'zod';
import { Instant, queryList } from './api.shapes';
import { modelUsage, notKept, ReportCurrency, reportPeriod, reportQuery, ReportZone } from './analytics.reports';
import { defineRoute } from './define-route';
import { Locale } from './locale';
import { CostMicros } from './shapes';

const Share = z.number().min(0).max(1);
const People = z.int().nonnegative();
const ifNotHidden =
  'Null where fewer than 20 people are behind it, where some but fewer than 20 did it or did not, and where that could be told from it by subtraction.';

const About = z
  .object({
    zone: ReportZone,
    from: z.iso.date(),
    to: z.iso.date(),
    computedAt: Instant,
    eventsUpTo: Instant.nullable().describe(
      'The newest event that is in here happened in the five minutes that begin then.',
    ),
    provisionalFrom: z.iso
      .date()
      .nullable()
      .describe('From this day on events that come late may still change numbers.'),
    keptFrom: z.iso
      .date()
      .nullable()
      .describe('Set where the report was asked to begin earlier: days before it are no longer kept, and left out.'),
    people: People.nullable().describe(
      'In whose activity it was counted: those who agreed to it. Null: of a bot with fewer than 20, or of days of which that is no longer kept.',
    ),
  })
  .meta({ id: 'analytics.About', description: 'Of which days and people a report speaks, and how fresh it is.' });

const GrowthDay = z
  .object({
    day: z.iso.date(),
    dau: People.nullable(),
    wau: People.nullable(),
    mau: People.nullable(),
    new: People.nullable().describe('Of those active: for the first time ever.'),
    retained: People.nullable().describe('Of those active: after fewer than 14 silent days.'),
    resurrected: People.nullable().describe('Of those active: after 14 silent days or more.'),
    dormant: People.nullable().describe('Silent for 14 days or more when the day ended.'),
  })
  .meta({ id: 'analytics.GrowthDay', description: `DAU = new + retained + resurrected. ${ifNotHidden}` });

export const ReadGrowth = defineRoute({
  id: 'analytics.boards.read-growth',
  method: 'GET',
  path: '/analytics/boards/growth',
  summary: 'How many people are active per day, week and month, who of them is new, and how often they come.',
  permission: 'analytics:read',
  bots: 'filtered',
  query: reportQuery({}),
  answer: z.object({
    about: About,
    days: z.array(GrowthDay),
    stickiness: Share.nullable().describe(`DAU by MAU, averaged over the last 28 days. ${ifNotHidden}`),
  }),
  problems: notKept,
});

export const RetentionKind = z
  .enum(['calendar', 'rolling', 'hours24', 'brackets'])
  .describe(
    '`calendar`: active on day N after the first. `rolling`: on day N or later; young cohorts have had less time, so ages are not to be compared. `hours24`: in the N-th 24 hours after the first event. `brackets`: within days 1, 2–3, 4–7, 8–14, 15–30.',
  );

const RetentionCell = z
  .object({
    from: z.int().describe('Days after the first, from and to.'),
    to: z.int(),
    mature: People.nullable().describe('Those of the cohort for whom this time has passed.'),
    active: People.nullable(),
    share: Share.nullable(),
    isMature: z.boolean().describe('Whether it has passed for all of them. Other cells are not in the average.'),
  })
  .meta({ id: 'analytics.RetentionCell', description: ifNotHidden });

const Cohort = z
  .object({
    start: z.iso.date().describe('The first day, or that of the week (Monday) or month.'),
    people: People.nullable(),
    cells: z.array(RetentionCell),
  })
  .meta({ id: 'analytics.Cohort', description: `People whose first day ever is in the same time. ${ifNotHidden}` });

export const ReadRetention = defineRoute({
  id: 'analytics.boards.read-retention',
  method: 'GET',
  path: '/analytics/boards/retention',
  summary: 'Who came back how long after their first day, by cohort and on average.',
  permission: 'analytics:read',
  bots: 'filtered',
  query: reportQuery({
    kind: RetentionKind.default('calendar'),
    cohort: z.enum(['day', 'week', 'month']).default('week'),
    days: queryList(z.string().regex(/^\d{1,3}$/))
      .refine(({ length }) => length <= 60, 'are more than 60')
      .prefault('1,2,3,4,5,6,7,14,30')
      .describe('Which N are wanted; brackets are fixed.'),
  }),
  answer: z.object({
    about: About,
    kind: RetentionKind,
    cohorts: z.array(Cohort),
    average: z
      .array(RetentionCell)
      .describe(
        'Weighted by people, over mature cells only. Cohorts that are hidden are in it where they are many together.',
      ),
  }),
  problems: notKept,
});

const SurvivalPoint = z
  .object({
    day: z
      .int()
      .describe('Days on which fewer than 20 left are taken together with those after them: the last of them.'),
    atRisk: People.describe('When the first of these days began.'),
    churned: People.describe('In these days.'),
    share: Share.describe('Those who are still active, by Kaplan and Meier.'),
    low: Share.describe('95 % interval on the scale log(−log).'),
    high: Share,
  })
  .meta({ id: 'analytics.SurvivalPoint' });

export const ReadSurvival = defineRoute({
  id: 'analytics.boards.read-survival',
  method: 'GET',
  path: '/analytics/boards/survival',
  summary: 'How long people stay, from their first day to the last one before 14 silent days.',
  permission: 'analytics:read',
  bots: 'filtered',
  query: reportQuery({}),
  answer: z.object({
    about: About,
    points: z.array(SurvivalPoint).nullable().describe(ifNotHidden),
    medianDays: z
      .int()
      .nullable()
      .describe(
        'The first of these days by which half have left. Null where more than half stay, or too few are there.',
      ),
  }),
  problems: notKept,
});

/** `bot-adapter.message.received`, without the version. */
const EventName = z
  .string()
  .max(100)
  .regex(/^[a-z][a-z0-9-]*(\.[a-z][a-z0-9-]*){2,}$/);

export const FunnelOrder = z
  .enum(['sequential', 'strict', 'any'])
  .describe(
    '`sequential`: each step after the one before. `strict`: with no other of the steps between. `any`: in any order.',
  );

const FunnelStep = z
  .object({
    event: EventName,
    count: People.nullable().describe('People or sessions that came so far.'),
    droppedOff: People.nullable().describe('That came to the step before, and not here.'),
    ofFirst: z.object({ share: Share, low: Share, high: Share }).nullable(),
    ofPrevious: z
      .object({ share: Share, low: Share, high: Share })
      .nullable()
      .describe('Intervals of 95 %, by Wilson.'),
    medianSeconds: z.number().nullable().describe('From the step before.'),
    p90Seconds: z.number().nullable(),
  })
  .meta({ id: 'analytics.FunnelStep', description: ifNotHidden });

export const ReadFunnel = defineRoute({
  id: 'analytics.boards.read-funnel',
  method: 'GET',
  path: '/analytics/boards/funnel',
  summary: 'How many go how far along a row of steps, and how long it takes them.',
  permission: 'analytics:read',
  bots: 'filtered',
  query: reportQuery({
    steps: queryList(EventName)
      .refine(({ length }) => length >= 2 && length <= 8, 'are not 2 to 8')
      .describe('From the first to the last.'),
    exclude: queryList(EventName)
      .refine(({ length }) => length <= 8, 'are more than 8')
      .optional()
      .describe('Who does this between the first and the last step is left out.'),
    order: FunnelOrder.default('sequential'),
    windowMinutes: z.coerce
      .number<number>()
      .int()
      .min(1)
      .max(90 * 24 * 60)
      .default(7 * 24 * 60)
      .describe('From the first step to the last.'),
    per: z.enum(['person', 'session']).default('person'),
    completeWindows: z
      .enum(['true', 'false'])
      .default('true')
      .describe('Count only those whose window has passed. Without it younger ones lower the shares.'),
  }),
  answer: z.object({
    about: About,
    order: FunnelOrder,
    windowMinutes: z.int(),
    steps: z.array(FunnelStep),
    excluded: People.nullable(),
    incomplete: People.nullable().describe('Whose window has not passed, and who are not counted because of it.'),
  }),
  problems: notKept,
});

const Money = z
  .object({ currency: z.string(), grossMinor: z.int(), refundsMinor: z.int(), netMinor: z.int() })
  .meta({ id: 'analytics.Money', description: 'Sums in minor units of the currency.' });

export const ReadRevenue = defineRoute({
  id: 'analytics.boards.read-revenue',
  method: 'GET',
  path: '/analytics/boards/revenue',
  summary: 'What was paid and given back, by currency and in one, and what that is per person.',
  permission: 'analytics:read',
  bots: 'filtered',
  query: reportQuery({
    currency: ReportCurrency.default('USD').describe('Of the report.'),
  }),
  answer: z.object({
    about: About,
    byCurrency: z.array(Money.extend({ payments: z.int(), rateKnown: z.boolean() })),
    total: Money.describe('In the currency of the report, each day by its own rate; without what has no rate.'),
    days: z.array(z.object({ day: z.iso.date(), netMinor: z.int() })),
    arpuMinor: z
      .number()
      .nullable()
      .describe(
        'Net by people who were active. This and what follows is null where what each person did is no longer kept.',
      ),
    arppuMinor: z.number().nullable().describe('Net by people who paid.'),
    payers: People.nullable(),
    conversion: z
      .array(z.object({ days: z.int(), people: People.nullable(), payers: People.nullable(), share: Share.nullable() }))
      .describe('Of those whose first day is in the period and long enough ago: who paid within so many days of it.'),
  }),
  problems: notKept,
});

export const ReadModelUsage = defineRoute({
  id: 'analytics.boards.read-usage',
  method: 'GET',
  path: '/analytics/boards/usage',
  summary: 'Calls of models, tokens and cost, by model, bot or day; of everybody, since sums name nobody.',
  permission: 'analytics:read',
  bots: 'filtered',
  query: reportQuery({ by: z.enum(['model', 'bot', 'day', 'hour']).default('day') }),
  answer: z.object({
    about: About,
    total: z.object(modelUsage),
    groups: z.array(z.object({ key: z.string().describe('A model, a bot, or a time in the zone.'), ...modelUsage })),
  }),
  problems: notKept,
});

const ShopPageVisits = {
  opened: z.int().describe('Visits of the page.'),
  chosen: z.int().describe('In which something was chosen.'),
  placed: z.int().describe('In which it was ordered.'),
  paid: z.int(),
  claimed: z.int().describe('In which a person took over what was bought.'),
};

export const ReadShopPage = defineRoute({
  id: 'analytics.boards.read-shop-page',
  method: 'GET',
  path: '/analytics/boards/shop-page',
  summary: 'How far visits of the page came on which people buy without an account, by campaign.',
  permission: 'analytics:read',
  bots: 'filtered',
  query: reportQuery({}),
  answer: z.object({
    about: About,
    total: z.object(ShopPageVisits),
    campaigns: z
      .array(z.object({ campaign: z.string().nullable().describe('Null: by no link of one.'), ...ShopPageVisits }))
      .describe('The most visited first; steps are counted when they are reached, so that a visit may begin earlier.'),
  }),
  problems: notKept,
});

const ActivityPoint = z
  .object({
    at: Instant.describe('When the hour or the day begins.'),
    messages: z.int(),
    voiceMessages: z.int(),
    replies: z.int(),
    failedReplies: z.int(),
    delivered: z.int(),
    undeliverable: z.int(),
    calls: z.int(),
    outputTokens: z.int(),
    costMicros: CostMicros,
    medianMs: z.number().nullable().describe('How long calls of models took.'),
    p95Ms: z.number().nullable(),
  })
  .meta({ id: 'analytics.ActivityPoint' });

export const ReadActivity = defineRoute({
  id: 'analytics.boards.read-activity',
  method: 'GET',
  path: '/analytics/boards/activity',
  summary: 'Messages, answers, failures, deliveries and cost over time.',
  permission: 'analytics:read',
  bots: 'filtered',
  query: reportQuery({ by: z.enum(['hour', 'day']).default('day') }),
  answer: z.object({ about: About, points: z.array(ActivityPoint) }),
  problems: notKept,
});

/** So far today, and yesterday up to the same time of day. */
const Live = z.object({ today: z.int(), yesterday: z.int() });

export const ReadOverview = defineRoute({
  id: 'analytics.boards.read-overview',
  method: 'GET',
  path: '/analytics/boards/overview',
  summary: 'Today so far beside yesterday, and the last 24 hours.',
  permission: 'analytics:read',
  bots: 'filtered',
  query: z.object({ zone: reportPeriod.zone, botId: reportPeriod.botId }),
  answer: z.object({
    about: About,
    people: z.object({
      today: People.nullable(),
      yesterday: People.nullable().describe('Up to the same time of day.'),
      week: People.nullable(),
      month: People.nullable(),
    }),
    messages: Live,
    replies: Live,
    failedReplies: Live,
    undeliverable: Live,
    costMicros: Live,
    hours: z.array(ActivityPoint),
  }),
});

const Interval = z.object({ value: z.number(), low: z.number(), high: z.number() });

const ChurnForecast = z
  .object({
    trainedAt: Instant,
    horizonDays: z.int(),
    share: Interval.describe('Of those active in the last 14 days: who will be silent for the next 14. 80 % interval.'),
    brier: z.number().describe('Mean squared error of the model on days it was not trained with.'),
    ruleBrier: z.number().describe('The same of the rule.'),
    isBetter: z
      .boolean()
      .describe(
        'Whether the model beats the rule by last activity alone by 3 % or more. Otherwise the forecast is that of the rule.',
      ),
    auc: z.number().nullable(),
    people: People.describe('On whom it was tested.'),
  })
  .meta({ id: 'analytics.ChurnForecast' });

const LifetimeValue = z
  .object({
    days: z.int(),
    people: People.nullable().describe('Whose first day is so long ago.'),
    realisedMinor: z.number().nullable(),
    predictedMinor: Interval.nullable().describe('80 % interval, of 500 draws of people.'),
  })
  .meta({
    id: 'analytics.LifetimeValue',
    description: `Money paid less money given back, per person; costs are not taken off. ${ifNotHidden}`,
  });

export const ReadBusiness = defineRoute({
  id: 'analytics.boards.read-business',
  method: 'GET',
  path: '/analytics/boards/business',
  summary: 'Monthly active people, conversion, churn with a forecast, lifetime value and NPS on one board.',
  permission: 'analytics:read',
  bots: 'filtered',
  query: z.object({
    zone: reportPeriod.zone,
    botId: reportPeriod.botId,
    currency: ReportCurrency.default('USD'),
  }),
  answer: z.object({
    about: About,
    mau: z.object({ people: People.nullable(), previous: People.nullable().describe('30 days earlier.') }),
    conversion: z.object({
      people: People.nullable().describe('Whose first day was 30 to 59 days ago.'),
      payers: People.nullable().describe('Of them: who paid within 30 days of it.'),
      share: Share.nullable(),
    }),
    churn: z.object({
      people: People.nullable().describe('Active in the 30 days before the last 30.'),
      lost: People.nullable().describe('Of them: not active in the last 30.'),
      share: Share.nullable(),
      goal: Share.describe('Below it all is well.'),
      forecast: ChurnForecast.nullable().describe('Null until there is enough to learn from.'),
    }),
    lifetimeValue: z.object({
      currency: z.string(),
      withoutRate: z.array(z.string()).describe('Currencies that are not in it, because no rate of theirs is known.'),
      horizons: z.array(LifetimeValue),
    }),
    nps: z.object({
      asked: People.nullable(),
      answers: People.nullable(),
      score: z.number().nullable().describe('Share of 9 and 10 less share of 0 to 6, from −100 to 100.'),
      mean: z.number().nullable().describe('Mean of the answers, 0 to 10.'),
      goal: z.number().describe('Of the mean; above it all is well.'),
      days: z.int().describe('Answers of so many days.'),
    }),
  }),
});

export const ListDefinitions = defineRoute({
  id: 'analytics.boards.list-definitions',
  method: 'GET',
  path: '/analytics/definitions',
  summary: 'What the numbers of the boards mean, in words.',
  permission: 'analytics:read',
  bots: 'filtered',
  query: z.object({ locale: Locale.default('en') }),
  answer: z.object({
    definitions: z.array(z.object({ id: z.string(), name: z.string(), text: z.string() })),
  }),
});
