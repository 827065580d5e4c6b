/**
 * Reads files of formats whose parsers can be made to use up any memory and time, in a process that may be killed.
 * It is started with few rights and no secrets: see document-reader.ts.
 */
import { ArchiveRefused, checkArchive, decodeText } from '@switchboard/tables';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { z } from 'zod';
import { readCsv } from './csv.reader';
import { htmlToMarkdown } from './html.reader';
import { readDocx, readXlsx } from './office.reader';
import { readPdf } from './pdf.reader';
import { FILE_FORMATS, LIMITS, type ReadResult, storable, UnreadableFile } from './read-result';

const Order = z.object({
  bytes: z
    .instanceof(Uint8Array)
    .transform(({ buffer, byteOffset, byteLength }) => Buffer.from(buffer, byteOffset, byteLength)),
  format: z.enum(FILE_FORMATS),
});

// Windows gives a process whose parent is gone no other one.
if (process.platform !== 'win32')
  new Worker(join(__dirname, 'watchdog.js'), { workerData: Number(process.argv[2]) }).unref();

process.on('disconnect', () => process.exit());
process.on('message', (message) => {
  void read(Order.parse(message)).then((result) => process.send?.(storable(result)));
});
process.send?.('ready');

async function read({ bytes, format }: z.output<typeof Order>): Promise<ReadResult> {
  try {
    if (format === 'text') return { text: decodeText(bytes), notes: [] };
    if (format === 'csv') return readCsv(decodeText(bytes));
    if (format === 'html') return { text: htmlToMarkdown(decodeText(bytes)), notes: [] };
    return await readBinary(bytes);
  } catch (error) {
    if (error instanceof ArchiveRefused) return { problem: `file_${error.problem}` };
    return { problem: error instanceof UnreadableFile ? error.problem : 'file_unreadable' };
  }
}

/** By its content: a name may say anything. */
async function readBinary(bytes: Buffer): Promise<ReadResult> {
  if (bytes.subarray(0, 1024).includes('%PDF-')) return readPdf(bytes);
  // Old Office files, and new ones with a password, which are wrapped in the same container.
  if (bytes.readUInt32BE(0) === 0xd0cf11e0) throw new UnreadableFile('file_encrypted');
  if (bytes.subarray(0, 4).toString('latin1') !== 'PK\u0003\u0004') throw new UnreadableFile('file_unsupported');
  const names = await checkArchive(bytes, LIMITS);
  if (names.has('word/document.xml')) return readDocx(bytes);
  if (names.has('xl/workbook.xml')) return readXlsx(bytes);
  throw new UnreadableFile('file_unsupported');
}
