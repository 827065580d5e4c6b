import { isInvisible, isStopWord } from './stop-words';
import type { Thesaurus } from './thesaurus';
import { fromTransliteration, inOtherLayout, isLatin, stemOf, wordsOf } from './words';

/** One thing that is asked about. */
export interface Concept {
  /** Stems of the words as they were written; empty for a phrase without a word of its own, such as "how late". */
  readonly literal: readonly string[];
  /** Stems that speak of it, with how much each of them says, at most 1. */
  readonly terms: ReadonlyMap<string, number>;
}

/** What the words of a base tell about the words of a question. */
export interface Vocabulary {
  has(stem: string): boolean;
  /** Words of the base that are written much like it, with their likeness, below 1. */
  like(stem: string): ReadonlyMap<string, number>;
}

/** Every stem that reading a text may ask a vocabulary for. */
export function stemsToLookUp(text: string): string[] {
  const readings = text.split(/\s+/).flatMap((piece) => readingsOf(piece).flat());
  return [...new Set(readings.filter((word) => !isStopWord(word)).map(stemOf))];
}

/** What words ask about. */
export function conceptsOf(
  asked: readonly string[],
  vocabulary: Vocabulary,
  thesauri: readonly Thesaurus[],
): Concept[] {
  const words = asked.filter((word) => !isInvisible(word));
  const stems = words.map(stemOf);
  const meant = stems.map((stem, i) => {
    if (isStopWord(words[i]!) || vocabulary.has(stem)) return stem;
    return thesauri.reduce(
      (corrected, thesaurus) => (corrected === stem ? thesaurus.corrected(stem) : corrected),
      stem,
    );
  });
  const concepts = new Map<string, { literal: Set<string>; terms: Map<string, number> }>();
  const note = (key: string, literal: readonly string[], terms: Iterable<[string, number]>) => {
    const concept = concepts.get(key) ?? { literal: new Set(), terms: new Map() };
    for (const stem of literal) concept.literal.add(stem);
    for (const [term, weight] of terms) concept.terms.set(term, Math.max(weight, concept.terms.get(term) ?? 0));
    concepts.set(key, concept);
  };
  for (let at = 0; at < words.length;) {
    const found = thesauri.map((thesaurus, i) => ({ i, ...thesaurus.sensesAt(meant, at) }));
    const length = Math.max(1, ...found.map((one) => one.length));
    const named = found.filter((one) => one.length === length);
    const literal = words
      .slice(at, at + length)
      .filter((word) => !isStopWord(word))
      .map(stemOf);
    const senses = named.flatMap(({ i, senses }) => senses.map((sense) => ({ ...sense, key: `${i}${sense.mark}` })));
    if (senses.length > 0 || literal.length > 0) {
      // Two words for one thing are one concept: "до скольки работаете".
      const known = senses.find(({ key }) => concepts.has(key))?.key;
      const key = known ?? senses[0]?.key ?? literal.join(' ');
      const terms = senses.flatMap(({ otherNames }) => [...otherNames]);
      const own = literal.flatMap((stem): [string, number][] => [[stem, 1], ...vocabulary.like(stem)]);
      note(key, literal, [...terms, ...own]);
    }
    at += length;
  }
  return [...concepts.values()].map(({ literal, terms }) => ({ literal: [...literal], terms }));
}

/**
 * The words of a text, whatever layout or letters it was typed in: each piece in the reading that makes sense; where none
 * does, in the one that most of the others took.
 */
export function wordsAsMeant(text: string, vocabulary: Vocabulary, thesauri: readonly Thesaurus[]): string[] {
  const isKnown = (word: string) => {
    const stem = stemOf(word);
    return isStopWord(word) || vocabulary.has(stem) || thesauri.some((thesaurus) => thesaurus.knows(stem));
  };
  const pieces = text
    .split(/\s+/)
    .filter(Boolean)
    .map((piece) => {
      const readings = readingsOf(piece);
      return { readings, taken: readings.findIndex((words) => words.length > 0 && words.every(isKnown)) };
    });
  const votes = [0, 0, 0];
  for (const { taken } of pieces) if (taken >= 0) votes[taken]! += 1;
  const usual = votes.indexOf(Math.max(...votes));
  return pieces.flatMap(({ readings, taken }) => readings[taken] ?? readings[usual] ?? readings[0]!);
}

/** As it is written; as the same keys in the other layout; as Russian in Latin letters. */
function readingsOf(piece: string): string[][] {
  const asWritten = wordsOf(piece);
  const otherLayout = wordsOf(inOtherLayout(piece));
  if (!asWritten.some(isLatin)) return [asWritten, otherLayout];
  return [asWritten, otherLayout, wordsOf(fromTransliteration(piece.toLowerCase()))];
}

const BETWEEN_QUESTIONS = /[?!.;\n]+|,\s|\s(?:и|а|или|and|or)\s/i;
/** People ask two or three things at once, seldom more; a pasted page is no list of questions. */
const MOST_QUESTIONS = 4;

/**
 * The parts of a text that ask for one thing each: "when are you open and what is a tube" finds neither the hours nor the
 * price as one heap of words. None when it asks for one thing only.
 */
export function partsOf(text: string): string[] {
  const parts = text
    .split(BETWEEN_QUESTIONS)
    .map((part) => part.trim())
    .filter((part) => part.includes(' '));
  return parts.length > 1 && parts.length <= MOST_QUESTIONS ? parts : [];
}
