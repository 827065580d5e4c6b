import { parseMarkdown } from '../../../rich-text/parse-markdown';
import { renderEntities } from './render-entities';
import type { FormattedText, TelegramEntity } from './telegram-entity';

const formatMarkdown = (markdown: string) => renderEntities(parseMarkdown(markdown));

/** Entities as tags around their text, to be read in one line. */
function tagged({ text, entities }: FormattedText): string {
  const opening = (at: number) =>
    entities.filter(({ offset }) => offset === at).map((entity) => `<${labelOf(entity)}>`);
  const closing = (at: number) =>
    entities.filter(({ offset, length }) => offset + length === at).map(({ type }) => `</${type}>`);
  return Array.from({ length: text.length + 1 }, (_, at) =>
    [...closing(at).reverse(), ...opening(at), text[at] ?? ''].join(''),
  ).join('');
}

function labelOf(entity: TelegramEntity): string {
  if (entity.type === 'text_link') return `text_link ${entity.url}`;
  return entity.type === 'pre' && entity.language ? `pre ${entity.language}` : entity.type;
}

const lines = (...all: string[]) => all.join('\n');

describe('Markdown inside a paragraph', () => {
  it.each([
    [
      'bold, italic and strikethrough',
      '**жирный** *курсив* ~~зачёркнуто~~',
      '<bold>жирный</bold> <italic>курсив</italic> <strikethrough>зачёркнуто</strikethrough>',
    ],
    ['nested emphasis', '**bold *and italic* text**', '<bold>bold <italic>and italic</italic> text</bold>'],
    ['offsets behind an emoji, in UTF-16 units', '😀 **да**', '😀 <bold>да</bold>'],
    ['inline code is verbatim', '`a **b** &amp;`', '<code>a **b** &amp;</code>'],
    [
      'bold around code stops at the code',
      '**run `npm ci` first**',
      '<bold>run</bold> <code>npm ci</code> <bold>first</bold>',
    ],
    ['bold around nothing but code', '**`npm`**', '<code>npm</code>'],
    ['bold inside bold counts once', '# one **two**', '<bold>one two</bold>'],
    [
      'marks keep clear of white space',
      '**[a ](https://x.io)** b',
      '<text_link https://x.io/><bold>a</bold></text_link>  b',
    ],
    ['multiplication is not emphasis', '2 * 3 * 4 и snake_case_name', '2 * 3 * 4 и snake_case_name'],
    ['nor is it without spaces', '2*3*4, a*b*c и 2**3**4', '2*3*4, a*b*c и 2**3**4'],
    ['bold inside a word of a script without spaces', 'これは**重要**です', 'これは<bold>重要</bold>です'],
    ['one tilde is a tilde', '10~20 и 30~40', '10~20 и 30~40'],
    ['an escaped link is text', '\\[a\\]\\(b\\) и \\[x\\]', '[a](b) и [x]'],
    ['TeX in square brackets within a line', 'Тогда \\[a_1 = b^2\\] верно', 'Тогда <code>a_1 = b^2</code> верно'],
    ['escaped marks are text', '\\*не курсив\\* \\# \\_', '*не курсив* # _'],
    ['unclosed marks are text', 'a **b и `c', 'a **b и `c'],
    ['HTML stays visible', 'a <b>bold</b> <br> <!-- c -->', 'a <b>bold</b> <br> <!-- c -->'],
    [
      'references are decoded once',
      '&lt;b&gt; &amp;lt; &#38;lt; &#1078; &copy; &unknown;',
      '<b> &lt; &lt; ж © &unknown;',
    ],
    ['a reference to an impossible character', '&#xD800;&#0;&#x110000;', '\uFFFD\uFFFD\uFFFD'],
    [
      'TeX in brackets stays as written',
      'По формуле \\(a_1 * b_2 * \\frac{c}{d}\\).',
      'По формуле <code>a_1 * b_2 * \\frac{c}{d}</code>.',
    ],
    ['TeX does not reach across paragraphs', lines('$$ дёшево', '', 'x $$'), lines('$$ дёшево', '', 'x $$')],
    ['prices are not TeX', '$5 и $10', '$5 и $10'],
    ['footnotes are text', 'Факт[^1]', 'Факт[^1]'],
    ['line breaks survive', lines('Привет,', 'мир  ', '!'), lines('Привет,', 'мир', '!')],
  ])('%s', (_name, markdown, expected) => {
    expect(tagged(formatMarkdown(markdown))).toBe(expected);
  });
});

