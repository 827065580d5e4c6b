import { parse } from 'csv-parse/sync';

const DELIMITERS = [';', ',', '\t', '|'];
const LOOKED_AT = 20;
const LOOKED_AT_CHARACTERS = 64 * 1024;
const RECORD_BYTES = 1024 * 1024;

/** Values may hold the other candidates (`12,50`), so exactly one delimiter is used: the one that all lines agree on. */
function delimiterOf(text: string): string {
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

/** Rows that are not empty, at most so many; the first one may name the columns. @throws Error for what is no CSV */
export const readCsvRows = (text: string, most: number): string[][] =>
  parse(text, {
    delimiter: delimiterOf(text),
    bom: true,
    relax_column_count: true,
    skip_empty_lines: true,
    max_record_size: RECORD_BYTES,
    to: most,
  });
