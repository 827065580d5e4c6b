import { csvOf, type Row, type Table } from '@switchboard/tables';
import { counting } from './export-writer.service';

const ROW: Row = ['lumen', 42];

async function* rowsOf(rows: readonly Row[]): AsyncGenerator<Row> {
  for (const row of rows) yield await Promise.resolve(row);
}
const table = (rows: readonly Row[]): Table => ({
  columns: [
    { name: 'Bot', type: 'text' },
    { name: 'People', type: 'integer' },
  ],
  zone: 'Europe/Berlin',
  rows: rowsOf(rows),
});

it('a file that is long tells on its way how far it is', async () => {
  const told: number[] = [];
  const rows = Array.from({ length: 12_000 }, (): Row => ROW);
  const counted = counting(table(rows), new AbortController().signal, (count) => Promise.resolve(told.push(count)));
  for await (const _ of csvOf(counted, { delimiter: ',', bom: false }));
  expect(told).toEqual([5000, 10_000]);
  expect(counted.count()).toBe(12_000);
});
