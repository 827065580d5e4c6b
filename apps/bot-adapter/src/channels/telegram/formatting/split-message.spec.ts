import { parseMarkdown } from '../../../rich-text/parse-markdown';
import { renderEntities } from './render-entities';
import { splitMessage } from './split-message';

const formatMarkdown = (markdown: string) => renderEntities(parseMarkdown(markdown));

const plain = (text: string) => ({ text, entities: [] });
const texts = (markdown: string, limit: number) =>
  splitMessage(formatMarkdown(markdown), limit).map(({ text }) => text);
const words = (count: number, word = 'слово') => Array(count).fill(word).join(' ');

describe('splitting a message', () => {
  it('a short text is one message, an invisible one none', () => {
    expect(splitMessage(plain('привет'))).toEqual([plain('привет')]);
    expect(splitMessage(plain(' \n\u200b '))).toEqual([]);
    expect(splitMessage(plain(''))).toEqual([]);
  });

  it('a text of exactly the limit is not cut', () => {
    expect(splitMessage(plain('а'.repeat(4096)))).toHaveLength(1);
    expect(splitMessage(plain('а'.repeat(4097)))).toHaveLength(2);
  });

  it('refuses a limit no character pair fits into', () => {
    expect(() => splitMessage(plain('a'), 1)).toThrow(RangeError);
  });

  it.each([
    ['between blocks rather than lines', 'aaaa aaaa\n\nbbbb\ncc cc cc', 16, ['aaaa aaaa', 'bbbb\ncc cc cc']],
    ['between lines rather than sentences', 'aaaa aaaa\nBb. Ccc cc cc', 16, ['aaaa aaaa', 'Bb. Ccc cc cc']],
    ['between sentences rather than words', 'Привет, мир! Как дела у вас?', 20, ['Привет, мир!', 'Как дела у вас?']],
    [
      'behind the closing quote of a sentence',
      'Он: «Да, это так!» И он ушёл.',
      22,
      ['Он: «Да, это так!»', 'И он ушёл.'],
    ],
    ['between words rather than inside one', 'aaaaaaa bbbbbbb ccccccc', 16, ['aaaaaaa bbbbbbb', 'ccccccc']],
    ['inside a word when nothing else is left', 'абвгдежзик', 6, ['абвгде', 'жзик']],
    ['between ideographic sentences', '今日は。明日は。昨日は。', 10, ['今日は。明日は。', '昨日は。']],
  ])('cuts %s', (_name, text, limit, expected) => {
    expect(splitMessage(plain(text), limit).map((part) => part.text)).toEqual(expected);
  });

  it('never cuts a pair of surrogates or a joined emoji', () => {
    const family = '👨‍👩‍👧‍👦';
    const flag = '🇷🇺';
    expect(splitMessage(plain(`aaa${family.repeat(3)}`), 20).map((part) => part.text)).toEqual([
      `aaa${family}`,
      family,
      family,
    ]);
    expect(splitMessage(plain(flag.repeat(5)), 10).map((part) => part.text)).toEqual([
      flag.repeat(2),
      flag.repeat(2),
      flag,
    ]);
    expect(splitMessage(plain('e\u0301'.repeat(5)), 5).map((part) => part.text)).toEqual([
      'e\u0301e\u0301',
      'e\u0301e\u0301',
      'e\u0301',
    ]);
  });

  it('cuts a single character longer than a message, since it must', () => {
    const parts = splitMessage(plain(`👍${'\u0301'.repeat(30)}`), 10);
    expect(parts.map((part) => part.text).join('')).toBe(`👍${'\u0301'.repeat(30)}`);
  });

  it('the last part is not a single word left over', () => {
    const parts = splitMessage(plain(words(684)), 4096);
    expect(parts).toHaveLength(2);
    expect(parts[1]!.text.length).toBeGreaterThan(400);
  });

  it('parts are well filled', () => {
    const parts = splitMessage(plain(words(20_000)), 4096);
    expect(parts.length).toBe(Math.ceil((20_000 * 6) / 4096));
  });

  it('a heading goes with the text below it', () => {
    expect(texts(`aaaa aaaa\n\nbbbb bbbb\n\n# Заголовок\n\ncccc cccc`, 34)).toEqual([
      'aaaa aaaa\n\nbbbb bbbb',
      'Заголовок\n\ncccc cccc',
    ]);
  });

  it('formatting continues in the next part', () => {
    const parts = splitMessage(formatMarkdown(`> **${words(10)}**`), 32);
    expect(parts.map(({ text }) => text.length)).toEqual([29, 29]);
    for (const part of parts) {
      expect(part.entities).toEqual([
        { type: 'blockquote', offset: 0, length: 29 },
        { type: 'bold', offset: 0, length: 29 },
      ]);
    }
  });

  it('a link is never cut, named or bare', () => {
    expect(texts(`${words(4)} [${words(3)}](https://x.io) конец ещё`, 30)).toEqual([words(4), `${words(3)} конец ещё`]);
    expect(texts(`abc https://example.com/${'a'.repeat(20)} d`, 44)).toEqual([
      'abc',
      `https://example.com/${'a'.repeat(20)} d`,
    ]);
  });

  it('a message carries a hundred entities, what matters least goes first', () => {
    const [part] = splitMessage(formatMarkdown('*a* **b** `c` '.repeat(60)));
    const count = (type: string) => part!.entities.filter((entity) => entity.type === type).length;
    expect([count('code'), count('bold'), count('italic')]).toEqual([60, 40, 0]);
  });
});

it('a message holds a hundred links, and those behind it go into the next one', () => {
  const links = Array.from({ length: 250 }, (_, n) => `[link ${n}](https://x.io/${n})`);
  const parts = splitMessage(formatMarkdown(`> quoted\n\n${links.join(' ')}`));
  const urls = parts.flatMap(({ entities }) =>
    entities.flatMap((entity) => (entity.type === 'text_link' ? [entity.url] : [])),
  );
  expect(urls).toEqual(links.map((_, n) => `https://x.io/${n}`));
  expect(Math.max(...parts.map(({ entities }) => entities.length))).toBeLessThanOrEqual(100);
});

describe('splitting code', () => {
  const code = (lines: number) => Array.from({ length: lines }, (_, line) => `    line(${line});`).join('\n');
  const fence = (lines: number) => `\`\`\`ts\n${code(lines)}\n\`\`\``;

  it('a block that fits into one message moves there whole', () => {
    const parts = splitMessage(formatMarkdown(`${words(3)}\n\n${fence(10)}\n\nконец`), 140);
    expect(parts.map(({ text }) => text)).toEqual([words(3), `${code(10)}\n\nконец`]);
    expect(parts[1]!.entities).toEqual([{ type: 'pre', language: 'ts', offset: 0, length: code(10).length }]);
  });

  it('a longer block is cut between lines and stays code of the same language', () => {
    const parts = splitMessage(formatMarkdown(fence(40)), 200);
    expect(parts.map(({ text }) => text).join('\n')).toBe(code(40));
    for (const { text, entities } of parts) {
      expect(entities).toEqual([{ type: 'pre', language: 'ts', offset: 0, length: text.length }]);
      expect(text).toMatch(/^ {4}line\(\d+\);(?:\n {4}line\(\d+\);)+$/);
    }
  });

  it('a block without line breaks is cut anyway', () => {
    const parts = splitMessage(formatMarkdown(`\`\`\`\n${'x'.repeat(250)}\n\`\`\``), 100);
    expect(parts.map(({ text }) => text).join('')).toBe('x'.repeat(250));
  });
});
