import { globSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, relative } from 'node:path';
import { Catalogue, nearestLanguage, say, shared } from './catalogue';

const sources = join(__dirname, '..');
const load = (file: string) => (createRequire(__filename)(file) as { texts: object }).texts;

const flat = (texts: object, prefix = ''): [key: string, text: string][] =>
  Object.entries(texts).flatMap(([key, value]) =>
    typeof value === 'string' ? [[prefix + key, value] as [string, string]] : flat(value as object, `${prefix}${key}.`),
  );
/** Languages have plural forms of their own: `books_one`, `books_few`. */
const withoutPlurals = (key: string) => key.replace(/_(zero|one|two|few|many|other)$/, '');
const slots = (text: string) =>
  [...text.matchAll(/\{\{(\w+)\}\}/g)]
    .map(([, name]) => name)
    .sort()
    .join();
const said = (texts: object) => [...new Set(flat(texts).map(([key, text]) => `${withoutPlurals(key)} ${slots(text)}`))];

const translations = globSync('{texts/shared,products/*/texts}/*.ts', { cwd: sources })
  .map((file) => join(sources, file))
  .filter((file) => !file.endsWith('/en.ts'))
  .map((file) => [relative(sources, file), file]);

describe('texts for people', () => {
  it.each(translations)('%s says what the English file says, with the same values', (_name, file) => {
    expect(said(load(file!)).sort()).toEqual(said(load(join(file!, '..', 'en.ts'))).sort());
  });

  it('exist in Russian for every product', () => {
    const folders = globSync('{texts/shared,products/*/texts}', { cwd: sources });
    expect(translations.filter(([name]) => name!.endsWith('/ru.ts'))).toHaveLength(folders.length);
  });

  it('a name is shown as it is written, even when it looks like one of our texts', () => {
    const assistant = new Catalogue('assistant', join(sources, 'products/assistant/texts'));
    expect(assistant.say('en', 'start.greeting', { name: '$t(help) {{bot}}', bot: 'Lumen' })).toBe(
      'Hello, $t(help) {{bot}}! I am Lumen.',
    );
    expect(assistant.say('en', 'start.greeting', { name: "<b>O'Neil & Co</b>", bot: 'Lumen' })).toBe(
      "Hello, <b>O'Neil & Co</b>! I am Lumen.",
    );
  });

  it('come in the nearest language there is', () => {
    expect(shared.languages).toEqual(['en', 'ru']);
    expect([say('ru-KZ', 'yes'), say('pt-BR', 'yes'), say('en-GB', 'yes')]).toEqual(['Да', 'Yes', 'Yes']);
  });

  it('are said differently by a bot that wants it, in the languages it wants it in', () => {
    const overrides = { ru: { 'shared.yes': 'Ага' } };
    expect([shared.say('ru', 'yes', {}, overrides), shared.say('en', 'yes', {}, overrides)]).toEqual(['Ага', 'Yes']);
  });
});

describe('the language for a person', () => {
  it.each([
    ['ru-RU', ['en', 'ru'], 'ru'],
    ['zh-Hant-TW', ['en', 'zh-Hant'], 'zh-Hant'],
    ['de', ['en', 'ru'], 'en'],
    ['de', ['ru', 'en'], 'ru'],
    [undefined, ['en', 'ru'], 'en'],
    ['pt-br', ['en', 'pt-BR'], 'pt-BR'],
  ])('a client in %s, a bot that speaks %j: %s', (language, offered, chosen) => {
    expect(nearestLanguage(offered, language)).toBe(chosen);
  });
});
