import fc from 'fast-check';
import { parseMarkdown } from '../../../rich-text/parse-markdown';
import { renderEntities } from './render-entities';
import { speakable } from '../../../rich-text/plain-text';
import { splitMessage } from './split-message';
import { previewOf } from './stream-preview';
import type { FormattedText, TelegramEntity } from './telegram-entity';
import { isVisible } from '../../../rich-text/text-cleaning';

const formatMarkdown = (markdown: string) => renderEntities(parseMarkdown(markdown));

const STYLES = ['bold', 'italic', 'strikethrough'];
const QUOTES = ['blockquote', 'expandable_blockquote'];
const LONE_SURROGATE = /\p{Surrogate}/u;

const squeezed = (text: string) => text.replace(/\s/g, '');

/** What the Bot API demands of a text with entities. */
function expectValid({ text, entities }: FormattedText): void {
  expect(text).toBe(text.trimEnd());
  expect(text).not.toMatch(LONE_SURROGATE);
  entities.forEach((entity, index) => {
    const covered = text.slice(entity.offset, entity.offset + entity.length);
    expect(covered).toHaveLength(entity.length);
    expect(covered).not.toMatch(LONE_SURROGATE);
    expect(covered).toMatch(
      ['pre', ...QUOTES].includes(entity.type) ? /^[^\S\n]*\S(?:[\s\S]*\S)?$/ : /^\S(?:[\s\S]*\S)?$/,
    );
    for (const later of entities.slice(index + 1)) {
      expect(later.offset).toBeGreaterThanOrEqual(entity.offset);
      if (later.offset < entity.offset + entity.length) expectNested(entity, later);
    }
  });
}

function expectNested(outer: TelegramEntity, inner: TelegramEntity): void {
  expect(inner.offset + inner.length).toBeLessThanOrEqual(outer.offset + outer.length);
  expect(inner.type).not.toBe(outer.type);
  expect(['pre', 'code']).not.toContain(outer.type);
  if (QUOTES.includes(outer.type)) expect(QUOTES).not.toContain(inner.type);
  else if (outer.type === 'text_link') expect(STYLES).toContain(inner.type);
  else expect([...STYLES, 'text_link']).toContain(inner.type);
}

const markup = fc.constantFrom(
  ...[
    '**',
    '*',
    '_',
    '~~',
    '`',
    '```',
    '```ts\n',
    '~~~\n',
    '[',
    '](https://x.io)',
    '](',
    '![',
    '> ',
    '>',
    '\n',
    '\n\n',
    '- ',
    '1. ',
    '- [x] ',
    '    ',
    '# ',
    '|',
    '|a|b|\n|-|-|\n',
    '---\n',
  ],
  ...[
    '<b>',
    '&amp;',
    '&#0;',
    '\\',
    '\\(',
    '\\)',
    '$$\n',
    '😀',
    '👨‍👩‍👧',
    'слово',
    'word',
    ' ',
    '.',
    '\u200b',
    '\u202e',
    '\u0301',
    '\ud800',
    '\0',
    '\t',
    '\r\n',
    'https://x.io/a_b',
    '[a]: https://x.io\n',
  ],
);
const sloppyMarkdown = fc.oneof(
  fc.array(markup, { maxLength: 60 }).map((pieces) => pieces.join('')),
  fc.string({ unit: 'binary', maxLength: 300 }),
  fc.string({ unit: 'grapheme', maxLength: 300 }),
);

const word = fc.constantFrom('привет', 'мир', 'hello', 'world', 'ответ', 'ok', '東京', '😀', 'длинноеслово'.repeat(3));
const phrase = fc.array(word, { minLength: 1, maxLength: 12 }).map((words) => words.join(' '));
const codeBlock = fc.array(phrase, { minLength: 1, maxLength: 8 }).map((lines) => lines.join('\n  '));
/** Well-formed Markdown together with the words a reader must find in it, in order. */
const document = fc
  .array(
    fc.oneof(
      phrase.map((text) => ({ markdown: text, words: text })),
      phrase.map((text) => ({ markdown: `# ${text}`, words: text })),
      phrase.map((text) => ({ markdown: `**${text}** *${text}*`, words: text + text })),
      phrase.map((text) => ({ markdown: `[${text}](https://example.com) \`${text}\``, words: text + text })),
      phrase.map((text) => ({ markdown: `- ${text}\n  - ${text}`, words: text + text })),
      phrase.map((text) => ({ markdown: `> ${text}`, words: text })),
      phrase.map((text) => ({ markdown: `|${text}|\n|---|\n|${text}|`, words: text })),
      codeBlock.map((text) => ({ markdown: `\`\`\`js\n${text}\n\`\`\``, words: text })),
    ),
    { minLength: 1, maxLength: 12 },
  )
  .map((blocks) => ({
    markdown: blocks.map((block) => block.markdown).join('\n\n'),
    words: blocks
      .map((block) => block.words)
      .join('')
      .match(/[\p{L}\p{Emoji_Presentation}]/gu)!,
  }));

