import { badRequest } from './api-error';
import { parseHtml } from './html-markup';
import { linkMistake } from './links';
import { parseMarkdownV2 } from './markdown-markup';
import type { Entity, FormattedText } from './wire';

/** In UTF-16 code units, after parsing. */
export const MAX_TEXT = 4096;
export const MAX_CAPTION = 1024;

const MAX_ENTITIES = 100;

/** What Telegram makes of a text: markup parsed, entities checked, white space trimmed, links and commands found. */
export function formattedText(source: string, parseMode: string | undefined, given: Entity[] = []): FormattedText {
  const parsed = parse(source, parseMode, given);
  const { text, entities } = tidy(parsed);
  return { text, entities: byPosition([...entities, ...detect(text, entities)]) };
}

function parse(source: string, parseMode: string | undefined, given: Entity[]): FormattedText {
  switch (parseMode?.toLowerCase()) {
    case undefined:
    case '':
      given.forEach((entity) => checkEntity(source, entity));
      return { text: source, entities: given };
    case 'html':
      return parseHtml(source);
    case 'markdownv2':
      return parseMarkdownV2(source);
    default:
      throw badRequest('unsupported parse_mode');
  }
}

/** Every kind that may be given; the kinds that Telegram finds by itself are taken and passed over. */
const KINDS = [
  ...['bold', 'italic', 'underline', 'strikethrough', 'spoiler', 'blockquote', 'expandable_blockquote', 'code', 'pre'],
  ...['text_link', 'text_mention', 'custom_emoji', 'date_time'],
  ...['mention', 'hashtag', 'cashtag', 'bot_command', 'url', 'email', 'phone_number', 'bank_card_number'],
];

/** Throws what Telegram says to an entity that is none. */
function checkEntity(text: string, { type, offset, length, url }: Entity): void {
  if (!KINDS.includes(type)) throw badRequest("can't parse entities: unsupported type specified");
  if (offset < 0 || length <= 0) return;
  const bytes = (end: number) => Buffer.byteLength(text.slice(0, end));
  const splitsPair = (at: number) => at > 0 && text.codePointAt(at - 1)! > 0xffff;
  const within = (what: string, at: number) =>
    badRequest(`entity ${what} in a middle of a UTF-16 symbol at byte offset ${bytes(at - 1)}`);
  if (splitsPair(offset)) throw within('begins', offset);
  if (splitsPair(offset + length)) throw within('ends', offset + length);
  const mistake = type === 'text_link' ? linkMistake(url ?? '') : undefined;
  if (mistake) throw badRequest(`entity URL '${url}' is invalid: ${mistake}`);
}

/** Cuts entities to the text, drops empty and blank ones, and trims white space: in front only as far as the first entity. */
function tidy({ text, entities }: FormattedText): FormattedText {
  const trimmedEnd = text.trimEnd();
  const inRange = byPosition(entities)
    .map((entity) => clip(entity, trimmedEnd.length))
    .filter(({ offset, length }) => length > 0 && trimmedEnd.slice(offset, offset + length).trim() !== '')
    .slice(0, MAX_ENTITIES);
  const leading = trimmedEnd.length - trimmedEnd.trimStart().length;
  const cut = Math.min(leading, inRange[0]?.offset ?? leading);
  return {
    text: trimmedEnd.slice(cut),
    entities: inRange.map((entity) => ({ ...entity, offset: entity.offset - cut })),
  };
}

function clip(entity: Entity, textLength: number): Entity {
  const begin = Math.max(0, entity.offset);
  const end = Math.min(textLength, entity.offset + entity.length);
  return { ...entity, offset: begin, length: end - begin };
}

const DETECTED: [type: string, pattern: RegExp][] = [
  ['bot_command', /(?<![\w/@#])\/[a-z0-9_]{1,64}(?:@[a-z0-9_]{3,32})?(?![\w/])/gi],
  [
    'url',
    /(?<![\w@.])(?:https?:\/\/[^\s<>"]+|(?:[a-z0-9-]+\.)+(?:com|org|net|ru|io|me|app|dev|example)(?:\/[^\s<>"]*)?)(?<![.,!?:;)])/gi,
  ],
  ['email', /(?<![\w.])[\w.+-]+@[\w-]+(?:\.[\w-]+)+/g],
  ['mention', /(?<![\w@/])@[a-z][a-z0-9_]{2,31}(?!\w)/gi],
  ['hashtag', /(?<![\p{L}\p{N}_#])#(?=[\p{N}_]*\p{L})[\p{L}\p{N}_]+/gu],
  ['cashtag', /(?<![\w$])\$[A-Z]{3,8}(?!\w)/g],
];

/** Nothing is looked for inside code and links, nor where something was already found. */
function detect(text: string, entities: Entity[]): Entity[] {
  const taken = entities.filter(({ type }) =>
    ['code', 'pre', 'text_link', 'url', 'bot_command', 'mention'].includes(type),
  );
  const found: Entity[] = [];
  for (const [type, pattern] of DETECTED) {
    for (const match of text.matchAll(pattern)) {
      const entity = { type, offset: match.index, length: match[0].length };
      if (![...taken, ...found].some((other) => overlap(other, entity))) found.push(entity);
    }
  }
  return found;
}

const overlap = (a: Entity, b: Entity) => a.offset < b.offset + b.length && b.offset < a.offset + a.length;

const byPosition = (entities: Entity[]) => [...entities].sort((a, b) => a.offset - b.offset || b.length - a.length);
