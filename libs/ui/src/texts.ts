import { type Language, useLanguage } from './language';

type Words = { readonly [key: string]: string | ((...args: never[]) => string) | Words };

/** The same keys with texts of any wording; functions take the same arguments. */
type Same<W> = {
  readonly [Key in keyof W]: W[Key] extends string
    ? string
    : W[Key] extends (...args: infer Args) => string
      ? (...args: Args) => string
      : Same<W[Key]>;
};

/**
 * The texts of a feature. A key that one language lacks does not compile; what needs a number or a name is a function.
 *
 * ```ts
 * export const usePeopleTexts = defineTexts({
 *   en: { title: 'People', found: (n: number) => `${n} found` },
 *   ru: { title: 'Люди', found: (n) => `найдено: ${n}` },
 * });
 * ```
 */
export function defineTexts<const En extends Words>(texts: { readonly en: En; readonly ru: Same<En> }) {
  const useTexts = (): Same<En> => texts[useLanguage().language] as Same<En>;
  useTexts.in = (language: Language): Same<En> => texts[language] as Same<En>;
  return useTexts;
}

const NBSP = '\u00a0';

const rules = { en: new Intl.PluralRules('en'), ru: new Intl.PluralRules('ru') };
const numbers = { en: new Intl.NumberFormat('en'), ru: new Intl.NumberFormat('ru') };

/** A number with its noun: `counted.ru(3, 'бот', 'бота', 'ботов')` → `3 бота`. */
export const counted = {
  en: (count: number, one: string, other: string): string =>
    numbers.en.format(count) + NBSP + (rules.en.select(count) === 'one' ? one : other),
  ru: (count: number, one: string, few: string, many: string): string => {
    const rule = rules.ru.select(count);
    return numbers.ru.format(count) + NBSP + (rule === 'one' ? one : rule === 'many' ? many : few);
  },
};

/** What a word of the API is called; one that these pages do not know yet is shown as it is. */
export const wordOf = <Word extends string | null>(
  names: Readonly<Record<string, string>>,
  word: Word,
): string | Word => (word === null ? word : (names[word] ?? word));
