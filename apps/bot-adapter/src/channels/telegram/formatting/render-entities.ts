import { type Block, type RichText, wordsOf } from '../../../rich-text/rich-text';
import { EntityWriter } from './entity-writer';
import { writeInline } from './render-inline';
import { writeTable } from './render-table';
import type { FormattedText } from './telegram-entity';

/** About what a phone shows of a quote before one has to scroll past it; longer ones arrive folded. */
const LONG_QUOTE = { characters: 600, lines: 10 };
const BULLETS = ['•', '◦', '▪'];
const RULE = '──────────';

/** A text as Telegram takes it, with entities. It may be of any length: `splitMessage` makes messages of it. */
export function renderEntities(text: RichText): FormattedText {
  const writer = new EntityWriter();
  writeBlocks(writer, text, 0);
  return writer.finish();
}

function writeBlocks(writer: EntityWriter, blocks: RichText, listDepth: number): void {
  blocks.forEach((block, index) => {
    if (index) writer.breakLine(block.attached ? 0 : 1);
    writeBlock(writer, block, listDepth);
  });
}

function writeBlock(writer: EntityWriter, block: Block, listDepth: number): void {
  switch (block.type) {
    case 'heading':
      return writer.marked({ type: 'bold' }, () => writeInline(writer, block.children));
    case 'code':
      return writer.preformatted(block.text, block.language);
    case 'quote':
      return writer.marked({ type: isLong(block.children) ? 'expandable_blockquote' : 'blockquote' }, () =>
        writeBlocks(writer, block.children, listDepth),
      );
    case 'list':
      return writeList(writer, block, listDepth);
    case 'table':
      return writeTable(writer, block);
    case 'rule':
      return writer.write(RULE);
    case 'paragraph':
      return writeInline(writer, block.children);
  }
}

function writeList(writer: EntityWriter, { start, items }: Block & { type: 'list' }, depth: number): void {
  items.forEach(({ checked, children }, index) => {
    if (index) writer.breakLine();
    const number = start === undefined ? '' : `${start + index}. `;
    const box = checked === undefined ? '' : checked ? '☑ ' : '☐ ';
    writer.write(number + box || `${BULLETS[Math.min(depth, BULLETS.length - 1)]} `);
    writer.indented('  ', () => writeBlocks(writer, children, depth + 1));
  });
}

function isLong(quote: RichText): boolean {
  const text = textOf(quote);
  return text.length > LONG_QUOTE.characters || text.split('\n').length > LONG_QUOTE.lines;
}

function textOf(blocks: RichText): string {
  return blocks
    .map((block) => {
      switch (block.type) {
        case 'quote':
          return textOf(block.children);
        case 'list':
          return block.items.map(({ children }) => textOf(children)).join('\n');
        case 'table':
          return [block.header, ...block.rows].map((row) => row.map(wordsOf).join(' ')).join('\n');
        case 'rule':
          return '';
        case 'code':
          return block.text;
        default:
          return wordsOf(block.children);
      }
    })
    .join('\n\n');
}
