import { z } from 'zod';
import { ReadActivity, ReadBusiness, ReadFunnel, ReadGrowth, ReadRetention, ReadRevenue } from './analytics.boards.api';
import { reportQuery } from './analytics.reports';
import { Instant, PageQuery, pageOf } from './api.shapes';
import { bytes, defineRoute } from './define-route';
import { Locale } from './locale';
import { openWord } from './open-word';
import { BotId } from './shapes';

const usageQuery = reportQuery({
  by: z
    .enum(['model', 'bot', 'day', 'hour', 'detail'])
    .default('detail')
    .describe('`detail`: by hour, bot and model, as many rows as there are.'),
});

/** A report, asked for as on its board. */
export const ExportedReport = z.discriminatedUnion('report', [
  z.object({ report: z.literal('growth'), query: ReadGrowth.query }),
  z.object({ report: z.literal('retention'), query: ReadRetention.query }),
  z.object({ report: z.literal('funnel'), query: ReadFunnel.query }),
  z.object({ report: z.literal('revenue'), query: ReadRevenue.query }),
  z.object({ report: z.literal('usage'), query: usageQuery }),
  z.object({ report: z.literal('activity'), query: ReadActivity.query }),
  z.object({ report: z.literal('business'), query: ReadBusiness.query }),
]);
export type ExportedReport = z.output<typeof ExportedReport>;

export const ExportFormat = z.enum(['csv', 'xlsx']);

export const ExportState = openWord(['waiting', 'running', 'done', 'failed', 'expired'], {
  id: 'analytics.ExportState',
  description: '"expired": its file is gone, and its link leads nowhere.',
});

const ReportName = openWord(
  ExportedReport.options.map(({ shape }) => shape.report.value),
  { id: 'analytics.ReportName', description: 'Which report: named as its board.' },
);

const Export = z
  .object({
    id: z.uuid(),
    report: ReportName,
    botId: BotId.nullable().describe('Null of all bots that whoever asked may see.'),
    from: z.iso.date().nullable().describe('The first day that was asked for. Null of a report that is of today.'),
    to: z.iso.date().nullable(),
    format: ExportFormat,
    state: ExportState,
    createdAt: Instant,
    finishedAt: Instant.nullable(),
    rows: z.int().nullable().describe('That are written so far; of one that is done, all.'),
    totalRows: z.int().nullable().describe('Null where that is known only at the end.'),
    keptFrom: z.iso
      .date()
      .nullable()
      .describe('As in `analytics.About`; of one that failed as well, because of which days are no longer kept.'),
    problem: z
      .string()
      .nullable()
      .describe('Why it failed, as a code of `/problems/{code}`. Null where only the logs know.'),
    bytes: z.int().nullable(),
    fileName: z.string(),
    link: z
      .string()
      .nullable()
      .describe('Under the public address of the installation. Whoever has it may read the file, until it expires.'),
    expiresAt: Instant.nullable(),
  })
  .meta({ id: 'analytics.Export' });

export const OpenExport = defineRoute({
  id: 'analytics.exports.open',
  method: 'POST',
  path: '/analytics/exports',
  summary: 'Begins to write a report into a file.',
  permission: 'analytics:export',
  bots: 'filtered',
  cost: 20,
  body: z.object({
    of: ExportedReport,
    format: ExportFormat,
    locale: Locale.default('en').describe('Of headers and definitions.'),
    delimiter: z.enum([',', ';']).default(',').describe('Of CSV.'),
    bom: z
      .boolean()
      .default(true)
      .describe('Whether CSV begins with a byte order mark, without which Excel guesses the code page.'),
  }),
  answer: Export,
  status: 202,
  idempotent: true,
});

export const ListExports = defineRoute({
  id: 'analytics.exports.list',
  method: 'GET',
  path: '/analytics/exports',
  summary: "The caller's own exports, newest first.",
  permission: 'analytics:export',
  bots: 'filtered',
  query: PageQuery,
  answer: pageOf(Export),
});

export const ReadExport = defineRoute({
  id: 'analytics.exports.read',
  method: 'GET',
  path: '/analytics/exports/{exportId}',
  summary: 'How far an export is, and where its file is once it is done.',
  permission: 'analytics:export',
  bots: 'filtered',
  params: z.object({ exportId: z.uuid() }),
  answer: Export,
  problems: { 'analytics.export_not_found': 404 },
});

export const DownloadExport = defineRoute({
  id: 'analytics.exports.download',
  method: 'GET',
  path: '/analytics/exports/{exportId}/file',
  summary: 'The file of an export, for whoever has the link.',
  permission: 'public',
  params: z.object({ exportId: z.uuid() }),
  query: z.object({ token: z.string().min(1).max(500) }),
  answer: bytes(),
  problems: { 'analytics.export_link_invalid': 404 },
});
