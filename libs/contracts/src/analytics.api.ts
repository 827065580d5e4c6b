import { z } from 'zod';
import { Instant, pageOf, PageQuery } from './api.shapes';
import { defineRoute } from './define-route';
import { openWord } from './open-word';

const Word = z
  .string()
  .min(1)
  .max(40)
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/);

/** Of one post; a page that has more posts again. */
export const MOST_UI_EVENTS = 50;

const UiEvent = z
  .object({
    id: z.uuid().describe('Made by the page: the same event may be sent again.'),
    type: z.string().max(100).describe('One of those in analytics.events.ts, as "analytics.page.opened.v1".'),
    at: Instant.describe("By the page's clock."),
    data: z.record(z.string().max(100), z.unknown()),
  })
  .meta({ id: 'analytics.UiEvent' });

export const RecordUiEvents = defineRoute({
  id: 'analytics.ui-events.record',
  method: 'POST',
  path: '/ui-events',
  summary:
    'What a person did on our pages. Nothing is kept unless they have consented, and nothing of a browser that asks not to be tracked.',
  permission: 'me:write',
  headers: z.object({
    dnt: z.string().max(10).optional().describe('"1": Do Not Track.'),
    'sec-gpc': z.string().max(10).optional().describe('"1": Global Privacy Control.'),
  }),
  body: z.object({
    app: Word.describe('Which of our pages: "cabinet", "pets-web", …'),
    appVersion: Word.optional(),
    platform: Word.optional().describe('What it runs on: "web", "telegram", "ios", …'),
    locale: z.string().max(35).optional(),
    tzOffset: z.int().min(-840).max(840).optional().describe('Minutes east of UTC.'),
    sessionId: z.uuid().optional().describe('Made anew whenever the page is opened.'),
    experiments: z.record(Word, Word).optional().describe('The arms that the page has shown.'),
    sentAt: Instant.describe("By the page's clock, so that one that is wrong is corrected."),
    events: z.array(UiEvent).min(1).max(MOST_UI_EVENTS),
  }),
  answer: z.object({
    stored: z.int(),
    known: z.int().describe('Sent before.'),
    quarantined: z.int().describe('Not as their schema wants them.'),
  }),
  problems: { 'analytics.not_a_person': 403, 'analytics.ui_events_too_large': 413 },
});

export const QuarantineReason = openWord(['unknown_type', 'invalid', 'from_the_future', 'too_old'], {
  id: 'analytics.QuarantineReason',
  description: 'Why an event could not be kept. "from_the_future", "too_old": its time lies too far from ours.',
});

const QuarantinedEvent = z
  .object({
    id: z.string().regex(/^\d{1,18}$/),
    eventId: z.uuid(),
    type: z.string(),
    source: z.string(),
    reason: QuarantineReason,
    detail: z.string().describe('What does not fit, without the values.'),
    occurredAt: Instant.nullable(),
    receivedAt: Instant,
    replayable: z.boolean().describe('False where nothing of it was kept, because its person has not consented.'),
  })
  .meta({ id: 'analytics.QuarantinedEvent' });

const WhichQuarantined = z.object({
  type: z.string().max(255).optional(),
  reason: z.string().max(40).optional(),
});

export const ListQuarantinedEvents = defineRoute({
  id: 'analytics.quarantined-events.list',
  method: 'GET',
  path: '/quarantined-events',
  summary: 'Events that could not be stored as they were, the latest first, and why.',
  permission: 'dead-letters:read',
  query: PageQuery.extend(WhichQuarantined.shape),
  answer: pageOf(QuarantinedEvent),
});

export const ReplayQuarantinedEvents = defineRoute({
  id: 'analytics.quarantined-events.replay',
  method: 'POST',
  path: '/quarantined-events/replay',
  summary: 'Tries quarantined events again, as after a release that knows their type.',
  permission: 'dead-letters:write',
  body: WhichQuarantined.extend({ ids: z.array(QuarantinedEvent.shape.id).max(1000).optional() }),
  answer: z.object({ stored: z.int(), left: z.int().describe('That still do not fit.') }),
});

const ArchivedDay = z
  .object({
    day: z.iso.date().describe('UTC.'),
    events: z.int(),
    bytes: z.int(),
    files: z.int(),
    archivedAt: Instant,
    final: z.boolean().describe('False while late events may still come.'),
    heldUntil: z.iso
      .date()
      .nullable()
      .describe('Set where its events were brought back: until this day they stay in the database, however old.'),
  })
  .meta({ id: 'analytics.ArchivedDay' });

