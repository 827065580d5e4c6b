import type { z } from 'zod';
import { type Known, openWord } from './open-word';
import { ownMessage } from './own-message';

/** BCP 47 in its canonical spelling, as far as people's languages need it: language, script, region. */
const LANGUAGE_TAG = /^[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|\d{3}))?$/;

export const Locale = openWord(['en', 'ru'], {
  id: 'Locale',
  description: 'The language a person is spoken to in, a BCP 47 tag: language, script, region.',
  pattern: LANGUAGE_TAG,
  message: ownMessage(
    'A language is written as en, ru or pt-BR: a code of two or three small letters.',
    'Язык пишется так: en, ru или pt-BR, кодом из двух-трёх строчных букв.',
  ),
});
export type Locale = z.infer<typeof Locale>;
export type KnownLocale = Known<typeof Locale>;

const DEFAULT: KnownLocale = 'en';

/** The nearest of the known locales: `pt-BR` itself, else `pt`, else English. */
export const nearestLocale = (locale: Locale): KnownLocale =>
  tagsOf(locale).find((tag): tag is KnownLocale => (Locale.known as readonly string[]).includes(tag)) ?? DEFAULT;

/** Of a table with an entry for each language, the one that is nearest to a person's. */
export function localized<T>(table: Readonly<Record<KnownLocale, T>>, locale: Locale): T {
  const entries: Readonly<Record<string, T>> = table;
  const tag = tagsOf(locale).find((one) => Object.hasOwn(entries, one)) ?? DEFAULT;
  return entries[tag]!;
}

/** `zh-Hant-TW` → `zh-Hant-TW`, `zh-Hant`, `zh` */
function tagsOf(locale: Locale): string[] {
  const parts = locale.split('-');
  return parts.map((_, i) => parts.slice(0, parts.length - i).join('-'));
}
