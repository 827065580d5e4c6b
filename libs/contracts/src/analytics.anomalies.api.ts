import { z } from 'zod';
import { AlertMeasure, AlertRule, AlertSeverity } from './analytics.events';
import { ReportZone } from './analytics.reports';
import { Instant, pageOf, PageQuery, queryList } from './api.shapes';
import { defineRoute } from './define-route';
import { BotId, CostMicros } from './shapes';

export const AlertState = z.enum(['pending', 'firing', 'resolved']);

const Contributor = z.object({ name: z.string(), expected: z.number(), seen: z.number() });

const Alert = z
  .object({
    id: z.uuid(),
    rule: AlertRule,
    severity: AlertSeverity,
    subject: z.string().describe('Which numbers: `bot:lumen`.'),
    botId: BotId.nullable(),
    userId: z.uuid().nullable().describe("Of usage that is one person's."),
    state: AlertState,
    title: z.object({ en: z.string(), ru: z.string() }),
    measure: AlertMeasure,
    windowSeconds: z.int(),
    expected: z.number(),
    seen: z.number(),
    score: z.number().nullable().describe('By how many robust deviations.'),
    contributors: z.array(Contributor),
    since: Instant,
    firedAt: Instant.nullable(),
    lastSeenAt: Instant.describe('When it was last out of the ordinary.'),
    resolvedAt: Instant.nullable(),
    notifiedAt: Instant.nullable(),
    escalatedAt: Instant.nullable(),
    acknowledgedAt: Instant.nullable(),
    acknowledgedBy: z.string().nullable(),
    snoozedUntil: Instant.nullable(),
    throttledUntil: Instant.nullable().describe('Until then the person behind it may use less.'),
    runbook: z.string(),
  })
  .meta({ id: 'analytics.Alert' });

const one = { params: z.object({ alertId: z.uuid() }), bots: 'filtered' } as const;
const notFound = { 'analytics.alert_not_found': 404 };

export const ListAlerts = defineRoute({
  id: 'analytics.alerts.list',
  method: 'GET',
  path: '/alerts',
  summary: 'Alerts on usage, the newest first.',
  permission: 'alerts:read',
  bots: 'filtered',
  query: PageQuery.extend({ state: queryList(AlertState).optional(), botId: BotId.optional() }),
  answer: pageOf(Alert),
});

export const ReadAlert = defineRoute({
  id: 'analytics.alerts.read',
  method: 'GET',
  path: '/alerts/{alertId}',
  summary: 'One alert.',
  permission: 'alerts:read',
  ...one,
  answer: Alert,
  problems: notFound,
});

export const AcknowledgeAlert = defineRoute({
  id: 'analytics.alerts.acknowledge',
  method: 'POST',
  path: '/alerts/{alertId}/acknowledge',
  summary: 'Somebody looks after it: it is not escalated.',
  permission: 'alerts:write',
  ...one,
  answer: Alert,
  problems: { ...notFound, 'analytics.alert_is_over': 409 },
});

export const SnoozeAlert = defineRoute({
  id: 'analytics.alerts.snooze',
  method: 'POST',
  path: '/alerts/{alertId}/snooze',
  summary: 'No more is sent about it until then.',
  permission: 'alerts:write',
  ...one,
  body: z.object({ until: Instant }),
  answer: Alert,
  problems: { ...notFound, 'analytics.alert_is_over': 409, 'analytics.snooze_too_long': 422 },
});

export const LiftThrottle = defineRoute({
  id: 'analytics.alerts.lift-throttle',
  method: 'POST',
  path: '/alerts/{alertId}/lift-throttle',
  summary: 'The person behind it may use as much as everybody again.',
  permission: 'alerts:write',
  ...one,
  answer: Alert,
  problems: notFound,
});

