import { parse } from 'csv-parse/sync';
import { isRussian, tableSections } from './markdown';
import { LIMITS, type ReadResult } from './read-result';

const DELIMITERS = [';', ',', '\t', '|'];
const LOOKED_AT = 20;
const LOOKED_AT_CHARACTERS = 64 * 1024;

/** Values may hold the other candidates (`12,50`), so exactly one delimiter is used: the one that all lines agree on. */
export function delimiterOf(text: string): string {
  const lines = text
    .slice(0, LOOKED_AT_CHARACTERS)
    .replaceAll(/"(?:[^"]|"")*"/g, '')
    .split(/\r?\n/)
    .filter((line) => line.trim() !== '')
    .slice(0, LOOKED_AT);
  const steadiness = (delimiter: string) => {
    const counts = lines.map((line) => line.split(delimiter).length - 1);
    const usual = counts[0] ?? 0;
    return usual === 0 ? 0 : counts.filter((count) => count === usual).length / counts.length + usual / 1000;
  };
  return DELIMITERS.reduce((best, one) => (steadiness(one) > steadiness(best) ? one : best));
}

/** The first line names the columns. */
export function readCsv(text: string): ReadResult {
  const rows = parse(text, {
    delimiter: delimiterOf(text),
    bom: true,
    relax_column_count: true,
    skip_empty_lines: true,
    max_record_size: 1024 * 1024,
    to: LIMITS.rows + 1,
  }) as string[][];
  const most = Math.min(LIMITS.rows, Math.floor(LIMITS.cells / Math.max(1, rows[0]?.length ?? 1)));
  const rowsWord = isRussian(text) ? 'строки' : 'rows';
  return {
    text: tableSections('', rows.slice(0, most), { firstRow: 2, rowsWord }),
    notes: rows.length > most ? ['cells_cut'] : [],
  };
}