describe('links', () => {
  it.each([
    ['https', '[сайт](https://пример.рф/a b)', '[сайт](https://пример.рф/a b)'],
    [
      'an address with references in it',
      '[a](https://x.io/?a=1&amp;b=2)',
      '<text_link https://x.io/?a=1&b=2>a</text_link>',
    ],
    [
      'an international host',
      '[сайт](https://пример.рф)',
      '<text_link https://xn--e1afmkfd.xn--p1ai/>сайт</text_link>',
    ],
    ['Telegram itself', '[бот](tg://resolve?domain=x)', '<text_link tg://resolve?domain=x>бот</text_link>'],
    ['bare addresses need no entity', 'https://x.io/a_b_c и www.y.ru', 'https://x.io/a_b_c и www.y.ru'],
    ['code as a link is a link', '[`fs.open`](https://x.io)', '<text_link https://x.io/>fs.open</text_link>'],
    ['by reference', lines('[a][1]', '', '[1]: https://x.io'), '<text_link https://x.io/>a</text_link>'],
    ['a note is not a reference', '[Важно]: прочти', '[Важно]: прочти'],
    ['script', '[жми](javascript:alert(1))', 'жми'],
    ['data', '[a](data:text/html,x)', 'a'],
    ['a relative path is spelled out', '[a](docs/setup.md)', 'a (docs/setup.md)'],
    ['a place on the same page', '[a](#setup)', 'a'],
    ['a telephone number is spelled out', '[звоните](tel:+1-555)', 'звоните (+1-555)'],
    ['a scheme nobody can open here', '[файл](ftp://x.io/a)', 'файл (ftp://x.io/a)'],
    ['mail behind words is spelled out', '[пишите](mailto:a@b.co)', 'пишите (a@b.co)'],
    ['a host Telegram refuses is spelled out', '[open](http://localhost:3000)', 'open (http://localhost:3000)'],
    ['an image is a link to it', '![кот](https://x.io/c.png)', '<text_link https://x.io/c.png>кот</text_link>'],
    [
      'an image without words',
      '![](https://x.io/c.png)',
      '<text_link https://x.io/c.png>https://x.io/c.png</text_link>',
    ],
    ['an image inside a link', '[![a](https://i.io)](https://x.io)', '<text_link https://x.io/>a</text_link>'],
  ])('%s', (_name, markdown, expected) => {
    expect(tagged(formatMarkdown(markdown))).toBe(expected);
  });
});

describe('blocks', () => {
  it.each([
    ['a heading is bold and stands apart', lines('## Итог', 'текст'), lines('<bold>Итог</bold>', '', 'текст')],
    ['a heading holds code', '# Use `x` now', '<bold>Use</bold> <code>x</code> <bold>now</bold>'],
    [
      'a fence with its language',
      lines('```ts title="a"', '  a();', 'b();', '```'),
      lines('<pre ts>  a();', 'b();</pre>'),
    ],
    ['a fence nobody closed', lines('до', '```', 'code **x**'), lines('до', '', '<pre>code **x**</pre>')],
    ['an empty fence leaves nothing', lines('a', '```', '```', 'b'), lines('a', '', 'b')],
    [
      'a fence inside a longer one',
      lines('````md', '```js', 'x', '```', '````'),
      lines('<pre md>```js', 'x', '```</pre>'),
    ],
    ['a rule', lines('a', '', '---', '', 'b'), lines('a', '', '──────────', '', 'b')],
    [
      'displayed TeX behind its lead-in',
      lines('Итого:', '$$', 'a_1 * b', '$$', 'да'),
      lines('Итого:', '', '<pre latex>a_1 * b</pre>', '', 'да'),
    ],
    [
      'a list attached to its lead-in',
      lines('Шаги:', '- a', '* b', '+ c'),
      lines('Шаги:', '• a', '', '• b', '', '• c'),
    ],
    [
      'nested lists',
      lines('1. a', '   - b', '     - c', '   - d', '2. e'),
      lines('1. a', '  ◦ b', '    ▪ c', '  ◦ d', '2. e'),
    ],
    ['numbers continue where the list begins', lines('7. a', '7. b'), lines('7. a', '8. b')],
    [
      'a list item of several blocks',
      lines('1. a', '', '   b', '   ```', '   c', '   ```', '2. d'),
      lines('1. a', '', '  b', '<pre>c</pre>', '2. d'),
    ],
    ['an item that is code', lines('- ```', '  c', '  ```'), lines('• ', '<pre>c</pre>')],
    ['tasks', lines('- [x] **сделано**', '- [ ] нет'), lines('☑ <bold>сделано</bold>', '☐ нет')],
    ['a quote', lines('> a', '> **b**', 'после'), lines('<blockquote>a', '<bold>b</bold></blockquote>', '', 'после')],
    ['indented code inside a quote', '>     a()', '<blockquote><pre>a()</pre></blockquote>'],
    [
      'code alone in a quote keeps its indentation',
      lines('> ```', '>   a()', '> ```'),
      '<blockquote><pre>  a()</pre></blockquote>',
    ],
    ['a quote inside a quote', lines('> a', '>> b'), lines('<blockquote>a', '', 'b</blockquote>')],
    [
      'a list with code inside a quote',
      lines('> - `a`', '> - b'),
      lines('<blockquote>• <code>a</code>', '• b</blockquote>'),
    ],
  ])('%s', (_name, markdown, expected) => {
    expect(tagged(formatMarkdown(markdown))).toBe(expected);
  });

  it('a long quote arrives folded', () => {
    const quote = formatMarkdown(Array.from({ length: 11 }, (_, line) => `> строка ${line}`).join('\n'));
    expect(quote.entities.map(({ type }) => type)).toEqual(['expandable_blockquote']);
  });
});

