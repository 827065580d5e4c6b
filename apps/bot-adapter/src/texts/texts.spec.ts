import { en } from './en';
import { ru } from './ru';
import { say } from './texts';

const flat = (texts: object, prefix = ''): [key: string, text: string][] =>
  Object.entries(texts).flatMap(([key, value]) =>
    typeof value === 'string' ? [[prefix + key, value] as [string, string]] : flat(value as object, `${prefix}${key}.`),
  );

const slots = (text: string) => [...text.matchAll(/\{\{(\w+)\}\}/g)].map(([, name]) => name).sort();

describe('texts for people', () => {
  it('both languages say the same things', () => {
    expect(flat(ru).map(([key]) => key)).toEqual(flat(en).map(([key]) => key));
  });

  it('both languages fill in the same values', () => {
    expect(flat(ru).map(([, text]) => slots(text))).toEqual(flat(en).map(([, text]) => slots(text)));
  });

  it('a name is shown as it is written, even when it looks like one of our texts', () => {
    expect(say('en', 'start.greeting', { name: '$t(help) {{bot}}', bot: 'Lumen' })).toBe(
      'Hello, $t(help) {{bot}}! I am Lumen.',
    );
    expect(say('en', 'start.greeting', { name: "<b>O'Neil & Co</b>", bot: 'Lumen' })).toBe(
      "Hello, <b>O'Neil & Co</b>! I am Lumen.",
    );
  });
});
