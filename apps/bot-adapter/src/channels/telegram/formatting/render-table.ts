import { columnLabel } from '../../../rich-text/plain-text';
import type { Inline, Table, TableCell } from '../../../rich-text/rich-text';
import type { EntityWriter } from './entity-writer';
import { inlineText, writeInline } from './render-inline';

/** Characters of the monospaced font in one line of a chat bubble on a small phone; wider rows wrap and fall apart. */
const MAX_WIDTH = 36;

/** Narrow tables keep their columns in a `pre`; wide ones, and those with links, become a list of "header: value". */
export function writeTable(writer: EntityWriter, table: Table): void {
  const narrow = hasLink(table) ? undefined : alignedTable(table);
  if (narrow === undefined) writeRecords(writer, table);
  else writer.preformatted(narrow);
}

function writeRecords(writer: EntityWriter, table: Table): void {
  const labels = table.header.map((cell) => columnLabel(inlineText(cell)));
  const heading = table.header.filter((header, column) => header.length > 0 && !(labels[column] && table.rows.length));
  const records = [
    heading.map((header) => () => writer.marked({ type: 'bold' }, () => writeInline(writer, header))),
    ...table.rows.map((row) =>
      row.flatMap((cell, column) => (cell.length > 0 ? [() => writeField(writer, labels[column] ?? '', cell)] : [])),
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

function writeField(writer: EntityWriter, label: string, cell: TableCell): void {
  if (label) {
    writer.marked({ type: 'bold' }, () => writer.write(`${label}:`));
    writer.write(' ');
  }
  writeInline(writer, cell);
}

/** Undefined when a row would be wider than the screen. */
function alignedTable(table: Table): string | undefined {
  const rows = [table.header, ...table.rows].map((row) => row.map((cell) => inlineText(cell).trim()));
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

function aligned(cell: string, width: number, align: Table['align'][number] | undefined): string {
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

function hasLink(table: Table): boolean {
  const linked = (children: readonly Inline[]): boolean =>
    children.some((child) => child.type === 'link' || ('children' in child && linked(child.children)));
  return [table.header, ...table.rows].some((row) => row.some(linked));
}
