import type { MessageEntity } from '../../src/phone/phone.api';

export type RichNode = string | { entity: MessageEntity; children: RichNode[] };

/**
 * The tree of a text and its entities. Offsets and lengths count UTF-16 units, as Telegram does and as JavaScript
 * strings do. Entities that only partly overlap are cut in two, and whatever lies outside the text is ignored.
 */
export function parseEntities(text: string, entities: MessageEntity[] = []): RichNode[] {
  const outerFirst = [...entities].sort((a, b) => a.offset - b.offset || b.length - a.length);
  return nest(text, 0, text.length, outerFirst);
}

function nest(text: string, from: number, to: number, entities: MessageEntity[]): RichNode[] {
  const nodes: RichNode[] = [];
  let at = from;
  let rest = entities;
  while (rest.length > 0) {
    const [entity, ...others] = rest as [MessageEntity, ...MessageEntity[]];
    const start = Math.max(entity.offset, at);
    const end = Math.min(entity.offset + entity.length, to);
    rest = others;
    if (end <= start) continue;
    if (start > at) nodes.push(text.slice(at, start));
    const inside = others.filter((other) => other.offset < end);
    rest = others.filter((other) => other.offset + other.length > end);
    nodes.push({ entity, children: nest(text, start, end, inside) });
    at = end;
  }
  if (at < to) nodes.push(text.slice(at, to));
  return nodes;
}

export const isBlock = (node: RichNode | undefined): boolean =>
  typeof node === 'object' && ['pre', 'blockquote', 'expandable_blockquote'].includes(node.entity.type);

export const plainText = (nodes: RichNode[]): string =>
  nodes.map((node) => (typeof node === 'string' ? node : plainText(node.children))).join('');

/** One to three emoji and nothing else: shown large. */
export const isJumbo = (text: string): boolean => /^\p{RGI_Emoji}{1,3}$/v.test(text);
