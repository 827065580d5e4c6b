import { DateTime } from 'luxon';
import { type Cell, looksLikeFormula, type Table } from './table';

export interface CsvOptions {
  /** Spreadsheets in countries that write 1,5 expect `;`. */
  readonly delimiter: ',' | ';';
  /** Without it Excel takes UTF-8 for the code page of its country. */
  readonly bom: boolean;
}

const BATCH_CHARACTERS = 64 * 1024;

/** A table as RFC 4180 wants it, in UTF-8. Times are ISO 8601 with the offset of the zone, shares and numbers have a decimal point. */
export async function* csvOf({ columns, rows, zone }: Table, { delimiter, bom }: CsvOptions): AsyncGenerator<Buffer> {
  const line = (cells: readonly Cell[]) => `${cells.map((cell) => field(cell, zone, delimiter)).join(delimiter)}\r\n`;
  let batch = (bom ? '\uFEFF' : '') + line(columns.map(({ name }) => name));
  for await (const row of rows) {
    batch += line(row);
    if (batch.length < BATCH_CHARACTERS) continue;
    yield Buffer.from(batch);
    batch = '';
  }
  if (batch) yield Buffer.from(batch);
}

function field(cell: Cell, zone: string, delimiter: string): string {
  if (cell === null) return '';
  if (typeof cell === 'number') return String(cell);
  if (cell instanceof Date) return DateTime.fromJSDate(cell, { zone }).toISO({ suppressMilliseconds: true })!;
  const text = looksLikeFormula(cell) ? `'${cell}` : cell;
  return /["\r\n]/.test(text) || text.includes(delimiter) ? `"${text.replaceAll('"', '""')}"` : text;
}
