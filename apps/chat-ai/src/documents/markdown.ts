/** A line of a text that only looks like a heading must not become one. */
export const asPlain = (text: string): string => text.replaceAll(/^(#{1,6}\s)/gm, '\\$1');

const MOST_IN_BLOCK = 1000;

/**
 * Rows of a table, each with the names of its columns, so that every piece can be understood alone.
 * @param firstRow the number of the first data row in the file
 */
export function tableSections(
  name: string,
  [header, ...rows]: readonly (readonly string[])[],
  { firstRow, rowsWord }: { firstRow: number; rowsWord: string },
): string {
  if (!header) return '';
  const lines = rows.map((row) =>
    row
      .map((cell, column) => [header[column]?.trim(), cell.trim()] as const)
      .filter(([, cell]) => cell !== '')
      .map(([column, cell]) => (column ? `${column}: ${cell}` : cell))
      .join('; '),
  );
  if (lines.length === 0) return asPlain(header.join('; '));
  const sections: string[] = [];
  for (let at = 0; at < lines.length;) {
    let end = at;
    for (let length = 0; end < lines.length && (end === at || length + lines[end]!.length <= MOST_IN_BLOCK); end += 1)
      length += lines[end]!.length;
    const block = lines.slice(at, end).filter(Boolean);
    const where = `${rowsWord} ${firstRow + at}–${firstRow + end - 1}`;
    if (block.length > 0) sections.push(`## ${name ? `${name}, ` : ''}${where}\n\n${asPlain(block.join('\n\n'))}`);
    at = end;
  }
  return sections.join('\n\n');
}

/** `стр.` or `p.`, by the letters of a text. */
export function isRussian(text: string): boolean {
  const start = text.slice(0, 20_000);
  const count = (letters: RegExp) => start.match(letters)?.length ?? 0;
  return count(/\p{Script=Cyrillic}/gu) > count(/\p{Script=Latin}/gu);
}
