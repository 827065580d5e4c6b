import { likeness } from './likeness';
import { conceptsOf, partsOf, type Vocabulary, wordsAsMeant } from './question';
import { Thesaurus } from './thesaurus';
import { GENERAL_THESAURUS } from './thesaurus.data';
import { stemOf } from './words';

const general = new Thesaurus(GENERAL_THESAURUS);
/** A base with these words. */
const withWords = (...words: string[]): Vocabulary => ({
  has: (stem) => words.map(stemOf).includes(stem),
  like: (asked) =>
    new Map(
      words
        .map((word) => [stemOf(word), likeness(asked, stemOf(word), true)] as const)
        .filter(([, how]) => how > 0 && how < 1),
    ),
});
const asked = (text: string, vocabulary = withWords(), ...more: Thesaurus[]) =>
  conceptsOf(wordsAsMeant(text, vocabulary, [...more, general]), vocabulary, [...more, general]);

describe('what a question asks about', () => {
  it('is nothing in greetings, politeness and question words', () => {
    expect(asked('Здравствуйте! Подскажите, пожалуйста, а что вы можете?')).toEqual([]);
    expect(asked('Hello, could you please tell me?')).toEqual([]);
  });

  it('is one thing when two words say the same', () => {
    const [hours, ...others] = asked('до скольки работаете');
    expect(others).toEqual([]);
    expect(hours!.terms.get('#hours')).toBeGreaterThan(0);
    expect(hours!.terms.get(stemOf('график'))).toBeGreaterThan(0);
  });

  it('is found in phrases whatever pronouns stand in them', () => {
    expect(asked('как к вам доехать')[0]!.terms.has('#place')).toBe(true);
    expect(asked('how do I get to you')[0]!.terms.has('#place')).toBe(true);
  });

  it('a word itself says more than another name of it', () => {
    const [price] = asked('price');
    expect(price!.terms.get('price')).toBe(1);
    expect(price!.terms.get('cost')).toBeLessThan(1);
  });

  it('a misspelt word of the thesaurus is understood', () => {
    expect(asked('adress')[0]!.terms.has('#place')).toBe(true);
  });

  it('a word of the base may be misspelt or stand in another form', () => {
    const [bicycle] = asked('вилосипедный', withWords('велосипед'));
    expect(bicycle).toBeDefined();
    expect(asked('велосипет', withWords('велосипед'))[0]!.terms.get(stemOf('велосипед'))).toBeGreaterThan(0.6);
  });

  it('an owner may call things what customers do', () => {
    const own = new Thesaurus('# ours\nвышка = подъёмник, cherry picker');
    expect(asked('cherry picker', withWords(), own)[0]!.terms.has(stemOf('вышка'))).toBe(true);
  });

  it('a piece that makes no sense is read as the others are', () => {
    const vocabulary = withWords('доставка', 'город');
    expect(wordsAsMeant('ljcnfdrf gj ujhjle Rfpfym', vocabulary, [general])).toEqual([
      'доставка',
      'по',
      'городу',
      'казань',
    ]);
  });

  it('words that only begin alike are akin, and short ones are not guessed at', () => {
    expect(likeness('доставля', 'доставк', false)).toBeGreaterThan(0);
    expect(likeness('посмотр', 'осмотр', true)).toBeGreaterThan(0);
    expect(likeness('город', 'огород', true)).toBe(0);
    expect(likeness('кот', 'код', true)).toBe(0);
  });

  it('two questions in one text are told apart, and one question is left alone', () => {
    expect(partsOf('When are you open and what is a tube?')).toEqual(['When are you open', 'what is a tube']);
    expect(partsOf('When are you open?')).toEqual([]);
  });
});
