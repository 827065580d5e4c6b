import { parseMarkdown } from './parse-markdown';
import { type Block, type Inline, type RichText, type Table, type TableCell, wordsOf } from './rich-text';
import { isVisible } from './text-cleaning';

/** A header is repeated in front of each cell only when it is short: a long one over many rows would multiply the text. */
const MAX_LABEL = 40;

/** The label to put before the cells of a column, empty when the header is empty or too long to be repeated. */
export function columnLabel(header: string): string {
  const label = header.trim().replace(/:$/, '');
  return label.length <= MAX_LABEL ? label : '';
}

/**
 * What a voice reads of a Markdown answer: sentences, one block a line. Links by their words (bare addresses by their host),
 * list items and table rows as sentences, emoji and code blocks left out; an answer that is nothing but code is read as it is.
 */
export function speakable(markdown: string): string {
  const text = parseMarkdown(markdown);
  const spoken = tidyLines(blockLines(text));
  return isVisible(spoken) ? spoken : tidyLines(codeLines(text));
}

function blockLines(blocks: RichText): string[] {
  return blocks.flatMap((block: Block): string[] => {
    switch (block.type) {
      case 'rule':
      case 'code':
        return [];
      case 'quote':
        return blockLines(block.children);
      case 'list':
        return block.items.flatMap((item) => blockLines(item.children));
      case 'table':
        return tableLines(block);
      default:
        return [sentence(spokenInline(block.children))];
    }
  });
}

function tableLines({ header, rows }: Table): string[] {
  const labels = rows.length ? header.map((cell) => withoutEmoji(columnLabel(wordsOf(cell))).trim()) : [];
  return (rows.length ? rows : [header]).map((row: readonly TableCell[]) => {
    const fields = row.map((cell, column) => ({ label: labels[column], words: spokenInline(cell) }));
    const spoken = fields.filter(({ words }) => isVisible(words));
    return sentence(spoken.map(({ label, words }) => (label ? `${label}: ${words}` : words)).join(', '));
  });
}

function spokenInline(children: readonly Inline[]): string {
  const words = children.map((child) => {
    if (child.type === 'link' && child.kind === 'bare')
      return wordsOf(child.children).replace(/^(?:https?:\/\/)?(?:www\.)?([^/?#]+).*$/is, '$1');
    if (child.type === 'break') return ' ';
    return 'children' in child ? spokenInline(child.children) : child.text;
  });
  return withoutEmoji(words.join(''));
}

function codeLines(blocks: RichText): string[] {
  return blocks.flatMap((block: Block): string[] => {
    if (block.type === 'code') return [block.text];
    if (block.type === 'list') return block.items.flatMap((item) => codeLines(item.children));
    return block.type === 'quote' ? codeLines(block.children) : [];
  });
}

/** A full stop makes the voice pause where the eye saw a new line. */
function sentence(words: string): string {
  const line = words
    .replace(/\s+/g, ' ')
    .replace(/ (?=[.,!?;:…])/g, '')
    .trim();
  return /[\p{L}\p{N}]["'»”’)\]]*$/u.test(line) ? `${line}.` : line;
}

function withoutEmoji(text: string): string {
  // © ® ™ count as emoji but are read aloud; digits only become emoji by the mark behind them.
  return text.replace(
    /(?![©®™])\p{Extended_Pictographic}(?:[\ufe0f\u{e0020}-\u{e007f}\p{Emoji_Modifier}]|\u200d\p{Extended_Pictographic})*|[\p{Regional_Indicator}\p{Emoji_Modifier}\ufe0f\u20e3]/gu,
    '',
  );
}

function tidyLines(lines: string[]): string {
  return lines.filter(isVisible).join('\n').trim();
}
