import { shorten } from './cut-points';

describe('a text that is shortened', () => {
  it.each([
    ['fits', 'tea', 3, 'tea'],
    ['is too long', 'green tea', 6, 'green…'],
    ['would be cut within an emoji', 'abcd😀😀', 6, 'abcd…'],
    ['would be cut within a family', 'ab👨‍👩‍👧 c', 8, 'ab…'],
    ['would be cut before its accent', 'abcde\u0301f', 6, 'abcd…'],
  ])('because it %s', (_why, text, max, shown) => {
    expect(shorten(text, max, '…')).toBe(shown);
  });
});
