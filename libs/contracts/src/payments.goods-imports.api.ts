import { z } from 'zod';
import { Instant, LocalizedText } from './api.shapes';
import { bytes, defineRoute, upload } from './define-route';
import { Locale } from './locale';
import { openWord } from './open-word';
import { BotId } from './shapes';

// For staff: goods as tables, which are written, changed elsewhere, and read in again.

const ImportState = openWord(['waiting', 'checked', 'running', 'done', 'failed'], {
  id: 'payments.GoodsImportState',
  description: 'How far an import is. "checked": it is known what it would change, and nothing was changed.',
});

const GoodsImport = z
  .object({
    id: z.uuid(),
    brandId: BotId,
    fileName: z.string(),
    state: ImportState,
    read: z.int().describe('Rows.'),
    made: z.int().describe('Variants that are new, or would be.'),
    changed: z.int().describe('That are not as the table says, or were not.'),
    skippedRows: z.int(),
    skipped: z
      .array(z.object({ row: z.int(), column: z.string().nullable(), code: z.string(), detail: LocalizedText }))
      .describe('The first two hundred that cannot be taken, and why.'),
    by: z.string(),
    at: Instant,
    finishedAt: Instant.nullable(),
    revision: z.int(),
  })
  .meta({ id: 'payments.GoodsImport' });

const ofImport = {
  params: z.object({ importId: z.uuid() }),
  bots: 'filtered',
  answer: GoodsImport,
  etag: 'revision',
  problems: { 'payments.goods_import_not_found': 404 },
} as const;

/** Of a table of goods. */
export const MAX_IMPORT_BYTES = 10 * 1024 * 1024;

export const OpenGoodsImport = defineRoute({
  id: 'payments.goods-imports.open',
  method: 'POST',
  path: '/goods/imports',
  summary:
    'Reads a table of goods, CSV or XLSX, and says what it would change. Nothing is changed before it is applied. Prices and stock of SKUs that it does not name stay.',
  permission: 'goods:write',
  bots: 'filtered',
  rate: 'expensive',
  status: 202,
  body: upload({
    fields: z.object({
      brandId: BotId,
      stock: z.enum(['keep', 'set']).default('keep').describe('Whether its column of pieces is what was counted.'),
    }),
    maxBytes: MAX_IMPORT_BYTES,
  }),
  answer: GoodsImport,
  etag: 'revision',
  problems: { 'payments.bot_not_found': 404, 'payments.file_unreadable': 422, 'payments.file_too_many_rows': 422 },
});

export const ReadGoodsImport = defineRoute({
  ...ofImport,
  id: 'payments.goods-imports.read',
  method: 'GET',
  path: '/goods/imports/{importId}',
  summary: 'What an import would change, or has changed.',
  permission: 'goods:write',
});

export const ApplyGoodsImport = defineRoute({
  ...ofImport,
  id: 'payments.goods-imports.apply',
  method: 'POST',
  path: '/goods/imports/{importId}/apply',
  summary: 'Does what was shown. Rows that were changed elsewhere meanwhile are skipped.',
  permission: 'goods:write',
  rate: 'expensive',
  ifMatch: true,
  status: 202,
  problems: { ...ofImport.problems, 'payments.import_not_ready': 409 },
});

export const ExportGoods = defineRoute({
  id: 'payments.goods.export',
  method: 'POST',
  path: '/goods/export',
  summary: 'All variants of a shop with prices and stock as a table, which can be changed and imported again.',
  permission: 'goods:read',
  bots: 'body.brandId',
  cost: 20,
  body: z.object({
    brandId: BotId.describe('The home bot of the shop.'),
    format: z.enum(['csv', 'xlsx']),
    locale: Locale.default('en').describe('Of the headers.'),
    delimiter: z.enum([',', ';']).default(',').describe('Of CSV.'),
    archived: z.boolean().default(false),
  }),
  answer: bytes(),
});
