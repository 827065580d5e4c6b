/** Reads a table that somebody has sent, in a process that may be killed: see child-process.ts. */
import { ArchiveRefused, checkArchive, decodeText, readCsvRows, readXlsxSheets } from '@switchboard/tables';
import { z } from 'zod';
import { LIMITS, type TableRead } from './table-read';

const Order = z.object({
  bytes: z
    .instanceof(Uint8Array)
    .transform(({ buffer, byteOffset, byteLength }) => Buffer.from(buffer, byteOffset, byteLength)),
});

async function read(bytes: Buffer): Promise<TableRead> {
  try {
    if (bytes.subarray(0, 4).toString('latin1') !== 'PK\u0003\u0004') return readText(decodeText(bytes));
    const names = await checkArchive(bytes, LIMITS);
    if (!names.has('xl/workbook.xml')) return { problem: 'unreadable' };
    const { sheets, cut } = await readXlsxSheets(bytes, { ...LIMITS, sheets: 20 });
    const [first] = sheets;
    if (!first) return { problem: 'unreadable' };
    // What is cut is what is too much; further sheets are definitions.
    if (cut) return { problem: 'too_many' };
    return { rows: first.rows.map((row) => [...row]), firstRow: first.firstRow };
  } catch (error) {
    return { problem: error instanceof ArchiveRefused && error.problem === 'zip_bomb' ? 'too_many' : 'unreadable' };
  }
}

function readText(text: string): TableRead {
  if (text.includes('\u0000')) return { problem: 'unreadable' };
  const rows = readCsvRows(text, LIMITS.rows + 1);
  const cells = rows.reduce((sum, row) => sum + row.length, 0);
  return rows.length > LIMITS.rows || cells > LIMITS.cells ? { problem: 'too_many' } : { rows, firstRow: 1 };
}

process.on('disconnect', () => process.exit());
process.on('message', (message) => {
  void read(Order.parse(message).bytes).then((result) => process.send?.(result));
});
