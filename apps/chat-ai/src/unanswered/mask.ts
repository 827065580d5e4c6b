import { isInvisible, isStopWord } from '../knowledge/stop-words';
import { stemOf, wordsOf } from '../knowledge/words';

const MASK = '•••';
/** Addresses, links and names by which people are reached. */
const HANDLE = /(?:https?:\/\/|www\.)\S+|[\w.+-]+@[\w-]+(?:\.[\w-]+)+|@\w+/g;
/** Telephone, card, passport, order: whatever has more digits than a count or a price, however they are spaced. */
const LONG_NUMBER = /\+?\d(?:[\s().-]{0,3}\d){3,}/g;
const NAME = /\p{Lu}[\p{L}\p{M}'’-]*/gu;

/** The words of a question that tell what it is about. */
export const tellingStems = (text: string): string[] => [
  ...new Set(
    wordsOf(text)
      .filter((word) => !isStopWord(word) && !isInvisible(word))
      .map(stemOf),
  ),
];

/**
 * A question for lists that everybody sees who looks after a knowledge base: what may tell who asked is masked, which are
 * addresses, long numbers, and words written like names unless the base itself knows them.
 * @param known stems that stand in the base
 */
export function masked(text: string, known: ReadonlySet<string>): string {
  return text
    .replaceAll(HANDLE, MASK)
    .replaceAll(LONG_NUMBER, MASK)
    .replaceAll(NAME, (word, at: number, whole: string) => {
      const isFirst = /(?:^|[.!?…\n]\s*)["«(]?$/.test(whole.slice(0, at));
      const isPlain = wordsOf(word).every((one) => isStopWord(one) || known.has(stemOf(one)));
      // Any word may begin a sentence; a name there is followed by another one more often than not.
      const isAlone = !/^\s+\p{Lu}/u.test(whole.slice(at + word.length));
      return isPlain || (isFirst && isAlone) ? word : MASK;
    });
}
