import type { KnownLocale } from '@switchboard/contracts';

/** A piece of a text to be read by the voice of one language. */
export interface LanguageRun {
  text: string;
  locale: KnownLocale;
}

// Russian texts are full of Latin names and addresses; English texts hardly ever hold Cyrillic. So a third is enough.
const CYRILLIC_SHARE = 1 / 3;
// A voice change costs a pause and a jump in tone, so a product's name is left to the Russian voice.
const MIN_ENGLISH_WORDS = 3;

const CYRILLIC = /\p{Script=Cyrillic}/gu;
const LATIN = /\p{Script=Latin}/gu;
const HAS_CYRILLIC = /\p{Script=Cyrillic}/u;
const HAS_LATIN = /\p{Script=Latin}/u;

/** The language a text is written in, by its letters; `fallback` when it has neither Cyrillic nor Latin ones. */
export function languageOf(text: string, fallback: KnownLocale): KnownLocale {
  const cyrillic = text.match(CYRILLIC)?.length ?? 0;
  const latin = text.match(LATIN)?.length ?? 0;
  if (cyrillic + latin === 0) return fallback;
  return cyrillic / (cyrillic + latin) >= CYRILLIC_SHARE ? 'ru' : 'en';
}

/**
 * Splits a text by language. In a Russian text three or more English words in a row get the English voice; in an
 * English text every Cyrillic word gets the Russian voice, because English voices spell foreign letters out.
 * The runs put together are the text.
 */
export function languageRuns(text: string, fallback: KnownLocale): LanguageRun[] {
  const main = languageOf(text, fallback);
  const least = main === 'ru' ? MIN_ENGLISH_WORDS : 1;
  return stretches(text, main).reduce<LanguageRun[]>((runs, { locale, text: piece, words }) => {
    const spokenBy = locale === main || words >= least ? locale : main;
    const last = runs.at(-1);
    if (last?.locale === spokenBy) last.text += piece;
    else runs.push({ locale: spokenBy, text: piece });
    return runs;
  }, []);
}

/** Words of one script in a row; a word without letters, such as a number or a dash, goes with those before it. */
function stretches(text: string, main: KnownLocale): (LanguageRun & { words: number })[] {
  const found: (LanguageRun & { words: number })[] = [];
  for (const word of text.match(/\s*\S+|\s+$/g) ?? []) {
    const locale = scriptOf(word);
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

function scriptOf(word: string): KnownLocale | undefined {
  if (HAS_CYRILLIC.test(word)) return 'ru';
  return HAS_LATIN.test(word) ? 'en' : undefined;
}
