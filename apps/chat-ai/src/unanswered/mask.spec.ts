import { masked, tellingStems } from './mask';

describe('a question that everybody may read', () => {
  const known = new Set(['москв']);

  it.each([
    ['What does delivery cost?', 'What does delivery cost?'],
    ['Hello, I am Anna Petrova, when do you open?', 'Hello, I am ••• •••, when do you open?'],
    ['Anna Petrova wants to know', '••• ••• wants to know'],
    ['Anna wants to know. Is it open?', 'Anna wants to know. Is it open?'],
    ['Меня зовут Иван. Есть доставка в Казань?', 'Меня зовут •••. Есть доставка в •••?'],
    ['Есть ли доставка в Москву?', 'Есть ли доставка в Москву?'],
    ['Write to anna.petrova+shop@example.com please', 'Write to ••• please'],
    ['I am @anna_p, call +7 (912) 345-67-89', 'I am •••, call •••'],
    ['My card is 4276 1234 5678 9012', 'My card is •••'],
    ['Two tickets for 3 people at 7:30, at most 500?', 'Two tickets for 3 people at 7:30, at most 500?'],
    ['see https://example.com/u/anna?t=1', 'see •••'],
    ['order 123456 is late', 'order ••• is late'],
    ['«Мария» и Ольга', '«Мария» и •••'],
    ['', ''],
  ])('%s → %s', (text, shown) => {
    expect(masked(text, known)).toBe(shown);
  });

  it('is about the words that tell something, in their stems', () => {
    expect(tellingStems('Здравствуйте! Сколько стоит доставка, доставки?')).toEqual(['сто', 'доставк']);
    expect(tellingStems('Hello')).toEqual([]);
    expect(tellingStems('?!')).toEqual([]);
  });
});
