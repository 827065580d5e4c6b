import type { Locale } from '@switchboard/contracts';

const segmenters = new Map<Locale, Intl.Segmenter>();

/** Making one takes longer than using it. */
function segmenterOf(locale: Locale): Intl.Segmenter {
  const made = segmenters.get(locale) ?? new Intl.Segmenter(locale, { granularity: 'sentence' });
  segmenters.set(locale, made);
  return made;
}

/** The sentences of a text in order, without the space around them and without empty ones. */
export function sentences(text: string, locale: Locale): string[] {
  return Array.from(segmenterOf(locale).segment(text), ({ segment }) => segment.trim()).filter(Boolean);
}

/** How much of a limit a text takes; a text joined from two by a space takes one more than both. */
export type SizeOf = (text: string) => number;

const utf16Units: SizeOf = ({ length }) => length;

/**
 * The text in pieces of at most `limit` (UTF-16 units, unless `sizeOf` says otherwise), cut between sentences where
 * possible, else between words, and inside a word only when the word alone is longer. No piece ends in the middle of a
 * character.
 */
export function piecesOf(text: string, locale: Locale, limit: number, sizeOf = utf16Units): string[] {
  return joinUpTo(
    sentences(text, locale).flatMap((sentence) =>
      sizeOf(sentence) <= limit ? [sentence] : sentence.split(/\s+/).flatMap((word) => cut(word, limit, sizeOf)),
    ),
    limit,
    sizeOf,
  );
}

function joinUpTo(parts: string[], limit: number, sizeOf: SizeOf): string[] {
  const pieces: string[] = [];
  let size = 0;
  for (const part of parts) {
    const added = sizeOf(part);
    const fits = pieces.length > 0 && size + 1 + added <= limit;
    if (fits) pieces[pieces.length - 1] += ` ${part}`;
    else pieces.push(part);
    size = fits ? size + 1 + added : added;
  }
  return pieces;
}

function cut(word: string, limit: number, sizeOf: SizeOf): string[] {
  if (sizeOf(word) <= limit) return [word];
  const pieces = [''];
  let size = 0;
  for (const character of word) {
    const added = sizeOf(character);
    if (size + added > limit) {
      pieces.push('');
      size = 0;
    }
    pieces[pieces.length - 1] += character;
    size += added;
  }
  return pieces;
}
