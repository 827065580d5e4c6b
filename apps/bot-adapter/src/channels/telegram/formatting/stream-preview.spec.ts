import { previewOf } from './stream-preview';

describe('preview of an unfinished answer', () => {
  it.each([
    ['nothing yet', '', '', []],
    ['a half-typed heading', '##', '', []],
    ['a half-typed list', 'Вот:\n-', 'Вот:', []],
    ['open bold', 'Это **важ', 'Это важ', ['bold']],
    ['bold just opened', 'Это **', 'Это', []],
    ['bold closed by half', 'Это **важно*', 'Это важно', ['bold']],
    ['italic inside bold', 'a **b *c', 'a b c', ['bold', 'italic']],
    ['open code', 'Вызови `foo(', 'Вызови foo(', ['code']],
    ['open strikethrough', '~~нет', 'нет', ['strikethrough']],
    ['a link without its address yet', 'См. [сайт](https://exa', 'См. сайт', []],
    ['an open fence', '```py\nprint(**x**', 'print(**x**', ['pre']],
    ['a fence closed by half', '```py\nx\n``', 'x', ['pre']],
    ['bold in the last list item', '- **a**\n- **b', '• a\n• b', ['bold', 'bold']],
    ['an underline that would make the text a heading', 'Текст\n-', 'Текст', []],
    ['finished marks stay as they are', '**a** `b` _c_', 'a b c', ['bold', 'code', 'italic']],
    ['multiplication', '2*3 и 4 * 5', '2*3 и 4 * 5', []],
    ['an answer of one digit', '4', '4', []],
  ])('%s', (_name, markdown, text, types) => {
    const preview = previewOf(markdown);
    expect(preview.text).toBe(text);
    expect(preview.entities.map(({ type }) => type)).toEqual(types);
  });

  it('does not show the number of a list item before the item itself', () => {
    expect(previewOf('1. first\n2').text).toBe(previewOf('1. first').text);
    expect(previewOf('1. first\n2. ').text).toBe(previewOf('1. first').text);
    expect(previewOf('42').text).toBe('42');
  });

  it('shows the end of a long answer', () => {
    const paragraphs = Array.from({ length: 2000 }, (_, index) => `Абзац **номер** ${index}`);
    const preview = previewOf(paragraphs.join('\n\n'));
    expect(preview.text.length).toBeLessThanOrEqual(4096);
    expect(preview.text.length).toBeGreaterThan(3000);
    expect(preview.text).toMatch(/^…\nАбзац номер \d+\n\n/);
    expect(preview.text).toMatch(/\n\nАбзац номер 1999$/);
    expect(
      preview.entities.every(({ offset, length }) => preview.text.slice(offset, offset + length) === 'номер'),
    ).toBe(true);
    expect(preview.entities).toHaveLength(100);
  });

  it('knows that the end of a long code block is code', () => {
    const preview = previewOf(`Вот:\n\`\`\`ts\n${'const a = b * c * d;\n'.repeat(5000)}`);
    expect(preview.entities).toEqual([{ type: 'pre', language: 'ts', offset: 2, length: preview.text.length - 2 }]);
  });

  it('the end of a text without any white space begins with a whole character', () => {
    const { text } = previewOf('👍🏽'.repeat(3000), 50);
    expect(text).toMatch(/^…\n(?:👍🏽)+$/u);
    expect(text.length).toBeLessThanOrEqual(50);
  });

  it('a long answer that ends in nothing visible shows that there is more', () => {
    expect(previewOf(`начало${'\n'.repeat(50_000)}`).text).toBe('…');
  });
});
