import { z } from 'zod';
import { Instant } from './api.shapes';
import { defineRoute } from './define-route';
import { openWord } from './open-word';

// What every service answers of its own part of a backup; the gateway asks all of them for one and the same.

const BackupPartState = openWord(['running', 'done', 'failed'], {
  id: 'service-kit.BackupPartState',
  description: 'How far a service is with its part of a backup, or with trying it.',
});

const BackupTable = z
  .object({
    name: z.string(),
    rows: z.int(),
    bytes: z.int().describe('As they lie in storage: compressed and encrypted.'),
    sha256: z.string().describe('Of these bytes; empty of a table without rows, which has no file.'),
    sum: z.string().describe('Over the rows, whatever their order: the same after it was restored.'),
  })
  .meta({ id: 'BackupTable' });

export const BackupPart = z
  .object({
    backupId: z.uuid(),
    state: BackupPartState,
    migration: z.string().describe('The last one of the schema, up to which an empty database is brought first.'),
    sharesMoment: z.boolean().describe('Whether it shows the same moment as the other parts: that of one snapshot.'),
    tables: z.array(BackupTable),
    keyTables: z.array(BackupTable).describe('Keys of persons: kept apart, and for seven days only.'),
    files: z.object({ count: z.int(), bytes: z.int() }).describe('Kept with the keys, as they have none of their own.'),
    startedAt: Instant,
    finishedAt: Instant.nullable(),
    error: z.string().nullable(),
  })
  .meta({ id: 'BackupPart' });

export const BackupPartTrial = z
  .object({
    ...{ trialId: z.uuid(), backupId: z.uuid(), state: BackupPartState },
    tables: z.int(),
    rows: z.int(),
    differing: z.array(z.string()).describe('Tables whose sums are others than when they were written.'),
    error: z.string().nullable(),
  })
  .meta({ id: 'BackupPartTrial' });

/** Not `/backups`: the gateway answers those of the kit as well as its own. */
const ofBackup = {
  path: '/backup-parts/{backupId}',
  callers: ['gateway'],
  params: z.object({ backupId: z.uuid() }),
  answer: BackupPart,
} as const;

export const WriteBackupPart = defineRoute({
  ...ofBackup,
  id: 'service-kit.backups.write',
  method: 'PUT',
  summary: 'Begins to write all tables, as they are at one moment, to storage. One that was begun is not begun again.',
  permission: 'backups:write',
  body: z.object({
    snapshot: z
      .string()
      .regex(/^[0-9A-F-]{1,64}$/)
      .nullable()
      .describe('Of Postgres, exported by whoever asks: services of the same database then show the same moment.'),
  }),
  status: 202,
});

export const ReadBackupPart = defineRoute({
  ...ofBackup,
  id: 'service-kit.backups.read',
  method: 'GET',
  summary: 'How far this service is with its part of a backup.',
  permission: 'backups:read',
  problems: { 'service-kit.backup_part_not_found': 404 },
});

const ofTrial = {
  path: '/backup-part-trials/{trialId}',
  callers: ['gateway'],
  params: z.object({ trialId: z.uuid() }),
  answer: BackupPartTrial,
} as const;

export const TryBackupPart = defineRoute({
  ...ofTrial,
  id: 'service-kit.backup-trials.start',
  method: 'PUT',
  summary:
    'Begins to restore its part of a backup into a database of its own, which is removed again. One that was begun is not begun again.',
  permission: 'backups:write',
  body: z.object({ backupId: z.uuid() }),
  status: 202,
});

export const ReadBackupPartTrial = defineRoute({
  ...ofTrial,
  id: 'service-kit.backup-trials.read',
  method: 'GET',
  summary: 'Whether a part of a backup could be restored.',
  permission: 'backups:read',
  problems: { 'service-kit.backup_trial_not_found': 404 },
});
