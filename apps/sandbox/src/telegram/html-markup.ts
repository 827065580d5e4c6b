import { badRequest } from './api-error';
import type { Entity, FormattedText } from './wire';

const ENTITY_OF_TAG: Record<string, string> = {
  b: 'bold',
  strong: 'bold',
  i: 'italic',
  em: 'italic',
  u: 'underline',
  ins: 'underline',
  s: 'strikethrough',
  strike: 'strikethrough',
  del: 'strikethrough',
  'tg-spoiler': 'spoiler',
  span: 'spoiler',
  'tg-emoji': 'custom_emoji',
  a: 'text_link',
  code: 'code',
  pre: 'pre',
  blockquote: 'blockquote',
};

/** Telegram knows these four names and numbers; any other `&…;` stays as it is written. */
const NAMED: Record<string, string> = { lt: '<', gt: '>', amp: '&', quot: '"' };

interface OpenTag {
  tag: string;
  attributes: Map<string, string>;
  offset: number;
}

/** parse_mode=HTML. Throws Telegram's own complaint, with the position in bytes of UTF-8. */
export function parseHtml(source: string): FormattedText {
  const entities: Entity[] = [];
  const open: OpenTag[] = [];
  let text = '';
  let at = 0;

  const complain = (reason: string, index: number) =>
    badRequest(`can't parse entities: ${reason} at byte offset ${Buffer.byteLength(source.slice(0, index))}`);

  const startTag = (begin: number) => {
    const tag = /^[^\s>]*/.exec(source.slice(begin + 1))![0].toLowerCase();
    at = begin + 1 + tag.length;
    if (at >= source.length) throw complain('Unclosed start tag', begin);
    if (!(tag in ENTITY_OF_TAG)) throw complain(`Unsupported start tag "${tag}"`, begin);
    const attributes = new Map<string, string>();
    for (;;) {
      const rest = source.slice(at);
      const end = /^\s*>/.exec(rest);
      if (end) {
        at += end[0].length;
        break;
      }
      const [declared = '', name, , double, single, bare] =
        /^\s*([a-z0-9-]+)(\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>"']+)))?/i.exec(rest) ?? [];
      if (!name) {
        throw /^\s*$/.test(rest)
          ? complain('Unclosed start tag', begin)
          : complain(`Empty attribute name in the tag "${tag}"`, begin);
      }
      at += declared.length;
      if (source[at] === '=') throw complain('Unclosed start tag', begin);
      attributes.set(name.toLowerCase(), decode(double ?? single ?? bare ?? ''));
    }
    if (tag === 'span' && attributes.get('class') !== 'tg-spoiler') {
      throw complain('Tag "span" must have class "tg-spoiler"', begin);
    }
    open.push({ tag, attributes, offset: text.length });
  };

  const endTag = (begin: number) => {
    const started = open.pop();
    if (!started) throw complain('Unexpected end tag', begin);
    const closing = /^<\/([^\s>]*)\s*>/.exec(source.slice(begin));
    if (!closing) throw complain('Unclosed end tag', begin);
    at = begin + closing[0].length;
    const found = closing[1]!.toLowerCase();
    if (found && found !== started.tag) {
      const where = Buffer.byteLength(source.slice(0, begin));
      const expected = `expected "</${started.tag}>", found "</${found}>"`;
      throw badRequest(`can't parse entities: Unmatched end tag at byte offset ${where}, ${expected}`);
    }
    const entity = entityOf(started, text.slice(started.offset));
    if (entity.length > 0) addEntity(entities, entity);
  };

  while (at < source.length) {
    if (source.startsWith('</', at)) endTag(at);
    else if (source[at] === '<') startTag(at);
    else {
      const plain = /^[^<]+/.exec(source.slice(at))![0];
      text += decode(plain);
      at += plain.length;
    }
  }
  const unclosed = open.at(-1);
  if (unclosed) {
    throw badRequest(`can't parse entities: Can't find end tag corresponding to start tag "${unclosed.tag}"`);
  }
  return { text, entities };
}

function entityOf({ tag, attributes, offset }: OpenTag, inside: string): Entity {
  const entity: Entity = { type: ENTITY_OF_TAG[tag]!, offset, length: inside.length };
  if (tag === 'a') entity.url = attributes.get('href') || inside;
  if (tag === 'tg-emoji') entity.custom_emoji_id = attributes.get('emoji-id');
  if (tag === 'blockquote' && attributes.has('expandable')) entity.type = 'expandable_blockquote';
  const language = /^language-(.+)$/.exec(attributes.get('class') ?? '')?.[1];
  if (tag === 'code' && language) entity.language = language;
  return entity;
}

/** `<pre><code class="language-…">` is one entity, not two. */
function addEntity(entities: Entity[], entity: Entity): void {
  const last = entities.at(-1);
  const sameRange = last?.offset === entity.offset && last.length === entity.length;
  if (entity.type === 'pre' && last?.type === 'code' && sameRange) {
    entities.pop();
    entity.language = last.language;
  }
  entities.push(entity);
}

function decode(text: string): string {
  return text.replace(
    /&(?:(lt|gt|amp|quot)|#(\d+)|#x([0-9a-f]+));/gi,
    (whole, name?: string, dec?: string, hex?: string) => {
      if (name) return NAMED[name.toLowerCase()]!;
      const code = dec ? Number(dec) : parseInt(hex!, 16);
      return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : whole;
    },
  );
}
