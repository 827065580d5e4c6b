import { holdsForAll, plainQuestion } from './cacheable';

const hashOf = (text: string) => plainQuestion(text)?.hash;

describe('questions that many ask', () => {
  it.each([
    [
      'Сколько стоит доставка курьером?',
      'Здравствуйте! Подскажите, сколько стоит доставка курьером',
      'доставка курьером сколько стоит?',
    ],
    [
      'How long does delivery to Moscow take?',
      'Hi, could you tell me how long does delivery to Moscow take',
      'how long does delivery to Moscow take please',
    ],
    ['Можно ли вернуть ботинки?', 'можно ли вернуть ботинки, пожалуйста', 'Добрый день! Можно ли вернуть ботинки?'],
  ])('are one, however politely they are put: %s', (...questions) => {
    expect(new Set(questions.map(hashOf)).size).toBe(1);
    expect(hashOf(questions[0]!) !== undefined).toBe(true);
  });

  it.each([
    ['Is the Spruce jacket waterproof?', 'Is the Spruce jacket not waterproof?'],
    ['Можно ли стирать пальто?', 'Можно ли не стирать пальто?'],
    ['Сколько стоит доставка в Казань?', 'Сколько стоит доставка в Рязань?'],
    ['Есть ли куртка 42 размера?', 'Есть ли куртка 44 размера?'],
    ['Do you have the red backpack?', 'Do you have the blue backpack?'],
    ['When does the shop open?', 'When does the shop close?'],
    ['Is wool warmer than cotton?', 'Is cotton warmer than wool?'],
    ['Доставка из Москвы в Тверь есть?', 'Доставка из Твери в Москву есть?'],
    ['How much is the coat?', 'How warm is the coat?'],
    ['Сколько стоит возврат?', 'Когда возврат?'],
    ['Вы работаете с юрлицами?', 'Вы работаете без юрлиц?'],
  ])('are two when one word makes another question of it: %s / %s', (one, other) => {
    expect(hashOf(one) === hashOf(other)).toBe(false);
  });

  it.each([
    'А красная есть?',
    'and the red one?',
    'Is it waterproof?',
    'What about shoes?',
    'Она промокает под дождём?',
    'Где мой заказ 2026-0415?',
    'Where is my order?',
    'Вы сегодня открыты?',
    'Are you open now?',
    'Какой размер мне взять?',
    'Which size should I take?',
    'Это настоящая кожа?',
    'Второй вариант дороже?',
    'да',
    'Спасибо!',
    'Доставите на Лесную 5, +79001234567?',
    `Сколько стоит доставка? ${'очень '.repeat(80)}`,
  ])('are none when they lean on what was said, on who asks, or on the moment: %s', (text) => {
    expect(plainQuestion(text)).toBeUndefined();
  });
});

describe('an answer for everybody', () => {
  it.each([
    ['Доставка стоит 450 ₽ [1].', ['Курьером 450 ₽'], true],
    ['Доставка стоит 400 ₽ [1].', ['Курьером 450 ₽'], false],
    ['Вернуть можно за 30 дней [1].', ['30 дней на возврат'], true],
    ['Куртка есть в наличии [1].', ['Куртка есть в наличии'], false],
    ['We are open now [1].', ['Open 9 to 18'], false],
    ['Ваш заказ едет [1].', ['Заказы едут 3 дня'], false],
    ['Hello!', [], false],
  ])('%s', (answer, cited, holds) => {
    expect(holdsForAll(answer, cited)).toBe(holds);
  });
});
