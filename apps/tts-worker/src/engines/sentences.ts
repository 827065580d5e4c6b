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

/**
 * The text in pieces of at most `limit` UTF-16 units, cut between sentences where possible, else between words, and
 * inside a word only when the word alone is longer. No piece ends in the middle of a character.
 */
export function piecesOf(text: string, locale: Locale, limit: number): string[] {
  return joinUpTo(
    sentences(text, locale).flatMap((sentence) =>
      sentence.length <= limit ? [sentence] : sentence.split(/\s+/).flatMap((word) => cut(word, limit)),
    ),
    limit,
  );
}

function joinUpTo(parts: string[], limit: number): string[] {
  const pieces: string[] = [];
  for (const part of parts) {
    const last = pieces.at(-1);
    if (last !== undefined && last.length + 1 + part.length <= limit) pieces[pieces.length - 1] = `${last} ${part}`;
    else pieces.push(part);
  }
  return pieces;
}

function cut(word: string, limit: number): string[] {
  if (word.length <= limit) return [word];
  const pieces = [''];
  for (const character of word) {
    if (pieces.at(-1)!.length + character.length > limit) pieces.push('');
    pieces[pieces.length - 1] += character;
  }
  return pieces;
}
