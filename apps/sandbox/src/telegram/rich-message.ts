import { lexer, type Token, type Tokens } from 'marked';
import { z } from 'zod';
import { badRequest } from './api-error';
import { formattedText } from './formatted-text';
import { json } from './method';
import type { RichBlock } from './wire';

/** Text of a rich message: plain, or pieces of which some are marked. */
type RichText = string | { type: string; text: RichText; url?: string } | RichText[];

/** The parameter `rich_message`: exactly one of `html`, `markdown` and `blocks`, given back as blocks. */
export const richMessage = json(
  z
    .looseObject({
      html: z.string().optional(),
      markdown: z.string().optional(),
      blocks: z.array(z.looseObject({ type: z.string() })).optional(),
      is_rtl: z.boolean().optional(),
    })
    .transform(({ html, markdown, blocks, is_rtl }) => {
      const given = [html, markdown, blocks].filter((one) => one !== undefined);
      if (given.length !== 1) throw badRequest('exactly one of html, markdown and blocks must be specified');
      const parsed: RichBlock[] = blocks ?? (markdown !== undefined ? blocksOf(lexer(markdown)) : htmlBlocks(html!));
      if (parsed.length === 0) throw badRequest('message text is empty');
      return { blocks: parsed, ...(is_rtl && { is_rtl: true as const }) };
    }),
);

/** What a phone without rich messages shows of one. */
export function richText({ blocks }: { blocks: RichBlock[] }): string {
  return blocks.map(plain).filter(Boolean).join('\n\n');
}

function plain(block: RichBlock): string {
  const { type, text, items, blocks, cells } = block as {
    type: string;
    text?: RichText;
    items?: { label: string; blocks: RichBlock[] }[];
    blocks?: RichBlock[];
    cells?: { text?: RichText }[][];
  };
  if (type === 'divider') return '———';
  if (items) return items.map((item) => `${item.label} ${item.blocks.map(plain).join(' ')}`).join('\n');
  if (cells) return cells.map((row) => row.map((cell) => words(cell.text)).join(' | ')).join('\n');
  return blocks ? blocks.map(plain).join('\n') : words(text);
}

function words(text: RichText | undefined): string {
  if (text === undefined || typeof text === 'string') return text ?? '';
  return Array.isArray(text) ? text.map(words).join('') : words(text.text);
}

function blocksOf(tokens: Token[]): RichBlock[] {
  return tokens.flatMap((token): RichBlock[] => {
    switch (token.type) {
      case 'space':
        return [];
      case 'heading':
        return [{ type: 'heading', text: inline(token.tokens), size: (token as Tokens.Heading).depth }];
      case 'code': {
        const { text, lang } = token as Tokens.Code;
        return [{ type: 'pre', text, ...(lang && { language: lang }) }];
      }
      case 'blockquote':
        return [{ type: 'blockquote', blocks: blocksOf(token.tokens ?? []) }];
      case 'hr':
        return [{ type: 'divider' }];
      case 'list': {
        const { items, ordered, start } = token as Tokens.List;
        return [
          {
            type: 'list',
            items: items.map((item, i) => ({
              label: ordered ? `${Number(start || 1) + i}.` : '•',
              blocks: blocksOf(item.tokens),
              ...(item.task && { has_checkbox: true, ...(item.checked && { is_checked: true }) }),
            })),
          },
        ];
      }
      case 'table': {
        const { header, rows } = token as Tokens.Table;
        const cell = ({ tokens: inside, align }: Tokens.TableCell, head: boolean) => ({
          text: inline(inside),
          ...(head && { is_header: true }),
          align: align ?? 'left',
          valign: 'top',
        });
        const cells = [header.map((one) => cell(one, true)), ...rows.map((row) => row.map((one) => cell(one, false)))];
        return [{ type: 'table', cells }];
      }
      default:
        return [{ type: 'paragraph', text: inline((token as Tokens.Text).tokens ?? [token]) }];
    }
  });
}

const MARKS: Record<string, string> = { strong: 'bold', em: 'italic', del: 'strikethrough', codespan: 'code' };

function inline(tokens: Token[] = []): RichText {
  const pieces = tokens.map((token): RichText => {
    const inside =
      'tokens' in token && token.tokens ? inline(token.tokens) : ((token as Tokens.Text).text ?? token.raw);
    if (token.type === 'br') return '\n';
    if (token.type === 'link') return { type: 'url', text: inside, url: (token as Tokens.Link).href };
    const mark = MARKS[token.type];
    return mark ? { type: mark, text: inside } : inside;
  });
  return pieces.length === 1 ? pieces[0]! : pieces;
}

/** Headings, paragraphs and code; what stands in them goes the way of `parse_mode=HTML`, without its marks. */
function htmlBlocks(html: string): RichBlock[] {
  const parts = html.matchAll(/<(h[1-6]|p|pre|hr)\b[^>]*>(?:([\s\S]*?)<\/\1>)?|([^<]+|<(?!h[1-6r]|p\b|pre)[^>]*>)+/gi);
  return [...parts].flatMap(([whole, tag, inside]): RichBlock[] => {
    if (tag?.toLowerCase() === 'hr') return [{ type: 'divider' }];
    const { text } = formattedText(inside ?? whole, 'HTML');
    if (!text) return [];
    if (tag?.toLowerCase() === 'pre') return [{ type: 'pre', text }];
    return tag && /^h/i.test(tag) ? [{ type: 'heading', text, size: Number(tag[1]) }] : [{ type: 'paragraph', text }];
  });
}
