import { getDocumentProxy } from 'unpdf';
import { asPlain, isRussian } from './markdown';
import { type FileNote, LIMITS, type ReadResult, UnreadableFile } from './read-result';

/** A text broken at the end of a line, and the letters that printers join. */
const tidy = (page: string) =>
  page
    .normalize('NFKC')
    .replaceAll(/(\p{L})[-\u00AD]\n(?=\p{Ll})/gu, '$1')
    .trim();

/** Each page a section, so that an answer can say on which one it stands. */
export async function readPdf(bytes: Buffer): Promise<ReadResult> {
  const pdf = await getDocumentProxy(new Uint8Array(bytes)).catch((error: unknown) => {
    throw (error as Error).name === 'PasswordException' ? new UnreadableFile('file_encrypted') : error;
  });
  const pages: string[] = [];
  let length = 0;
  for (
    let number = 1;
    number <= Math.min(pdf.numPages, LIMITS.pdfPages) && length < LIMITS.textCharacters;
    number += 1
  ) {
    const page = await pdf.getPage(number);
    const { items } = await page.getTextContent();
    const text = tidy(items.map((item) => ('str' in item ? item.str + (item.hasEOL ? '\n' : '') : '')).join(''));
    page.cleanup();
    length += text.length;
    pages.push(text);
  }
  const empty = pages.filter((text) => text === '').length;
  if (empty === pages.length) throw new UnreadableFile('file_scan');
  const notes: FileNote[] = ['layout_lost'];
  if (pages.length < pdf.numPages) notes.push('pages_cut');
  if (empty > 0) notes.push('pages_without_text');
  const page = isRussian(pages.join(' ')) ? 'стр.' : 'p.';
  const sections = pages.flatMap((text, i) => (text ? [`## ${page} ${i + 1}\n\n${asPlain(text)}`] : []));
  return { text: sections.join('\n\n'), notes };
}
