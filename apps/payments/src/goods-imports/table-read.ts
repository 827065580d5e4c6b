import { z } from 'zod';

/** Beyond them it is no price list. */
export const LIMITS = {
  ...{ sheets: 1, rows: 50_001, cells: 200_000 },
  ...{
    archiveEntries: 2000,
    inflatedBytes: 64 * 1024 * 1024,
    inflatedEntryBytes: 50 * 1024 * 1024,
    inflatedRatio: 200,
  },
} as const;

export const TableRead = z.union([
  z.object({ rows: z.array(z.array(z.string())), firstRow: z.int() }),
  z.object({ problem: z.enum(['unreadable', 'too_many']) }),
]);
export type TableRead = z.output<typeof TableRead>;
