import { readXlsxSheets } from '@switchboard/tables';
import mammoth from 'mammoth';
import { htmlToMarkdown } from './html.reader';
import { isRussian, tableSections } from './markdown';
import { LIMITS, type ReadResult } from './read-result';

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
  const { sheets, cut } = await readXlsxSheets(bytes, LIMITS);
  const texts = sheets.map(({ name, firstRow, rows }) => {
    const rowsWord = isRussian(JSON.stringify(rows.slice(0, 50))) ? 'строки' : 'rows';
    return tableSections(name, rows, { firstRow: firstRow + 1, rowsWord });
  });
  return { text: texts.filter(Boolean).join('\n\n'), notes: cut ? ['cells_cut'] : [] };
}
