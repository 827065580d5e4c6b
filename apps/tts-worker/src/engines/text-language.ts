import type { Locale } from '@switchboard/contracts';

/** A piece of a text to be read by the voice of one language. */
export interface LanguageRun {
  text: string;
  locale: Locale;
}

// Texts in other scripts are full of Latin names and addresses; Latin texts hardly ever hold other letters. So a third is enough.
const SHARE = 1 / 3;
// A voice change costs a pause and a jump in tone, so a product's name is left to the voice of the text.
const MIN_LATIN_WORDS = 3;

const LETTER = /\p{L}/gu;
const CYRILLIC = /\p{Script=Cyrillic}/gu;
const LATIN = /\p{Script=Latin}/gu;
const HAS_LETTER = /\p{L}/u;
const HAS_CYRILLIC = /\p{Script=Cyrillic}/u;
const HAS_LATIN = /\p{Script=Latin}/u;

/** The language of each script when nothing else is said. */
const USUAL = { Cyrl: 'ru', Latn: 'en' } as const;

/** In which script a language is written: `Cyrl`, `Latn`, `Hebr`. Source: CLDR's likely subtags. */
const scriptOf = (locale: Locale): string | undefined => new Intl.Locale(locale).maximize().script;

/**
 * The language of a text by its letters: `wanted` where it is written in these letters, else Russian for Cyrillic and
 * English for Latin ones. A text without letters, or in another script, is in the language that was wanted.
 */
export function languageOf(text: string, wanted: Locale): Locale {
  const count = (letters: RegExp) => text.match(letters)?.length ?? 0;
  const [all, cyrillic, latin] = [count(LETTER), count(CYRILLIC), count(LATIN)];
  if (all - cyrillic - latin >= all * SHARE) return wanted;
  const script = cyrillic >= (cyrillic + latin) * SHARE ? 'Cyrl' : 'Latn';
  return scriptOf(wanted) === script ? wanted : USUAL[script];
}

/**
 * Splits a text by language. In a text of another script three or more Latin words in a row get the English voice; in a
 * Latin text every Cyrillic word gets the Russian voice, because Latin voices spell foreign letters out.
 * The runs put together are the text.
 */
export function languageRuns(text: string, wanted: Locale): LanguageRun[] {
  const main = languageOf(text, wanted);
  const least = scriptOf(main) === 'Latn' ? 1 : MIN_LATIN_WORDS;
  return stretches(text, main).reduce<LanguageRun[]>((runs, { locale, text: piece, words }) => {
    const spokenBy = locale === main || words >= least ? locale : main;
    const last = runs.at(-1);
    if (last?.locale === spokenBy) last.text += piece;
    else runs.push({ locale: spokenBy, text: piece });
    return runs;
  }, []);
}

/** Words of one language in a row; a word without letters, such as a number or a dash, goes with those before it. */
function stretches(text: string, main: Locale): (LanguageRun & { words: number })[] {
  const script = scriptOf(main);
  const found: (LanguageRun & { words: number })[] = [];
  for (const word of text.match(/\s*\S+|\s+$/g) ?? []) {
    const locale = languageOfWord(word, main, script);
    const last = found.at(-1);
    if (last && (!locale || last.locale === locale)) {
      last.text += word;
      last.words += locale ? 1 : 0;
    } else {
      found.push({ text: word, locale: locale ?? main, words: locale ? 1 : 0 });
    }
  }
  return found;
}

function languageOfWord(word: string, main: Locale, script: string | undefined): Locale | undefined {
  if (HAS_CYRILLIC.test(word)) return script === 'Cyrl' ? main : USUAL.Cyrl;
  if (HAS_LATIN.test(word)) return script === 'Latn' ? main : USUAL.Latn;
  return HAS_LETTER.test(word) ? main : undefined;
}
