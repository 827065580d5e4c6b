import fc from 'fast-check';
import { isJumbo, parseEntities, plainText, type RichNode } from './entities';

const outline = (nodes: RichNode[]): unknown[] =>
  nodes.map((node) => (typeof node === 'string' ? node : [node.entity.type, ...outline(node.children)]));

describe('text entities', () => {
  it('a text without entities is one piece', () => {
    expect(parseEntities('hello')).toEqual(['hello']);
  });

  it('nested entities nest', () => {
    const tree = parseEntities('bold and italic', [
      { type: 'italic', offset: 9, length: 6 },
      { type: 'bold', offset: 0, length: 15 },
    ]);
    expect(outline(tree)).toEqual([['bold', 'bold and ', ['italic', 'italic']]]);
  });

  it('of two entities over the same text both stay', () => {
    const tree = parseEntities('x!', [
      { type: 'bold', offset: 0, length: 1 },
      { type: 'underline', offset: 0, length: 1 },
    ]);
    expect(outline(tree)).toEqual([['bold', ['underline', 'x']], '!']);
  });

  it('an entity that reaches out of another goes on after it', () => {
    const tree = parseEntities('abcdef', [
      { type: 'bold', offset: 0, length: 4 },
      { type: 'italic', offset: 2, length: 4 },
    ]);
    expect(outline(tree)).toEqual([
      ['bold', 'ab', ['italic', 'cd']],
      ['italic', 'ef'],
    ]);
  });

  it('offsets count UTF-16 units, so an emoji counts twice', () => {
    expect(outline(parseEntities('👍 ok', [{ type: 'bold', offset: 3, length: 2 }]))).toEqual(['👍 ', ['bold', 'ok']]);
  });

  it('no entity, however wrong, loses or repeats a character', () => {
    const entity = fc.record({
      type: fc.constantFrom('bold', 'pre', 'url'),
      offset: fc.integer({ min: -3, max: 40 }),
      length: fc.integer({ min: -3, max: 40 }),
    });
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary', maxLength: 30 }),
        fc.array(entity, { maxLength: 8 }),
        (text, entities) => {
          expect(plainText(parseEntities(text, entities))).toBe(text);
        },
      ),
    );
  });

  it('a few emoji alone are shown large, a text is not', () => {
    expect(['👍', '👩‍🚀🎉', '❤️'].map(isJumbo)).toEqual([true, true, true]);
    expect(['', '👍👍👍👍', '👍 ok', '42'].map(isJumbo)).toEqual([false, false, false, false]);
  });
});
