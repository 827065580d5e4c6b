import { lastBoundary } from './cut-points';
import { type Block, type Inline, type RichText, wordsOf } from './rich-text';
import { isVisible } from './text-cleaning';

/** A text as signs alone, for channels that know no formatting: nothing of it is lost, and links are spelled out. */
export function renderPlain(text: RichText): string {
  return blocks(text, '').trim();
}

function blocks(all: RichText, indent: string): string {
  return all
    .map((block, index) => (index === 0 ? '' : block.attached ? '\n' : '\n\n') + render(block, indent))
    .join('');
}

function render(block: Block, indent: string): string {
  switch (block.type) {
    case 'code':
      return block.text;
    case 'quote':
      return blocks(block.children, indent)
        .split('\n')
        .map((line) => `> ${line}`)
        .join('\n');
    case 'list':
      return block.items
        .map(({ checked, children }, index) => {
          const number = block.start === undefined ? '•' : `${block.start + index}.`;
          const mark = checked === undefined ? number : checked ? '☑' : '☐';
          return `${indent}${mark} ${blocks(children, `${indent}  `).trimStart()}`;
        })
        .join('\n');
    case 'table':
      return [block.header, ...block.rows].map((row) => row.map(inline).join(' | ')).join('\n');
    case 'rule':
      return '———';
    default:
      return inline(block.children);
  }
}

function inline(children: readonly Inline[]): string {
  return children
    .map((child) => {
      if (child.type === 'break') return '\n';
      if (child.type !== 'link') return 'children' in child ? inline(child.children) : child.text;
      const words = wordsOf(child.children);
      if (child.kind === 'bare' || !words) return words || child.href;
      return words.includes(child.href) ? words : `${words} (${child.href})`;
    })
    .join('');
}

/** What a text counts for a channel. */
export type Measure = (text: string) => number;
export const inBytes: Measure = (text) => Buffer.byteLength(text);

/**
 * Cuts a text into messages of at most `max` by `measure`, between paragraphs, else lines, sentences, words, and inside a word
 * only when nothing else is left. Only white space at the cuts is lost; an invisible text gives no message.
 */
export function splitPlain(text: string, max: number, measure: Measure): string[] {
  const parts: string[] = [];
  for (let rest = text.trim(); rest;) {
    const longest = longestPrefix(rest, max, measure);
    const cut =
      longest === rest.length
        ? longest
        : (lastBoundary(rest.slice(0, longest + 1), Math.ceil(longest / 2), () => true) ?? longest);
    const part = rest.slice(0, cut).trimEnd();
    if (isVisible(part)) parts.push(part);
    rest = rest.slice(cut).trimStart();
  }
  return parts;
}

const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

/** As many whole characters as fit; one at least. */
function longestPrefix(text: string, max: number, measure: Measure): number {
  let size = 0;
  let end = 0;
  for (const { segment } of graphemes.segment(text.slice(0, max + 64))) {
    size += measure(segment);
    if (size > max && end > 0) break;
    end += segment.length;
  }
  return end;
}
