import fc from 'fast-check';
import { formattedText } from './formatted-text';

const bytes = 'Привет '.length + 6; // six Cyrillic letters take two bytes each

describe('formatted text', () => {
  it.each<[mode: string, source: string, text: string, entities: object[]]>([
    ['HTML', '<b>a</b> &lt;&#33;&nbsp;', 'a <!&nbsp;', [{ type: 'bold', offset: 0, length: 1 }]],
    [
      'HTML',
      '<b>bo<i>th</i></b>',
      'both',
      [
        { type: 'bold', offset: 0, length: 4 },
        { type: 'italic', offset: 2, length: 2 },
      ],
    ],
    [
      'HTML',
      '<a href="https://x.example/?a=1&amp;b=2">x</a>',
      'x',
      [{ type: 'text_link', offset: 0, length: 1, url: 'https://x.example/?a=1&b=2' }],
    ],
    [
      'HTML',
      '<pre><code class="language-ts">let a</code></pre>',
      'let a',
      [{ type: 'pre', offset: 0, length: 5, language: 'ts' }],
    ],
    ['HTML', '<span class="tg-spoiler">boo</span>', 'boo', [{ type: 'spoiler', offset: 0, length: 3 }]],
    ['HTML', '<blockquote expandable>q</blockquote>', 'q', [{ type: 'expandable_blockquote', offset: 0, length: 1 }]],
    ['HTML', '😀<b>x</b>', '😀x', [{ type: 'bold', offset: 2, length: 1 }]],
    ['HTML', '  <b> </b> hi  ', 'hi', []],
    [
      'MarkdownV2',
      '*b* _i_ __u__ ~s~ ||p|| `c`',
      'b i u s p c',
      ['bold', 'italic', 'underline', 'strikethrough', 'spoiler', 'code'].map((type, i) => ({
        type,
        offset: 2 * i,
        length: 1,
      })),
    ],
    [
      'MarkdownV2',
      '[x](https://x.example/\\))',
      'x',
      [{ type: 'text_link', offset: 0, length: 1, url: 'https://x.example/)' }],
    ],
    ['MarkdownV2', '```ts\nlet a_b\n```', 'let a_b', [{ type: 'pre', offset: 0, length: 7, language: 'ts' }]],
    ['MarkdownV2', '>one\n>two\nthree', 'one\ntwo\nthree', [{ type: 'blockquote', offset: 0, length: 7 }]],
    ['MarkdownV2', '>one\n>two||', 'one\ntwo', [{ type: 'expandable_blockquote', offset: 0, length: 7 }]],
    ['MarkdownV2', '1\\. \\*', '1. *', []],
    [
      '',
      '/start@spec_bot and https://x.example/a. @anna_1 #тег',
      '/start@spec_bot and https://x.example/a. @anna_1 #тег',
      [
        { type: 'bot_command', offset: 0, length: 15 },
        { type: 'url', offset: 20, length: 19 },
        { type: 'mention', offset: 41, length: 7 },
        { type: 'hashtag', offset: 49, length: 4 },
      ],
    ],
  ])('%s %j', (mode, source, text, entities) => {
    expect(formattedText(source, mode)).toEqual({ text, entities });
  });

  it.each<[mode: string, source: string, complaint: string]>([
    ['HTML', 'Привет <h1>', `Unsupported start tag "h1" at byte offset ${bytes}`],
    ['HTML', '<b>x', 'Can\'t find end tag corresponding to start tag "b"'],
    ['HTML', '<b>x</i>', 'Unmatched end tag at byte offset 4, expected "</b>", found "</i>"'],
    ['HTML', 'x</b>', 'Unexpected end tag at byte offset 1'],
    ['HTML', 'a <b', 'Unclosed start tag at byte offset 2'],
    ['HTML', '<span>x</span>', 'Tag "span" must have class "tg-spoiler" at byte offset 0'],
    ['HTML', '<a href="x>y</a>', 'Unclosed start tag at byte offset 0'],
    ['MarkdownV2', 'Hi!', "Character '!' is reserved and must be escaped with the preceding '\\'"],
    ['MarkdownV2', 'Привет *x', `Can't find end of Bold entity at byte offset ${bytes}`],
    ['MarkdownV2', '_x', "Can't find end of Italic entity at byte offset 0"],
    ['MarkdownV2', '[x](y', "Can't find end of a URL at byte offset 3"],
    ['MarkdownV2', '```x`', "Character '`' is reserved and must be escaped with the preceding '\\'"],
  ])('%s %j cannot be parsed', (mode, source, complaint) => {
    expect(() => formattedText(source, mode)).toThrow(`Bad Request: can't parse entities: ${complaint}`);
  });

  it('cuts given entities to the text and drops those beside it', () => {
    const given = [
      { type: 'bold', offset: 2, length: 50 },
      { type: 'italic', offset: 40, length: 2 },
    ];
    expect(formattedText('hello  \n', undefined, given)).toEqual({
      text: 'hello',
      entities: [{ type: 'bold', offset: 2, length: 3 }],
    });
  });

  it('gives any escaped text back as it was', () => {
    const plain = fc.string({ unit: 'grapheme', maxLength: 80 }).map((text) => text.replace(/[\r\\]/g, '').trim());
    fc.assert(
      fc.property(plain, (text) => {
        const markdown = text.replace(/[_*[\]()~`>#+\-=|{}.!]/g, '\\$&');
        const html = text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
        expect(formattedText(markdown, 'MarkdownV2').text).toBe(text);
        expect(formattedText(html, 'HTML').text).toBe(text);
      }),
    );
  });

  it('never gives an entity outside of the text, whatever is sent', () => {
    const source = fc.string({ unit: fc.constantFrom(...'<b>/i*_`~|[](a)# @é😀\n'), maxLength: 60 });
    const entity = fc.record({
      type: fc.constant('bold'),
      offset: fc.integer({ min: -9, max: 70 }),
      length: fc.integer({ min: -9, max: 70 }),
    });
    fc.assert(
      fc.property(source, fc.array(entity, { maxLength: 5 }), (text, given) => {
        // Those that begin or end within an emoji are refused.
        const isWhole = (at: number) => text.slice(0, Math.max(0, at)).isWellFormed();
        fc.pre(given.every(({ offset, length }) => isWhole(offset) && isWhole(offset + length)));
        const parsed = formattedText(text, undefined, given);
        for (const { offset, length } of parsed.entities) {
          expect(offset).toBeGreaterThanOrEqual(0);
          expect(length).toBeGreaterThan(0);
          expect(offset + length).toBeLessThanOrEqual(parsed.text.length);
        }
      }),
    );
  });
});
