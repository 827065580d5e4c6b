import { Locale, localized, nearestLocale } from './locale';

describe('the language of a person', () => {
  it.each([
    ['ru', 'ru'],
    ['ru-KZ', 'ru'],
    ['en-GB', 'en'],
    ['pt-BR', 'en'],
    ['zh-Hant-TW', 'en'],
    ['rut', 'en'],
  ])('%s is spoken to in %s', (locale, known) => {
    expect(nearestLocale(locale)).toBe(known);
  });

  it('is the nearest that a table has', () => {
    const table = { en: 1, ru: 2, 'zh-Hant': 3 };
    expect(['zh-Hant-TW', 'zh-Hant', 'zh', 'ru-RU', 'constructor'].map((locale) => localized(table, locale))).toEqual([
      3, 3, 1, 2, 1,
    ]);
  });

  it.each(['en', 'pt-BR', 'zh-Hant-TW', 'es-419'])('%s is one, and the platform knows what to do with it', (tag) => {
    expect(Locale.parse(tag)).toBe(Intl.getCanonicalLocales(tag)[0]);
  });

  it.each(['', 'EN', 'english', 'pt-br', 'pt_BR', '../ru', 'en-'])('%j is none', (tag) => {
    expect(Locale.safeParse(tag).success).toBe(false);
  });
});