describe('tables', () => {
  it('a narrow table keeps its columns, wide characters counted as two', () => {
    const markdown = lines('| Имя | Очки |', '|:---|---:|', '| Аня **!** | 7 |', '| 東京 | 42 |');
    expect(tagged(formatMarkdown(markdown))).toBe(
      lines('<pre>Имя   | Очки', '------+-----', 'Аня ! |    7', '東京  |   42</pre>'),
    );
  });

  it('a wide table becomes a list of records', () => {
    const markdown = lines(
      '| Тариф | Что входит в него |',
      '|---|---|',
      '| Базовый | поддержка по *почте* в рабочие часы |',
      '| Про | |',
    );
    expect(tagged(formatMarkdown(markdown))).toBe(
      lines(
        '<bold>Тариф:</bold> Базовый',
        '<bold>Что входит в него:</bold> поддержка по <italic>почте</italic> в рабочие часы',
        '',
        '<bold>Тариф:</bold> Про',
      ),
    );
  });

  it('cells beyond the header are kept', () => {
    const markdown = lines('| a | b |', '|---|---|', '| 1 | 2 | 3 |', '| 4 | 5 |', '', 'после');
    expect(tagged(formatMarkdown(markdown))).toBe(
      lines('<pre>a | b |', '--+---+--', '1 | 2 | 3', '4 | 5 |</pre>', '', 'после'),
    );
  });

  it('a table with links keeps them', () => {
    const markdown = lines('до', '', '| a | b |', '|---|---|', '| 1 | [x](https://x.io) |');
    expect(tagged(formatMarkdown(markdown))).toBe(
      lines('до', '', '<bold>a:</bold> 1', '<bold>b:</bold> <text_link https://x.io/>x</text_link>'),
    );
  });

  it('a header too long to repeat is said once', () => {
    const header = 'очень '.repeat(10).trim();
    const markdown = lines(`| ${header} |`, '|---|', '| a |', '| b |');
    expect(tagged(formatMarkdown(markdown))).toBe(lines(`<bold>${header}</bold>`, '', 'a', '', 'b'));
  });

  it('a header wide enough to multiply its rows stays text', () => {
    const { text } = formatMarkdown(`|${'a|'.repeat(1000)}\n|${'-|'.repeat(1000)}\n${'|a\n'.repeat(1000)}`);
    expect(text.length).toBeLessThan(10_000);
    expect(text.match(/a/g)).toHaveLength(2000);
  });
});

describe('hostile input', () => {
  it('nothing gives nothing', () => {
    expect(formatMarkdown('')).toEqual({ text: '', entities: [] });
    expect(formatMarkdown(' \n\t\n ')).toEqual({ text: '', entities: [] });
  });

  it('what cannot be sent is replaced', () => {
    expect(formatMarkdown('a\0b\ud800c\udc00d\u0007e\r\nf').text).toBe('a\uFFFDb\uFFFDc\uFFFDd e\nf');
  });

  it('direction marks and zero-width characters pass through', () => {
    expect(formatMarkdown('\u202eשלום\u200b **мир**').text).toBe('\u202eשלום\u200b мир');
  });

  it('nesting beyond the cap stays visible', () => {
    expect(formatMarkdown(`${'>'.repeat(50)} глубоко`).text).toBe(`${'>'.repeat(42)} глубоко`);
    expect(formatMarkdown(`${'- '.repeat(50)}deep`).text).toMatch(/^• ◦ ▪ (?:▪ ){5}(?:- ){42}deep$/);
  });

  it.each([
    '*a ',
    '**a ',
    '_a ',
    '~a ',
    '`',
    '``a`',
    '[',
    '[a](',
    '![a',
    ']',
    '>',
    '> ',
    '> - a\nb\n> c\n',
    '- ',
    '#',
    '|',
    'a|b|c\n-|-\n',
    'a\n-\n',
    '<',
    '<!--',
    '&',
    '\\(',
    '\\[',
    '$$a\n\n',
    'a*',
    'a@',
    'www.',
    '[a]: <',
    '*_~`[]()<>#',
    '\u0301',
    '👨‍👩‍👧‍👦',
    '\ud83d',
  ])('100 kB of %j are formatted before anyone loses patience', (piece) => {
    // The test's own deadline is the assertion: before the caps these took from minutes to for ever.
    const { text } = formatMarkdown(piece.repeat(100_000 / piece.length));
    expect(text.length).toBeLessThan(300_000);
  });
});
