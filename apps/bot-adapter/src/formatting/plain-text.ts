import type { MarkedToken, Token, Tokens } from 'marked';
import { inlineText } from './inline-rendering';
import { lexMarkdown } from './markdown-lexer';
import { labelOf } from './table-layout';
import { decodeReferences, isVisible } from './text-cleaning';

/**
 * What a voice reads of a Markdown answer: sentences, one block a line. Links by their words (bare addresses by their host),
 * list items and table rows as sentences, emoji and code blocks left out; an answer that is nothing but code is read as it is.
 */
export function speakable(markdown: string): string {
  const tokens = lexMarkdown(markdown);
  const spoken = tidyLines(blockLines(tokens));
  return isVisible(spoken) ? spoken : tidyLines(codeLines(tokens));
}

function blockLines(tokens: Token[]): string[] {
  return (tokens as MarkedToken[]).flatMap((token): string[] => {
    switch (token.type) {
      case 'space':
      case 'hr':
      case 'def':
      case 'code':
      case 'checkbox':
        return [];
      case 'blockquote':
        return blockLines(token.tokens);
      case 'list':
        return token.items.flatMap((item) => blockLines(item.tokens));
      case 'table':
        return tableLines(token);
      case 'heading':
      case 'paragraph':
        return [sentence(spokenInline(token.tokens))];
      case 'text':
        return [sentence(spokenInline(token.tokens ?? [token]))];
      default:
        return [sentence(decodeReferences(token.raw))];
    }
  });
}

function tableLines({ header, rows }: Tokens.Table): string[] {
  const labels = rows.length ? header.map((cell) => withoutEmoji(labelOf(cell)).trim()) : [];
  return (rows.length ? rows : [header]).map((row) => {
    const fields = row.map((cell, column) => ({ label: labels[column], words: spokenInline(cell.tokens) }));
    const spoken = fields.filter(({ words }) => isVisible(words));
    return sentence(spoken.map(({ label, words }) => (label ? `${label}: ${words}` : words)).join(', '));
  });
}

function spokenInline(tokens: Token[]): string {
  const words = (tokens as MarkedToken[]).map((token) => {
    if (token.type === 'link' && token.autolink)
      return token.text.replace(/^(?:https?:\/\/)?(?:www\.)?([^/?#]+).*$/is, '$1');
    if (token.type === 'image') return decodeReferences(token.text);
    if (token.type === 'br') return ' ';
    if ('tokens' in token && token.tokens) return spokenInline(token.tokens);
    return inlineText([token]);
  });
  return withoutEmoji(words.join(''));
}

function codeLines(tokens: Token[]): string[] {
  return (tokens as MarkedToken[]).flatMap((token): string[] => {
    if (token.type === 'code') return [token.text];
    if (token.type === 'list') return token.items.flatMap((item) => codeLines(item.tokens));
    return token.type === 'blockquote' ? codeLines(token.tokens) : [];
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
