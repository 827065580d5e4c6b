import type { Locale } from '@switchboard/contracts';
import { createInstance } from 'i18next';
import { en } from './en';
import { ru } from './ru';

const texts = createInstance();
void texts.init({
  resources: { en: { translation: en }, ru: { translation: ru } },
  fallbackLng: 'en',
  // With resources at hand there is nothing to wait for.
  initAsync: false,
});

/**
 * A text in a person's language, or in the nearest there is; `key` as in en.ts, with dots; of several the first that exists. The values are filled in here, because i18next does it one
 * after the other: a person whose name has braces in it would shift all others.
 */
export const say = (
  locale: Locale,
  key: string | readonly string[],
  values: Record<string, string | number> = {},
): string =>
  texts
    .t(key as string | string[], { lng: locale, skipInterpolation: true })
    .replace(/\{\{(\w+)\}\}/g, (_slot, name: string) => String(values[name] ?? ''));
