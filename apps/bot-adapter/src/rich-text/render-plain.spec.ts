import fc from 'fast-check';
import { parseMarkdown } from './parse-markdown';
import { inBytes, renderPlain, splitPlain } from './render-plain';

describe('a text without formatting', () => {
  it.each([
    ['marks are left out', '# План\n\n**Купить** _хлеб_ и `соль`', 'План\n\nКупить хлеб и соль'],
    ['lists keep their numbers and boxes', 'Шаги:\n1. a\n2. b\n   - c\n\n- [x] d', 'Шаги:\n1. a\n2. b\n  • c\n\n☑ d'],
    ['addresses are spelled out', '[сайт](https://x.io) и https://y.io', 'сайт (https://x.io) и https://y.io'],
    ['tables and quotes stay readable', '> a\n> b\n\n|x|y|\n|-|-|\n|1|2|', '> a\n> b\n\nx | y\n1 | 2'],
  ])('%s', (_name, markdown, expected) => {
    expect(renderPlain(parseMarkdown(markdown))).toBe(expected);
  });

  it('is cut by bytes, between whole characters, and loses nothing but white space', () => {
    const words = fc.array(fc.constantFrom('привет', 'мир.', 'hello', '👨‍👩‍👧', 'слово'.repeat(30), '\n\n'), {
      maxLength: 60,
    });
    fc.assert(
      fc.property(words, fc.integer({ min: 30, max: 300 }), (all, max) => {
        const text = all.join(' ');
        const parts = splitPlain(text, max, inBytes);
        expect(parts.every((part) => inBytes(part) <= max)).toBe(true);
        expect(parts.join('').replace(/\s/g, '')).toBe(text.replace(/\s/g, ''));
      }),
    );
  });
});
