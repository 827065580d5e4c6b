import { toneOf } from './tone';

const tones = (texts: readonly string[]) => texts.map((text) => toneOf(text).tone);

describe('the tone of a message', () => {
  it.each([
    [
      'praise',
      'positive',
      ['Спасибо, всё отлично!', 'Great quality, thank you', '👍', 'Очень довольна, сидит идеально'],
    ],
    ['blame', 'negative', ['Ужасное качество', 'This is a scam', 'Опять прислали не то!', '😡']],
    [
      'a question',
      'neutral',
      ['Сколько стоит доставка?', 'Is it waterproof?', 'Добрый день', 'Where is my order?', '', '42'],
    ],
  ])('%s sounds %s', (_, tone, texts) => {
    expect(tones(texts)).toEqual(texts.map(() => tone));
  });

  it('a negation turns praise into blame, and takes the edge off blame', () => {
    expect(tones(['Мне не понравилось', 'I am not happy with it'])).toEqual(['negative', 'negative']);
    expect(tones(['Ничуть не жалею, не разочарован', 'No problems at all'])).toEqual(['positive', 'positive']);
  });

  it('a negation does not reach over a comma', () => {
    expect(toneOf('Не подошло, кошмар').tone).toBe('negative');
  });

  it('shouting makes blame worse', () => {
    expect(toneOf('THIS IS BAD!!').score).toBeLessThan(toneOf('this is bad').score);
    expect(toneOf('Почему так дорого??').score).toBeLessThan(toneOf('Почему так дорого').score);
  });

  it('what others write at any length ends soon and stays within its bounds', () => {
    const started = performance.now();
    for (const text of ['не '.repeat(50_000), '('.repeat(100_000), '😡'.repeat(50_000), 'waiting '.repeat(20_000)]) {
      const { score } = toneOf(text);
      expect(Math.abs(score)).toBeLessThanOrEqual(1);
    }
    expect(performance.now() - started).toBeLessThan(1000);
  });
});
