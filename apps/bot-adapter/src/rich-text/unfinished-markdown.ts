/** The opening line of the code fence that is still open at the end of the text. */
export function openFence(markdown: string): string | undefined {
  let open: { line: string; fence: string } | undefined;
  for (const [line, fence, info] of markdown.matchAll(/^[ \t>]*(`{3,}|~{3,})([^\n]*)$/gm)) {
    if (open) {
      const closes = fence![0] === open.fence[0] && fence!.length >= open.fence.length && !info!.trim();
      if (closes) open = undefined;
    } else if (fence![0] === '~' || !info!.includes('`')) {
      open = { line, fence: fence! };
    }
  }
  return open?.line;
}

/**
 * Closes what the model has opened but not finished yet, so that a preview does not flicker between raw marks and formatting.
 * A half-typed marker at the very end is left out until it is clear what it becomes.
 */
export function completed(markdown: string): string {
  if (openFence(markdown) !== undefined) return markdown.replace(/\n[ \t>]*(?:`+|~+)$/, '');
  const settled = markdown
    .replace(/(?:^|\n)[ \t]*[#>*+\-=_~`]+[ \t]*$/, '')
    // A number alone on the last line becomes a list item, nearly always.
    .replace(/\n[ \t]*\d{1,9}[.)]?[ \t]*$/, '');
  const start = lastParagraph(settled);
  return settled.slice(0, start) + closeInline(settled.slice(start));
}

/** Emphasis cannot outlive its paragraph or list item. */
function lastParagraph(markdown: string): number {
  const blankLine = markdown.lastIndexOf('\n\n');
  const from = blankLine < 0 ? 0 : blankLine + 2;
  const item = [...markdown.slice(from).matchAll(/^[ \t>]*(?:[-*+]|\d{1,9}[.)]|#{1,6}) /gm)].at(-1);
  return item ? from + item.index + item[0].length : from;
}

function closeInline(paragraph: string): string {
  const text = paragraph.replace(/!?\[([^[\]\n]{1,500})\]\([^()\s]*$/, '$1').replace(/(?<![^\s(])[*_~`]+$/, '');
  const open: string[] = [];
  let code: string | undefined;
  let end = text.length;
  for (const { 0: run, index } of text.matchAll(/\\[\s\S]|`+|\*\*|__|~~|\*|_/g)) {
    const before = text[index - 1] ?? ' ';
    const after = text[index + run.length] ?? ' ';
    if (run.startsWith('\\') && code === undefined) continue;
    if (code === undefined && run.startsWith('`')) code = run;
    else if (code === run) code = undefined;
    else if (code === undefined && open.at(-1) === run && /\S/.test(before)) open.pop();
    else if (code === undefined && /\S/.test(after) && !/[\p{L}\d]/u.test(before)) open.push(run);
    else if (index + run.length === text.length) end = index; // half of a closing marker
  }
  const closers = (code ?? '') + open.reverse().join('');
  return closers ? text.slice(0, end).trimEnd() + closers : text.slice(0, end);
}
