import { fromTransliteration, inOtherLayout, languageOf, stemOf, wordsOf } from './words';

describe('words', () => {
  it('are in lower case, without accents, with е for ё; an hour or a price is one word', () => {
    expect(wordsOf('Ёлки, Café: 9:00–19:30, 4,90 €')).toEqual(['елки', 'cafe', '9:00', '19:30', '4,90']);
  });

  it('й stays a letter of its own', () => {
    expect(wordsOf('Мой чай')).toEqual(['мой', 'чай']);
  });

  it('with letters of both scripts are in the one that all of them look like', () => {
    expect(wordsOf('\u0063колько \u0441omputer')).toEqual(['сколько', 'computer']);
  });

  it.each([
    ['доставки', 'доставку'],
    ['deliveries', 'delivery'],
  ])('"%s" and "%s" have one stem', (one, other) => expect(stemOf(one)).toBe(stemOf(other)));

  it.each([
    ['ghbdtn', 'привет'],
    ['вудшмукн', 'delivery'],
    ['hf,jnftnt', 'работаете'],
  ])('%s on the other keyboard is %s', (typed, meant) => expect(inOtherLayout(typed)).toBe(meant));

  it.each([
    ['dostavka', 'доставка'],
    ['shchetka', 'щетка'],
    ['chasy raboty', 'часы работы'],
  ])('%s in Cyrillic is %s', (latin, cyrillic) => expect(fromTransliteration(latin)).toBe(cyrillic));

  it('the language goes by the letters', () => {
    expect(languageOf('Wi-Fi в зале есть?')).toBe('ru');
    expect(languageOf('12:00 pm')).toBe('en');
  });
});
