import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import readExcelFile from 'read-excel-file/node';
import { csvOf } from './write-csv';
import type { Cell, Column, Row, Table } from './table';
import { xlsxOf } from './write-xlsx';

const COLUMNS: Column[] = [
  { name: 'Bot', type: 'text' },
  { name: 'Day', type: 'day' },
  { name: 'Time', type: 'time' },
  { name: 'People', type: 'integer' },
  { name: 'Share', type: 'share' },
];

async function* rowsOf(rows: readonly Row[]): AsyncGenerator<Row> {
  for (const row of rows) yield await Promise.resolve(row);
}
const table = (rows: readonly Row[], columns = COLUMNS): Table => ({
  columns,
  zone: 'Europe/Berlin',
  rows: rowsOf(rows),
});

async function read(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const all: Uint8Array[] = [];
  for await (const chunk of chunks) all.push(chunk);
  return Buffer.concat(all);
}
const csv = async (rows: readonly Row[], options: Partial<Parameters<typeof csvOf>[1]> = {}) =>
  (await read(csvOf(table(rows), { delimiter: ',', bom: false, ...options }))).toString();
const NOTES = { name: 'Definitions', rows: [['DAU', 'People who were active on the day.']] };
const xlsx = (rows: readonly Row[], mostRows?: number) =>
  read(xlsxOf(table(rows), { name: 'Data', notes: () => NOTES, ...(mostRows && { mostRows }) }));

const firstSheet = async (file: Buffer) => (await readExcelFile(file, { trim: false }))[0]!.data;

const SUMMER_TIME = new Date('2026-03-29T01:00:00Z');
const ROW: Row = ['lumen', '2026-03-29', SUMMER_TIME, 42, 0.25];
/** What a spreadsheet would run. */
const FORMULAS = ['=1+1', '+1', '-1', '@SUM(A1)', '\t=1', '\r=1'];

describe('CSV', () => {
  it('has a header, times with their offset, and lines as RFC 4180 ends them', async () => {
    expect(await csv([ROW])).toBe(
      'Bot,Day,Time,People,Share\r\nlumen,2026-03-29,2026-03-29T03:00:00+02:00,42,0.25\r\n',
    );
  });

  it('begins with a byte order mark and is divided by semicolons for whom that is usual', async () => {
    expect(await csv([ROW], { bom: true, delimiter: ';' })).toMatch(/^\uFEFFBot;Day;/);
  });

  it('is empty where there is nothing, or it is hidden', async () => {
    expect(await csv([['lumen', '2026-03-29', null, null, null]])).toMatch(/\r\nlumen,2026-03-29,,,\r\n$/);
  });

  it.each(FORMULAS)('does not let %j be a formula', async (formula) => {
    const [row] = parse(await csv([[formula, '2026-03-29', SUMMER_TIME, -1, 0]]), { from: 2 }) as string[][];
    expect(row![0]).toBe(`'${formula}`);
    // A number below zero is one.
    expect(row![3]).toBe('-1');
  });

  it('is read again as it was written, whatever the texts', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.string({ unit: 'grapheme' }), { minLength: 1 }),
        fc.constantFrom(',', ';'),
        async (texts, delimiter) => {
          const written = await read(
            csvOf(
              table(
                texts.map((text) => [text, 'end']),
                [COLUMNS[0]!, COLUMNS[0]!],
              ),
              { delimiter: delimiter as ',', bom: true },
            ),
          );
          const rows = parse(written, { bom: true, delimiter, from: 2, record_delimiter: '\r\n' }) as string[][];
          expect(rows.map(([text]) => text!.replace(/^'(?=[=+\-@\t\r])/, ''))).toEqual(texts);
        },
      ),
      { numRuns: 100 },
    );
  });
});

describe('XLSX', () => {
  it('opens with a type for each cell', async () => {
    const [header, ...rows] = await firstSheet(await xlsx([ROW, ['lumen', '2026-03-29', null, null, null]]));
    expect(header).toEqual(['Bot', 'Day', 'Time', 'People', 'Share']);
    expect(rows).toEqual([
      // A spreadsheet knows no zones: it shows what clocks in Berlin showed.
      ['lumen', new Date('2026-03-29T00:00:00Z'), new Date('2026-03-29T03:00:00Z'), 42, 0.25],
      ['lumen', new Date('2026-03-29T00:00:00Z'), null, null, null],
    ]);
  });

  it('goes on in another sheet when one is full, and ends with the definitions', async () => {
    const rows = Array.from({ length: 7 }, (_, i): Row => [`bot ${i}`, '2026-03-29', null, i, null]);
    const file = await xlsx(rows, 3);
    const sheets = await readExcelFile(file);
    expect(sheets.map(({ sheet }) => sheet)).toEqual(['Data', 'Data 2', 'Data 3', 'Definitions']);
    const data = sheets.slice(0, 3).map((sheet) => sheet.data);
    expect(data.map((sheet) => sheet.slice(1).map((row) => row[3]))).toEqual([[0, 1, 2], [3, 4, 5], [6]]);
    expect(data.every((sheet) => sheet[0]![0] === 'Bot')).toBe(true);
    expect(sheets.at(-1)!.data).toEqual(NOTES.rows);
  });

  it.each(FORMULAS)('does not let %j be a formula', async (formula) => {
    const [, row] = await firstSheet(await xlsx([[formula, '2026-03-29', null, 1, null]]));
    expect(row![0]).toBe(formula);
  });

  it('bears what XML does not', async () => {
    const text = `a\u0000b\u001F<c>&"d"\uD83D`;
    const [, row] = await firstSheet(await xlsx([[text, '2026-03-29', null, 1, null]]));
    expect(row![0]).toBe('a\uFFFDb\uFFFD<c>&"d"\uFFFD');
  });

  it('is written while it is read: a long table is never held whole', async () => {
    let [read, atFirstChunk] = [0, 0];
    async function* many(): AsyncGenerator<readonly Cell[]> {
      for (; read < 20_000; read++)
        yield await Promise.resolve([`bot ${Math.random()}`, '2026-03-29', null, read, null]);
    }
    for await (const _ of xlsxOf({ columns: COLUMNS, zone: 'UTC', rows: many() }, { name: 'Data', notes: () => NOTES }))
      atFirstChunk ||= read;
    expect(atFirstChunk).toBeLessThan(10_000);
  });
});
