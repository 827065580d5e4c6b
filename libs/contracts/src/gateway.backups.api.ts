import { z } from 'zod';
import { Instant, PageQuery, pageOf } from './api.shapes';
import { defineRoute } from './define-route';
import { openWord } from './open-word';
import { BackupPart } from './service-kit.backups.api';

// Backups of the whole installation. They are restored by `npm run restore`, never from here: that would replace what is running.

const BackupState = openWord(['running', 'done', 'failed', 'expired'], {
  id: 'gateway.BackupState',
  description: 'How far a backup is. "expired": its time is over and its files are gone.',
});

const BackupCause = openWord(['schedule', 'staff', 'verb'], {
  id: 'gateway.BackupCause',
  description: 'Who wanted it. "verb": `npm run backup`.',
});

const TrialState = openWord(['running', 'passed', 'failed'], {
  id: 'gateway.BackupTrialState',
  description: 'Whether a backup could be restored into an empty database, with the same sums.',
});

const BackupTrial = z
  .object({
    ...{ id: z.uuid(), backupId: z.uuid(), state: TrialState },
    rows: z.int().nullable(),
    differing: z.array(z.object({ service: z.string(), table: z.string() })).describe('Whose sums are others.'),
    error: z.string().nullable(),
    startedAt: Instant,
    finishedAt: Instant.nullable(),
  })
  .meta({ id: 'gateway.BackupTrial' });

const Backup = z
  .object({
    ...{ id: z.uuid(), state: BackupState, cause: BackupCause },
    by: z.string().nullable().describe('`staff:0192…`; null where nobody has asked.'),
    startedAt: Instant,
    finishedAt: Instant.nullable(),
    services: z.int(),
    rows: z.int(),
    bytes: z.int(),
    offSiteAt: Instant.nullable().describe('When its copy in the other storage was complete and compared.'),
    keysUntil: Instant.nullable().describe(
      'So long keys of persons are with it; later it is restored with those of today.',
    ),
    keptUntil: Instant.nullable(),
    error: z.string().nullable(),
    lastTrial: BackupTrial.nullable(),
  })
  .meta({ id: 'gateway.Backup' });

const ofBackup = {
  params: z.object({ backupId: z.uuid() }),
  problems: { 'gateway.backup_not_found': 404 },
} as const;

export const ListBackups = defineRoute({
  id: 'gateway.backups.list',
  method: 'GET',
  path: '/backups',
  summary: 'Backups of the installation, the latest first, and whether there is one to rely on.',
  permission: 'backups:read',
  query: PageQuery,
  answer: pageOf(Backup).extend({
    lastGoodAt: Instant.nullable().describe('Of the last complete one. More than 26 hours ago: staff are told.'),
    lastTrialAt: Instant.nullable().describe('Of the last trial that passed.'),
    offSite: z.boolean().describe('Whether copies are kept elsewhere.'),
    encrypted: z.boolean().describe('Whether there is a key; without it none is written.'),
  }),
});

export const ReadBackup = defineRoute({
  ...ofBackup,
  id: 'gateway.backups.read',
  method: 'GET',
  path: '/backups/{backupId}',
  summary: 'A backup with the part of each service, and its trials.',
  permission: 'backups:read',
  answer: Backup.extend({
    parts: z.array(BackupPart.extend({ service: z.string() })),
    trials: z.array(BackupTrial).describe('The latest first.'),
  }).meta({ id: 'gateway.BackupDetails' }),
});

export const StartBackup = defineRoute({
  id: 'gateway.backups.start',
  method: 'POST',
  path: '/backups',
  summary: 'Begins a backup of all services, besides the nightly ones.',
  permission: 'backups:write',
  idempotent: true,
  rate: 'expensive',
  status: 202,
  answer: Backup,
  problems: { 'gateway.backup_running': 409, 'gateway.backup_key_missing': 409 },
});

export const TryBackup = defineRoute({
  ...ofBackup,
  id: 'gateway.backup-trials.start',
  method: 'POST',
  path: '/backups/{backupId}/trials',
  summary: 'Restores a backup into a database of its own, compares the sums, and removes it again.',
  permission: 'backups:write',
  idempotent: true,
  rate: 'expensive',
  status: 202,
  answer: BackupTrial,
  problems: {
    ...ofBackup.problems,
    'gateway.backup_not_complete': 409,
    'gateway.backup_running': 409,
    'gateway.backup_key_missing': 409,
  },
});