const KnownPeriod = z
  .object({
    id: z.uuid(),
    botId: BotId.nullable().describe('Of one bot; null of the whole installation.'),
    from: Instant,
    to: Instant,
    label: z.string(),
    createdBy: z.string(),
  })
  .meta({
    id: 'analytics.KnownPeriod',
    description:
      'A time that is out of the ordinary for a known reason (an incident, a launch, maintenance): it raises no alert and is left out of what is usual.',
  });

export const ListKnownPeriods = defineRoute({
  id: 'analytics.known-periods.list',
  method: 'GET',
  path: '/known-periods',
  summary: 'Times that are out of the ordinary for a known reason, the newest first.',
  permission: 'alerts:read',
  bots: 'filtered',
  query: PageQuery,
  answer: pageOf(KnownPeriod),
});

export const AddKnownPeriod = defineRoute({
  id: 'analytics.known-periods.add',
  method: 'POST',
  path: '/known-periods',
  summary: 'Names a time that is out of the ordinary for a known reason; it may lie ahead, as maintenance does.',
  permission: 'alerts:write',
  bots: 'body.botId',
  body: z
    .object({
      botId: BotId.nullable().default(null),
      from: Instant,
      to: Instant,
      label: z.string().trim().min(3).max(200),
    })
    .refine(({ from, to }) => from < to, { error: 'must be later than `from`', path: ['to'] }),
  answer: KnownPeriod,
  status: 201,
  idempotent: true,
});

export const RemoveKnownPeriod = defineRoute({
  id: 'analytics.known-periods.remove',
  method: 'DELETE',
  path: '/known-periods/{periodId}',
  summary: 'The time counts as usual again.',
  permission: 'alerts:write',
  bots: 'filtered',
  params: z.object({ periodId: z.uuid() }),
});

const TimeOfDay = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/);

const AlertSettings = z
  .object({
    zone: ReportZone.describe('In which days and hours are compared: `Europe/Berlin`.'),
    quietHours: z
      .object({ from: TimeOfDay, to: TimeOfDay })
      .nullable()
      .describe('Warnings wait until they are over; over midnight where `from` is later than `to`.'),
    warnExcessMicrosPerHour: CostMicros.describe('Less than this above what is usual is no warning.'),
    pageExcessMicrosPerHour: CostMicros.describe('Less than this above what is usual wakes nobody.'),
    throttle: z.boolean().describe('Whether people with unusual usage are limited until somebody has looked.'),
    throttleHours: z.int().min(1).max(168),
  })
  .meta({ id: 'analytics.AlertSettings' });

const WithRevision = AlertSettings.extend({ revision: z.int() }).meta({ id: 'analytics.AlertSettingsWithRevision' });

export const ReadAlertSettings = defineRoute({
  id: 'analytics.alert-settings.read',
  method: 'GET',
  path: '/alert-settings',
  summary: 'When alerts are sent, and from what size on.',
  permission: 'alerts:read',
  answer: WithRevision,
  etag: 'revision',
});

export const ChangeAlertSettings = defineRoute({
  id: 'analytics.alert-settings.change',
  method: 'PUT',
  path: '/alert-settings',
  summary: 'Changes when alerts are sent, and from what size on.',
  permission: 'alerts:write',
  body: AlertSettings,
  answer: WithRevision,
  ifMatch: true,
  etag: 'revision',
});

export const RecordProviderBill = defineRoute({
  id: 'analytics.provider-bills.record',
  method: 'PUT',
  path: '/provider-bills/{day}',
  summary: 'What the providers of models say a day (UTC) has cost; more than 3 % beside our own sum raises an alert.',
  permission: 'alerts:write',
  params: z.object({ day: z.iso.date() }),
  body: z.object({ costMicros: CostMicros }),
  answer: z.object({
    day: z.iso.date(),
    billedMicros: CostMicros,
    countedMicros: CostMicros,
    difference: z.number().describe('As a share of the bill.'),
    alerts: z.boolean(),
  }),
  problems: { 'analytics.day_is_not_over': 422, 'analytics.days_not_kept': 422 },
});
