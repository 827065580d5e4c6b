import type { MarkedToken, Token, Tokens } from 'marked';
import { EntityWriter } from './entity-writer';
import { writeInline } from './inline-rendering';
import { lexMarkdown } from './markdown-lexer';
import { writeTable } from './table-layout';
import type { FormattedText } from './telegram-entity';
import { decodeReferences } from './text-cleaning';

/** About what a phone shows of a quote before one has to scroll past it; longer ones arrive folded. */
const LONG_QUOTE = { characters: 600, lines: 10 };
const BULLETS = ['•', '◦', '▪'];
const RULE = '──────────';

/**
 * Markdown as a model writes it (CommonMark, GFM, some TeX) → text and entities as Telegram takes them. Never throws; time is
 * proportional to the input. The result may be of any length: `splitMessage` makes messages of it.
 */
export function formatMarkdown(markdown: string): FormattedText {
  const writer = new EntityWriter();
  writeBlocks(writer, lexMarkdown(markdown), 0);
  return writer.finish();
}

function writeBlocks(writer: EntityWriter, tokens: Token[], listDepth: number): void {
  let previous: Token | undefined;
  let spaced = false;
  for (const token of tokens as MarkedToken[]) {
    if (token.type === 'space') spaced = true;
    if (leavesNoText(token)) continue;
    // "Steps:" directly above its list stays attached to it, as do the parts of one list item.
    const attached = !spaced && (listDepth > 0 || (token.type === 'list' && previous?.type === 'paragraph'));
    if (previous) writer.breakLine(attached ? 0 : 1);
    writeBlock(writer, token, listDepth);
    previous = token;
    spaced = false;
  }
}

function leavesNoText(token: MarkedToken): boolean {
  if (token.type === 'code') return !token.text.trim();
  return token.type === 'space' || token.type === 'def' || token.type === 'checkbox';
}

function writeBlock(writer: EntityWriter, token: MarkedToken, listDepth: number): void {
  switch (token.type) {
    case 'heading':
      return writer.marked({ type: 'bold' }, () => writeInline(writer, token.tokens));
    case 'code':
      return writer.preformatted(token.text, languageOf(token));
    case 'blockquote':
      return writer.marked({ type: isLong(token.text) ? 'expandable_blockquote' : 'blockquote' }, () =>
        writeBlocks(writer, token.tokens, listDepth),
      );
    case 'list':
      return writeList(writer, token, listDepth);
    case 'table':
      return writeTable(writer, token);
    case 'hr':
      return writer.write(RULE);
    case 'paragraph':
      return writeInline(writer, token.tokens);
    case 'text':
      return writeInline(writer, token.tokens ?? [token]);
    default:
      return writer.write(decodeReferences(token.raw));
  }
}

function writeList(writer: EntityWriter, list: Tokens.List, depth: number): void {
  list.items.forEach((item, index) => {
    if (index) writer.breakLine();
    const number = list.ordered ? `${Number(list.start) + index}. ` : '';
    const box = item.task ? (item.checked ? '☑ ' : '☐ ') : '';
    writer.write(number + box || `${BULLETS[Math.min(depth, BULLETS.length - 1)]} `);
    writer.indented('  ', () => writeBlocks(writer, item.tokens, depth + 1));
  });
}

/** The first word of the fence's info string, when it looks like the name of a language. */
function languageOf(token: Tokens.Code): string | undefined {
  return /^[\p{L}\d_+#.-]{1,32}(?=\s|$)/u.exec(token.lang ?? '')?.[0];
}

function isLong(quote: string): boolean {
  return quote.length > LONG_QUOTE.characters || quote.split('\n').length > LONG_QUOTE.lines;
}
