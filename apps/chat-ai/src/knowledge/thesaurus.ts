import { isMisspelling } from './likeness';
import { isInvisible, isStopWord } from './stop-words';
import { stemOf, wordsOf } from './words';

/** A word or phrase of a group. */
interface Phrase {
  readonly stems: readonly string[];
  /** Those that say something alone as well. */
  readonly telling: readonly string[];
}

/** One thing, and what it is called. */
export interface Sense {
  /** Stands in the index for what cannot be found by one word. */
  readonly mark: string;
  /** Stems of its names and the mark, with how much each of them says. */
  readonly otherNames: ReadonlyMap<string, number>;
}

interface Group extends Sense {
  readonly phrases: readonly Phrase[];
}

/** Another name says less than the word itself; one word of a phrase says less than a whole name. */
const WHOLE_NAME = 0.8;
const PART_OF_NAME = 0.25;

/** Which words mean the same: a group a line, separated by commas; `#` begins a comment. */
export class Thesaurus {
  private readonly groups: Group[];
  private readonly groupsByFirstStem = new Map<string, { phrase: Phrase; group: Group }[]>();

  constructor(text: string) {
    this.groups = text.split('\n').flatMap(groupOf);
    for (const group of this.groups) {
      const { phrases } = group;
      for (const phrase of phrases) {
        const list = this.groupsByFirstStem.get(phrase.stems[0]!) ?? [];
        list.push({ phrase, group });
        this.groupsByFirstStem.set(phrase.stems[0]!, list);
      }
    }
  }

  knows(stem: string): boolean {
    return this.groupsByFirstStem.has(stem);
  }

  /** The groups that the words from `at` on name, and how many words the longest of the names has. */
  sensesAt(stems: readonly string[], at: number): { length: number; senses: Sense[] } {
    const named = (this.groupsByFirstStem.get(stems[at]!) ?? []).filter(({ phrase }) =>
      phrase.stems.every((stem, i) => stems[at + i] === stem),
    );
    const length = Math.max(0, ...named.map(({ phrase }) => phrase.stems.length));
    return {
      length,
      senses: [...new Set(named.filter(({ phrase }) => phrase.stems.length === length).map(({ group }) => group))],
    };
  }

  /** The word of the thesaurus that a misspelt one was meant to be; the word itself when there is none. */
  corrected(stem: string): string {
    if (this.knows(stem)) return stem;
    for (const known of this.groupsByFirstStem.keys()) if (isMisspelling(stem, known)) return known;
    return stem;
  }

  /** Marks of what a text says in several words: once for each time it does. */
  marksIn(stems: readonly string[]): string[] {
    const marks: string[] = [];
    for (let at = 0; at < stems.length;) {
      const { length, senses } = this.sensesAt(stems, at);
      if (length > 1) marks.push(...senses.map(({ mark }) => mark));
      at += Math.max(1, length);
    }
    return marks;
  }
}

/** `name: word, word, several words`; the name may be left out. */
function groupOf(line: string): Group[] {
  const [, name, list] = /^(?:(\w+):)?([^#]*)/.exec(line.trim())!;
  const phrases = list!
    .split(/[,;=]/)
    .map(phraseOf)
    .filter(({ stems }) => stems.length > 0);
  if (phrases.length < 2) return [];
  const mark = `#${name ?? phrases[0]!.stems.join(' ')}`;
  return [{ mark, phrases, otherNames: namesIn(mark, phrases) }];
}

function namesIn(mark: string, phrases: readonly Phrase[]): Map<string, number> {
  const names = new Map([[mark, WHOLE_NAME]]);
  for (const phrase of phrases) {
    const weight = phrase.stems.length === 1 ? WHOLE_NAME : PART_OF_NAME;
    for (const stem of phrase.telling) names.set(stem, Math.max(weight, names.get(stem) ?? 0));
  }
  return names;
}

function phraseOf(name: string): Phrase {
  const words = visibleWordsOf(name);
  return { stems: words.map(stemOf), telling: words.filter((word) => !isStopWord(word)).map(stemOf) };
}

/** The words of a text as phrases are looked for in it. */
export const visibleWordsOf = (text: string): string[] => wordsOf(text).filter((word) => !isInvisible(word));
