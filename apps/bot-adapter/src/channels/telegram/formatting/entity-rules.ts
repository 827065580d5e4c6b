import type { FormattedText, MarkType, TelegramEntity } from './telegram-entity';

/** Telegram ignores entities beyond the hundredth, whichever they are; we choose ourselves. */
const MAX_ENTITIES = 100;

/** Outer first where two cover the same text; also what a reader would miss most, first. */
const RANK: Record<MarkType, number> = {
  blockquote: 0,
  expandable_blockquote: 0,
  pre: 1,
  text_link: 2,
  code: 3,
  strikethrough: 4,
  bold: 5,
  italic: 6,
};

/** A code block keeps the indentation of its first line, which is part of the code, and so does a quote that holds it. */
const KEEPS_INDENT: MarkType[] = ['pre', 'blockquote', 'expandable_blockquote'];

/**
 * Brings properly nested entities into the form Telegram keeps: none empty, none beginning (but for indentation) or ending on
 * white space, and the text itself trimmed, at its beginning only up to the first entity, as Telegram does too.
 */
export function tidy({ text, entities }: FormattedText): FormattedText {
  const kept = entities.map((entity) => trimmed(text, entity)).filter((entity) => entity.length > 0);
  kept.sort((a, b) => a.offset - b.offset || b.length - a.length || RANK[a.type] - RANK[b.type]);
  const blank = text.length - text.trimStart().length;
  const start = Math.min(blank, kept[0]?.offset ?? blank);
  return {
    text: text.slice(start).trimEnd(),
    entities: kept.map((entity) => ({ ...entity, offset: entity.offset - start })),
  };
}

/** The stretch `[start, end)` as a text of its own, tidied; entities reaching across its edges continue inside it. */
export function slice({ text, entities }: FormattedText, start: number, end: number): FormattedText {
  const inside = entities
    .filter((entity) => entity.offset < end && entity.offset + entity.length > start)
    .map((entity) => {
      const from = Math.max(entity.offset, start);
      return { ...entity, offset: from - start, length: Math.min(entity.offset + entity.length, end) - from };
    });
  return tidy({ text: text.slice(start, end), entities: inside });
}

/** Where a message that begins at `start` has to end, so that no quote, code block or link in it is beyond the hundredth. */
export function fittingEntities({ text, entities }: FormattedText, start: number): number {
  const first = entities.filter(
    (entity) => RANK[entity.type] <= RANK.text_link && entity.offset + entity.length > start,
  );
  return first[MAX_ENTITIES]?.offset ?? text.length;
}

/** At most a hundred entities, the least important dropped first and of those the last. */
export function withinEntityLimit({ text, entities }: FormattedText): FormattedText {
  if (entities.length <= MAX_ENTITIES) return { text, entities };
  const chosen = new Set([...entities].sort((a, b) => RANK[a.type] - RANK[b.type]).slice(0, MAX_ENTITIES));
  return { text, entities: entities.filter((entity) => chosen.has(entity)) };
}

function trimmed(text: string, entity: TelegramEntity): TelegramEntity {
  const covered = text.slice(entity.offset, entity.offset + entity.length);
  const body = covered.trimEnd();
  const blank = body.length - body.trimStart().length;
  const start = KEEPS_INDENT.includes(entity.type) ? body.lastIndexOf('\n', blank - 1) + 1 : blank;
  return { ...entity, offset: entity.offset + start, length: Math.max(0, body.length - start) };
}