describe('formatting, whatever the model writes', () => {
  it('entities are always valid', () => {
    fc.assert(
      fc.property(sloppyMarkdown, (markdown) => expectValid(formatMarkdown(markdown))),
      { numRuns: 500 },
    );
  });

  it('every word of the answer is shown, in order', () => {
    fc.assert(
      fc.property(document, fc.integer({ min: 20, max: 400 }), ({ markdown, words }, limit) => {
        const shown = splitMessage(formatMarkdown(markdown), limit).map(({ text }) => text);
        let from = 0;
        const all = shown.join('');
        for (const letter of words) {
          from = all.indexOf(letter, from) + 1;
          expect(from).toBeGreaterThan(0);
        }
      }),
    );
  });

  it('text without marks is shown unchanged', () => {
    fc.assert(
      fc.property(fc.array(phrase, { minLength: 1, maxLength: 5 }), (paragraphs) => {
        const text = paragraphs.join('\n\n');
        expect(formatMarkdown(text)).toEqual({ text, entities: [] });
      }),
    );
  });

  it('splitting loses nothing but white space, and every part can be sent', () => {
    fc.assert(
      fc.property(sloppyMarkdown, fc.integer({ min: 2, max: 200 }), (markdown, limit) => {
        const formatted = formatMarkdown(markdown);
        const parts = splitMessage(formatted, limit);
        for (const part of parts) {
          expectValid(part);
          expect(isVisible(part.text)).toBe(true);
          expect(part.text.length).toBeLessThanOrEqual(limit);
          expect(part.entities.length).toBeLessThanOrEqual(100);
        }
        const visible = (text: string) => [...text].filter(isVisible).join('');
        expect(visible(parts.map(({ text }) => text).join(''))).toBe(visible(formatted.text));
      }),
      { numRuns: 500 },
    );
  });

  it('a part that fits is not split again', () => {
    fc.assert(
      fc.property(sloppyMarkdown, fc.integer({ min: 20, max: 200 }), (markdown, limit) => {
        for (const part of splitMessage(formatMarkdown(markdown), limit))
          expect(splitMessage(part, limit)).toEqual([part]);
      }),
    );
  });

  it('a code block shorter than the limit is never cut', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(phrase, codeBlock), { minLength: 1, maxLength: 6 }),
        fc.integer({ min: 60, max: 900 }),
        (blocks, limit) => {
          const markdown = blocks.map(([text, code]) => `${text}\n\n\`\`\`js\n${code}\n\`\`\``).join('\n\n');
          const blocksShown = splitMessage(formatMarkdown(markdown), limit).flatMap(({ text, entities }) =>
            entities
              .filter(({ type }) => type === 'pre')
              .map(({ offset, length }) => text.slice(offset, offset + length)),
          );
          for (const [, code] of blocks.filter(([, code]) => code.length <= limit)) expect(blocksShown).toContain(code);
          expect(squeezed(blocksShown.join(''))).toBe(squeezed(blocks.map(([, code]) => code).join('')));
        },
      ),
    );
  });

  it('only the last part may be small, unless something that must not be cut follows', () => {
    fc.assert(
      fc.property(
        fc.array(phrase, { minLength: 1, maxLength: 40 }),
        fc.integer({ min: 100, max: 400 }),
        (paragraphs, limit) => {
          const parts = splitMessage(formatMarkdown(paragraphs.join('\n\n')), limit);
          for (const { text } of parts.slice(0, -1))
            expect(text.length).toBeGreaterThanOrEqual(Math.floor((limit * 7) / 16) - 1);
        },
      ),
    );
  });

  it('a preview of any beginning is valid and within the limit', () => {
    fc.assert(
      fc.property(sloppyMarkdown, fc.integer({ min: 20, max: 200 }), (markdown, limit) => {
        const preview = previewOf(markdown, limit);
        expectValid(preview);
        expect(preview.text.length).toBeLessThanOrEqual(limit);
        expect(preview.entities.length).toBeLessThanOrEqual(100);
      }),
      { numRuns: 500 },
    );
  });

  it('speech is words in whole characters', () => {
    fc.assert(fc.property(sloppyMarkdown, (markdown) => expect(speakable(markdown)).not.toMatch(LONE_SURROGATE)));
  });
});
