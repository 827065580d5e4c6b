import type { Token, Tokens } from 'marked';
import type { EntityWriter } from './entity-writer';
import { inlineText, writeInline } from './inline-rendering';

/** Characters of the monospaced font in one line of a chat bubble on a small phone; wider rows wrap and fall apart. */
const MAX_WIDTH = 36;
/** A header is repeated in front of each cell only when it is short: a long one over many rows would multiply the text. */
const MAX_LABEL = 40;

/** Narrow tables keep their columns in a `pre`; wide ones, and those with links, become a list of "header: value". */
export function writeTable(writer: EntityWriter, table: Tokens.Table): void {
  const narrow = hasLink(table) ? undefined : alignedTable(table);
  if (narrow === undefined) writeRecords(writer, table);
  else writer.preformatted(narrow);
}

/** The label to put before a cell, empty when the header is empty or too long to be repeated. */
export function labelOf(header: Tokens.TableCell): string {
  const label = inlineText(header.tokens).trim().replace(/:$/, '');
  return label.length <= MAX_LABEL ? label : '';
}

function writeRecords(writer: EntityWriter, table: Tokens.Table): void {
  const labels = table.header.map(labelOf);
  const heading = table.header.filter((header, column) => header.text && !(labels[column] && table.rows.length));
  const records = [
    heading.map((header) => () => writer.marked({ type: 'bold' }, () => writeInline(writer, header.tokens))),
    ...table.rows.map((row) =>
      row.flatMap((cell, column) => (cell.text ? [() => writeField(writer, labels[column] ?? '', cell)] : [])),
    ),
  ].filter((lines) => lines.length > 0);
  records.forEach((lines, record) =>
    lines.forEach((writeLine, line) => {
      if (line) writer.breakLine();
      else if (record) writer.breakLine(1);
      writeLine();
    }),
  );
}

function writeField(writer: EntityWriter, label: string, cell: Tokens.TableCell): void {
  if (label) {
    writer.marked({ type: 'bold' }, () => writer.write(`${label}:`));
    writer.write(' ');
  }
  writeInline(writer, cell.tokens);
}

/** Undefined when a row would be wider than the screen. */
function alignedTable(table: Tokens.Table): string | undefined {
  const rows = [table.header, ...table.rows].map((row) => row.map((cell) => inlineText(cell.tokens).trim()));
  const widths = table.header.map((_, column) => Math.max(1, ...columnWidths(rows, column)));
  const total = widths.reduce((sum, width) => sum + width, 3 * (widths.length - 1));
  if (total > MAX_WIDTH) return undefined;
  const lines = rows.map((row) =>
    row
      .map((cell, column) => aligned(cell, widths[column]!, table.align[column]))
      .join(' | ')
      .trimEnd(),
  );
  const [header, ...body] = lines;
  return [header, widths.map((width) => '-'.repeat(width)).join('-+-'), ...body].join('\n');
}

function* columnWidths(rows: string[][], column: number): Generator<number> {
  for (const row of rows) yield displayWidth(row[column] ?? '');
}

function aligned(cell: string, width: number, align: Tokens.Table['align'][number] | undefined): string {
  const gap = width - displayWidth(cell);
  const left = align === 'right' ? gap : align === 'center' ? Math.floor(gap / 2) : 0;
  return ' '.repeat(left) + cell + ' '.repeat(gap - left);
}

/** Columns a text takes in a monospaced font: none for combining marks, two for East Asian wide characters and emoji. */
function displayWidth(text: string): number {
  let width = 0;
  for (const char of text) {
    if (/[\p{M}\p{Cf}]/u.test(char)) continue;
    width +=
      /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}\p{Emoji_Presentation}]/u.test(
        char,
      )
        ? 2
        : 1;
  }
  return width;
}

function hasLink(table: Tokens.Table): boolean {
  const linked = (tokens: Token[]): boolean =>
    tokens.some(
      (token) => token.type === 'link' || token.type === 'image' || ('tokens' in token && linked(token.tokens ?? [])),
    );
  return [table.header, ...table.rows].some((row) => row.some((cell) => linked(cell.tokens)));
}
