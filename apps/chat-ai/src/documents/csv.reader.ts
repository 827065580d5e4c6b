import { readCsvRows } from '@switchboard/tables';
import { isRussian, tableSections } from './markdown';
import { LIMITS, type ReadResult } from './read-result';

/** The first line names the columns. */
export function readCsv(text: string): ReadResult {
  const rows = readCsvRows(text, LIMITS.rows + 1);
  const most = Math.min(LIMITS.rows, Math.floor(LIMITS.cells / Math.max(1, rows[0]?.length ?? 1)));
  const rowsWord = isRussian(text) ? 'строки' : 'rows';
  return {
    text: tableSections('', rows.slice(0, most), { firstRow: 2, rowsWord }),
    notes: rows.length > most ? ['cells_cut'] : [],
  };
}
