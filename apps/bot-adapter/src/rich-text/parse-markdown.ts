import type { MarkedToken, Token, Tokens } from 'marked';
import { lexMarkdown } from './markdown-lexer';
import type { Block, Inline, ListItem, RichText } from './rich-text';
import { decodeReferences } from './text-cleaning';

/** Markdown as a model writes it (CommonMark, GFM, some TeX). Never throws; time is proportional to the input. */
export function parseMarkdown(markdown: string): RichText {
  return blocks(lexMarkdown(markdown), 0);
}

function blocks(tokens: Token[], listDepth: number): Block[] {
  const found: Block[] = [];
  let spaced = false;
  for (const token of tokens as MarkedToken[]) {
    if (token.type === 'space') spaced = true;
    const block = blockOf(token, listDepth);
    if (!block) continue;
    // "Steps:" directly above its list stays attached to it, as do the parts of one list item.
    const attached = !spaced && (listDepth > 0 || (block.type === 'list' && found.at(-1)?.type === 'paragraph'));
    found.push(attached && found.length > 0 ? { ...block, attached } : block);
    spaced = false;
  }
  return found;
}

/** Undefined for what leaves no text. */
function blockOf(token: MarkedToken, listDepth: number): Block | undefined {
  switch (token.type) {
    case 'space':
    case 'def':
    case 'checkbox': // kept with its item
      return undefined;
    case 'heading':
      return { type: 'heading', level: token.depth, children: inline(token.tokens) };
    case 'code': {
      const language = languageOf(token);
      return token.text.trim() ? { type: 'code', text: token.text, ...(language && { language }) } : undefined;
    }
    case 'blockquote':
      return { type: 'quote', children: blocks(token.tokens, listDepth) };
    case 'list':
      return listOf(token, listDepth);
    case 'table':
      return {
        type: 'table',
        align: token.align,
        header: token.header.map((cell) => inline(cell.tokens)),
        rows: token.rows.map((row) => row.map((cell) => inline(cell.tokens))),
      };
    case 'hr':
      return { type: 'rule' };
    case 'paragraph':
      return { type: 'paragraph', children: inline(token.tokens) };
    case 'text':
      return { type: 'paragraph', children: inline(token.tokens ?? [token]) };
    default:
      return { type: 'paragraph', children: [{ type: 'text', text: decodeReferences(token.raw) }] };
  }
}

function listOf(list: Tokens.List, depth: number): Block {
  const items = list.items.map((item): ListItem => ({
    ...(item.task && { checked: Boolean(item.checked) }),
    children: blocks(item.tokens, depth + 1),
  }));
  return { type: 'list', ...(list.ordered && { start: Number(list.start) }), items };
}

const inline = (tokens: Token[]): Inline[] => (tokens as MarkedToken[]).flatMap(inlineOf);

const STYLES = { strong: 'strong', em: 'emphasis', del: 'strikethrough' } as const;

function inlineOf(token: MarkedToken): Inline[] {
  switch (token.type) {
    case 'strong':
    case 'em':
    case 'del':
      return [{ type: STYLES[token.type], children: inline(token.tokens) }];
    case 'codespan':
      return [{ type: 'code', text: token.text }];
    case 'link':
      return [linkOf(token)];
    case 'image':
      return [{ type: 'link', kind: 'image', href: token.href, children: token.text ? inline(token.tokens) : [] }];
    case 'br':
      return [{ type: 'break' }];
    case 'escape':
      return [{ type: 'text', text: token.text }];
    case 'checkbox':
      return [];
    default:
      // marked has decoded a part of the references in `text`; `raw` is as typed, so that all are decoded exactly once.
      return [{ type: 'text', text: decodeReferences(token.raw) }];
  }
}

function linkOf(token: Tokens.Link): Inline {
  if (!token.autolink) return { type: 'link', href: token.href, children: inline(token.tokens) };
  return { type: 'link', kind: 'bare', href: token.href, children: [{ type: 'text', text: token.text }] };
}

/** The first word of the fence's info string, when it looks like the name of a language. */
function languageOf(token: Tokens.Code): string | undefined {
  return /^[\p{L}\d_+#.-]{1,32}(?=\s|$)/u.exec(token.lang ?? '')?.[0];
}