export const ListArchivedDays = defineRoute({
  id: 'analytics.archives.list',
  method: 'GET',
  path: '/event-archives',
  summary: 'The days whose events were written to storage, the latest first.',
  permission: 'system:read',
  query: PageQuery,
  answer: pageOf(ArchivedDay),
});

export const ImportArchivedDay = defineRoute({
  id: 'analytics.archives.import',
  method: 'POST',
  path: '/event-archives/{day}/import',
  summary: 'Brings the events of an archived day back into the event store; those that are there stay as they are.',
  description:
    'For whoever reads the table `events`: boards and exports begin with the first day that is kept for all, and are the same as before.',
  permission: 'system:write',
  rate: 'expensive',
  params: z.object({ day: z.iso.date() }),
  query: z.object({
    heldDays: z.coerce
      .number()
      .int()
      .min(1)
      .max(366)
      .default(30)
      .describe('So long they stay, however old they are; with them what else is there of their month.'),
  }),
  answer: z.object({ day: z.iso.date(), events: z.int(), imported: z.int(), heldUntil: z.iso.date() }),
  problems: { 'analytics.archive_not_found': 404, 'analytics.archive_damaged': 409 },
});

export const CheckArchivedDay = defineRoute({
  id: 'analytics.archives.check',
  method: 'GET',
  path: '/event-archives/{day}/check',
  summary: 'Reads the archive of a day and compares it with its counts and checksums.',
  permission: 'system:write',
  rate: 'expensive',
  params: z.object({ day: z.iso.date() }),
  answer: z.object({ day: z.iso.date(), events: z.int(), files: z.int(), bytes: z.int() }),
  problems: { 'analytics.archive_not_found': 404, 'analytics.archive_damaged': 409 },
});

export const RebuildMeasures = defineRoute({
  id: 'analytics.measures.rebuild',
  method: 'POST',
  path: '/measures/rebuild',
  summary:
    'Counts days anew from the stored events; what is counted while events come is the same, so it is for doubt.',
  permission: 'system:write',
  rate: 'expensive',
  body: z.object({ from: z.iso.date(), to: z.iso.date().describe('The last day.') }),
  answer: z.object({ days: z.int() }),
  problems: { 'analytics.events_not_kept': 409 },
});

const StatisticsBackup = z
  .object({
    id: z.string(),
    takenAt: Instant,
    rows: z.record(z.string(), z.int()).describe('By table.'),
    bytes: z.int(),
  })
  .meta({ id: 'analytics.StatisticsBackup' });

export const ListStatisticsBackups = defineRoute({
  id: 'analytics.backups.list',
  method: 'GET',
  path: '/statistics-backups',
  summary: 'Backups of the statistics in storage, the latest first.',
  permission: 'system:read',
  answer: z.object({ backups: z.array(StatisticsBackup) }),
});

export const BackUpStatistics = defineRoute({
  id: 'analytics.backups.create',
  method: 'POST',
  path: '/statistics-backups',
  summary: 'Writes a backup of the statistics to storage, besides the nightly ones.',
  permission: 'system:write',
  rate: 'expensive',
  status: 201,
  answer: StatisticsBackup,
});

const BackupParams = z.object({
  id: z
    .string()
    .regex(/^[\w-]{1,100}$/)
    .describe('Or "latest".'),
});

export const CheckStatisticsBackup = defineRoute({
  id: 'analytics.backups.check',
  method: 'GET',
  path: '/statistics-backups/{id}/check',
  summary: 'Reads a backup and compares it with its checksums.',
  permission: 'system:write',
  rate: 'expensive',
  params: BackupParams,
  answer: StatisticsBackup,
  problems: { 'analytics.backup_not_found': 404, 'analytics.backup_damaged': 409 },
});

export const RestoreStatistics = defineRoute({
  id: 'analytics.backups.restore',
  method: 'POST',
  path: '/statistics-backups/{id}/restore',
  summary: 'Reads a backup into an empty database.',
  permission: 'system:write',
  stepUp: true,
  rate: 'expensive',
  params: BackupParams,
  answer: StatisticsBackup,
  problems: {
    'analytics.backup_not_found': 404,
    'analytics.backup_damaged': 409,
    'analytics.statistics_not_empty': 409,
  },
});
