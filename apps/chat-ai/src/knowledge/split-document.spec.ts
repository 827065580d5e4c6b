import fc from 'fast-check';
import { splitDocument } from './split-document';

describe('splitting a document', () => {
  it('gives each section with the headings above it', () => {
    const { title, chunks } = splitDocument(
      'd.md',
      '# Shop\n\nIntro.\n\n## Delivery\n\n### City\n\nTomorrow.\n\n## Returns\n\n30 days.',
    );
    expect(title).toBe('Shop');
    expect(chunks).toEqual([
      { heading: '', text: 'Intro.' },
      { heading: 'Delivery › City', text: 'Tomorrow.' },
      { heading: 'Returns', text: '30 days.' },
    ]);
  });

  it('takes a question of an FAQ as the heading of its answer, in English and in Russian', () => {
    const { chunks } = splitDocument('faq.txt', 'Q: Are dogs allowed?\nA: Yes.\n\nВ: Можно с собакой?\nО: Да.');
    expect(chunks).toEqual([
      { heading: 'Are dogs allowed?', text: 'Yes.' },
      { heading: 'Можно с собакой?', text: 'Да.' },
    ]);
  });

  it('does not take comments in code for headings', () => {
    const { chunks } = splitDocument('d.md', '## Setup\n```\n# not a heading\n```');
    expect(chunks).toEqual([{ heading: 'Setup', text: '```\n# not a heading\n```' }]);
  });

  it.each([
    ['hours.ru.md', 'Hello', 'ru'],
    ['hours.txt', 'Мы открыты', 'ru'],
    ['hours.txt', 'We are open', 'en'],
  ])('%s with "%s" is in the language %s', (source, content, locale) => {
    expect(splitDocument(source, content).locale).toBe(locale);
  });

  it('loses no word of any text, and makes no piece too long', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: fc.constantFrom('a', 'я', ' ', '\n', '.'), maxLength: 3000 }), { maxLength: 4 }),
        (paragraphs) => {
          const content = paragraphs.join('\n\n');
          const { chunks } = splitDocument('d.txt', content);
          const letters = (text: string) => text.replaceAll(/\s/g, '');
          expect(letters(chunks.map(({ text }) => text).join(''))).toBe(letters(content));
          expect(Math.max(0, ...chunks.map(({ text }) => text.length))).toBeLessThanOrEqual(1202);
        },
      ),
    );
  });
});
