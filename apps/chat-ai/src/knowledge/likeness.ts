/** Shorter words have too many neighbours that mean something else. */
const SHORTEST_MISSPELT = 5;
const TWO_MISTAKES_FROM = 8;
const SHORTEST_PREFIX = 5;
const SHORTEST_WORD = 4;
const SHORTEST_ROOT = 4;
/** Of the longer word. */
const SHARED_PART = 0.6;

/** How much a typing error, two of them, or a common beginning leave of a word's weight. */
const ONE_MISTAKE = 0.8;
const TWO_MISTAKES = 0.65;
const SAME_BEGINNING = 0.6;
/** `англ` for `английский`. */
const SHORT_FORM = 0.5;
/** `посмотреть` for `осмотр`. */
const SAME_ROOT = 0.5;

/** Runs of three letters, with the word's ends marked: words that are written alike share most of them. */
export function gramsOf(word: string): string[] {
  const letters = [...`_${word}_`];
  return [...new Set(letters.slice(2).map((_, i) => letters.slice(i, i + 3).join('')))];
}

/**
 * How far a word of a text can stand for an asked one, from 0 to 1. A word that the base has itself is not
 * misspelt: only words with the same beginning are akin to it.
 */
export function likeness(asked: string, word: string, isMisspelt: boolean): number {
  if (asked === word) return 1;
  const longest = Math.max(asked.length, word.length);
  const beginning = commonPrefix(asked, word);
  if (isMisspelt) {
    const mistakes = mistakesBetween(asked, word);
    if (mistakes !== undefined) return mistakes === 1 ? ONE_MISTAKE : TWO_MISTAKES;
  }
  if (beginning >= SHORTEST_PREFIX && beginning >= longest * SHARED_PART) return SAME_BEGINNING;
  if (isMisspelt && beginning >= SHORTEST_WORD && beginning === Math.min(asked.length, word.length)) return SHORT_FORM;
  return haveOneRoot(asked, word) ? SAME_ROOT : 0;
}

/** Without its prefix one of them begins as the other does: `почистить` and `чистка`. */
function haveOneRoot(a: string, b: string): boolean {
  const [rootA, rootB] = [rootOf(a), rootOf(b)];
  const common = commonPrefix(rootA, rootB);
  if (common < SHORTEST_ROOT || common < Math.max(rootA.length, rootB.length) * SHARED_PART) return false;
  // One letter is a prefix only beside another one: `город` is no part of `огород`.
  const [cutA, cutB] = [a.length - rootA.length, b.length - rootB.length];
  return cutA + cutB > 1;
}

export const isMisspelling = (written: string, meant: string): boolean => mistakesBetween(written, meant) !== undefined;

/** Undefined when there are too many for words of that length; the first letter is seldom wrong. */
function mistakesBetween(a: string, b: string): number | undefined {
  const longest = Math.max(a.length, b.length);
  const allowed = longest >= TWO_MISTAKES_FROM ? 2 : 1;
  if (longest < SHORTEST_MISSPELT || a[0] !== b[0] || Math.abs(a.length - b.length) > allowed) return undefined;
  const mistakes = distance(a, b);
  return mistakes <= allowed ? mistakes : undefined;
}

/** Verbs and nouns of one root differ in these more often than not. */
const RUSSIAN_PREFIX =
  /^(?:пере|при|про|под|раз|рас|воз|вос|обо|ото|без|бес|вы|до|за|из|ис|на|об|от|по|со|у|о|с)(?=[а-я]{4})/;
const rootOf = (word: string) => word.replace(RUSSIAN_PREFIX, '');

function commonPrefix(a: string, b: string): number {
  let length = 0;
  while (length < a.length && a[length] === b[length]) length += 1;
  return length;
}

/** Letters to add, drop, replace or swap with their neighbour (Damerau and Levenshtein, optimal string alignment). */
function distance(a: string, b: string): number {
  let before: number[] = [];
  let above = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      let least = Math.min(row[j - 1]! + 1, above[j]! + 1, above[j - 1]! + cost);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) least = Math.min(least, before[j - 2]! + 1);
      row.push(least);
    }
    before = above;
    above = row;
  }
  return above[b.length]!;
}
