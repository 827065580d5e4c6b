import fc from 'fast-check';
import { hasWords, spokenText } from './spoken-text';

describe('a text as it is spoken', () => {
  it.each([
    ['spaces of any kind and number', ' Вдох \t\u00A0 выдох ', 'Вдох выдох'],
    ['line ends of any kind', 'one\r\ntwo\rthree\u2028four \n \n five', 'one\ntwo\nthree\nfour\nfive'],
    ['soft hyphens, marks of direction and NUL', 'ме\u00ADди\u200Fта\0ция', 'медитация'],
    ['letters written with a combining mark', 'и\u0306од', 'йод'],
    ['halves of a character', 'a\uD83Db', 'ab'],
  ])('%s', (_, written, spoken) => {
    expect(spokenText(written)).toBe(spoken);
  });

  it('a picture made of several stays one', () => {
    expect(spokenText('👩‍🚀')).toBe('👩‍🚀');
  });

  it('what was made plain once stays as it is, and Postgres can keep it', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (written) => {
        const spoken = spokenText(written);
        expect(spokenText(spoken)).toBe(spoken);
        expect(spoken).not.toContain('\0');
        expect(Buffer.from(spoken).toString()).toBe(spoken);
      }),
    );
  });

  it.each([
    ['', false],
    ['— … 🎉', false],
    ['7', true],
    ['ой', true],
  ])('%j has words: %s', (text, words) => {
    expect(hasWords(text)).toBe(words);
  });
});
