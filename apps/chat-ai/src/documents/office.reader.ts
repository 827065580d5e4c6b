import mammoth from 'mammoth';
import readExcelFile from 'read-excel-file/node';
import { htmlToMarkdown } from './html.reader';
import { isRussian, tableSections } from './markdown';
import { type FileNote, LIMITS, type ReadResult } from './read-result';

/** By its headings: pages come into being only when a program lays the document out. */
export async function readDocx(bytes: Buffer): Promise<ReadResult> {
  const withoutPictures = mammoth.images.imgElement(() => Promise.resolve({ src: '' }));
  const { value } = await mammoth.convertToHtml(
    { buffer: bytes },
    // A linked picture may name any file of this machine.
    { convertImage: withoutPictures, externalFileAccess: false },
  );
  return { text: htmlToMarkdown(value), notes: ['margins_lost'] };
}

/** Each sheet a table whose first filled row names the columns. */
export async function readXlsx(bytes: Buffer): Promise<ReadResult> {
  const notes = new Set<FileNote>();
  const sheets = await readExcelFile(bytes);
  if (sheets.length > LIMITS.sheets) notes.add('cells_cut');
  let cells = 0;
  const texts = sheets.slice(0, LIMITS.sheets).map(({ sheet, data }) => {
    const first = data.findIndex((row) => row.some((cell) => cell !== null));
    if (first < 0) return '';
    const rows: string[][] = [];
    for (const row of data.slice(first)) {
      cells += row.length;
      if (rows.length >= LIMITS.rows || cells > LIMITS.cells) {
        notes.add('cells_cut');
        break;
      }
      rows.push(row.map((cell) => textOf(cell)));
    }
    const rowsWord = isRussian(JSON.stringify(rows.slice(0, 50))) ? 'строки' : 'rows';
    return tableSections(sheet, rows, { firstRow: first + 2, rowsWord });
  });
  return { text: texts.filter(Boolean).join('\n\n'), notes: [...notes] };
}

function textOf(cell: unknown): string {
  if (cell === null || cell === undefined) return '';
  if (!(cell instanceof Date)) return String(cell);
  // A day without an hour is written as a day.
  const iso = cell.toISOString();
  return iso.endsWith('T00:00:00.000Z') ? iso.slice(0, 10) : iso.slice(0, 16).replace('T', ' ');
}
