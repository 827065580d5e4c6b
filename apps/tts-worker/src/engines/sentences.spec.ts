import fc from 'fast-check';
import { piecesOf, sentences } from './sentences';

describe('sentences', () => {
  it('a Russian text is cut where its sentences end', () => {
    expect(sentences('Привет! Как дела?  Цена 2.5 руб. за штуку.\nПока…', 'ru')).toEqual([
      'Привет!',
      'Как дела?',
      'Цена 2.5 руб. за штуку.',
      'Пока…',
    ]);
  });

  it('an English text is cut where its sentences end', () => {
    expect(sentences('Hello there. It costs $3.50 today! Really?', 'en')).toEqual([
      'Hello there.',
      'It costs $3.50 today!',
      'Really?',
    ]);
  });

  it('white space alone has none', () => {
    expect(sentences(' \n\t ', 'en')).toEqual([]);
  });
});

describe('pieces of a long text', () => {
  it('hold whole sentences as long as those fit', () => {
    expect(piecesOf('One two. Three four. Five six seven.', 'en', 20)).toEqual([
      'One two. Three four.',
      'Five six seven.',
    ]);
  });

  it('cut a sentence that is too long between words', () => {
    expect(piecesOf('раз два три четыре пять', 'ru', 12)).toEqual(['раз два три', 'четыре пять']);
  });

  it('cut a word that is too long, but never inside a character', () => {
    expect(piecesOf('😀😀😀', 'en', 3)).toEqual(['😀', '😀', '😀']);
  });

  it('never exceed the limit and lose nothing but white space', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 300, unit: 'grapheme' }), fc.integer({ min: 2, max: 60 }), (text, limit) => {
        const pieces = piecesOf(text, 'en', limit);
        expect(pieces.every((piece) => piece.length <= limit && piece.length > 0)).toBe(true);
        expect(pieces.join('').replace(/\s/gu, '')).toBe(text.replace(/\s/gu, ''));
      }),
    );
  });
});
