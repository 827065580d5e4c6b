import { countTokens } from '../models/tokens';
import { condense } from './condense';

/** Each pair is a question and its answer. */
const talk = (pairs: readonly (readonly [string, string])[], more: object = {}) =>
  pairs.flatMap(([question, answer], i) =>
    (
      [
        ['user', question],
        ['assistant', answer],
      ] as const
    ).map(([role, text], j) => ({
      ...{ id: `${i}-${j}`, role, text, tokens: countTokens(text), group: `${i}`, summarised: false, ...more },
    })),
  );

const LAST = [
  ['А карманы есть?', 'Да, два снаружи.'],
  ['Хорошо', 'Что-нибудь ещё?'],
] as const;
const ORDER = [
  [
    'Здравствуйте! Ищу куртку мужу, рост 179, грудь 100',
    'Здравствуйте! Рада помочь. Куртка «Ель» подойдёт: она тёплая, лёгкая и хорошо сидит.',
  ],
  ['Чёрную. Нужна до 20 декабря', 'Записала: чёрная, L, до 20 декабря. Хотите подарочную упаковку?'],
  [
    'Да, напишите «Капитану». Адрес: Томск, проспект Ленина, 80. Заказ 2026-0415',
    'Хорошо, добавила открытку. Посылка придёт в пункт выдачи за 5 дней.',
  ],
  ['Спасибо большое!', 'Пожалуйста! Обращайтесь.'],
] as const;

describe('earlier messages in short', () => {
  it('keep what was measured, promised, named and numbered, and lose courtesies', () => {
    const { text, ids } = condense(talk([...ORDER, ...LAST]))!;
    for (const fact of [
      '179',
      '100',
      'Чёрную',
      '20 декабря',
      '«Капитану»',
      'Томск, проспект Ленина, 80',
      '2026-0415',
      'L',
    ])
      expect(text).toContain(fact);
    expect(text).not.toMatch(/Здравствуйте|Спасибо|Обращайтесь|Хотите/);
    expect([...ids]).toHaveLength(8);
  });

  it('take less than they did', () => {
    const messages = talk([...ORDER, ...LAST]);
    const before = messages.slice(0, 8).reduce((sum, { tokens }) => sum + tokens, 0);
    expect(countTokens(condense(messages)!.text)).toBeLessThan(before * 0.8);
  });

  it('the last two exchanges stay as they are, and so does a talk of no more than that', () => {
    expect(condense(talk([...LAST]))).toBeUndefined();
    const { text } = condense(talk([...ORDER, ...LAST]))!;
    expect(text).not.toMatch(/карманы/);
  });

  it('an answer that only repeats the person is not told twice', () => {
    const { text } = condense(
      talk([
        [
          'Я живу в Томске на улице Гоголя, дом 55, квартира 12, это второй подъезд',
          'Записала: Томск, улица Гоголя, дом 55, квартира 12.',
        ],
        ['Цвет терракота, размер L, грудь 101 см и рост 180 см', 'Отметила.'],
        ...LAST,
      ]),
    )!;
    expect(text.match(/Гоголя/g)).toHaveLength(1);
  });

  it('of what a summary covers the facts alone are added', () => {
    const { text, ids } = condense(talk([...ORDER, ...LAST], { summarised: true }))!;
    expect(text).toMatch(/^Facts: /);
    for (const fact of ['2026-0415', '«Капитану»', '20 декабря']) expect(text).toContain(fact);
    expect(text).not.toMatch(/Person:/);
    expect([...ids]).toEqual([]);
  });

  it('messages with files stay: what stands in the file is not in the words around it', () => {
    const messages = talk([...ORDER, ...LAST]).map((message, i) =>
      i === 0 ? { ...message, attachment: { state: 'document' } } : message,
    );
    expect(condense(messages)!.ids.has('0-0')).toBe(false);
  });

  it('a hostile length ends soon', () => {
    const started = performance.now();
    const long = [
      'а.'.repeat(5000),
      '«'.repeat(5000),
      '1 '.repeat(5000),
      '@'.repeat(5000),
      'Ул '.repeat(3000),
    ] as const;
    const pairs = long.flatMap((text) => [[text, text] as const, ...LAST]);
    for (const summarised of [false, true]) condense(talk(pairs, { summarised }));
    expect(performance.now() - started).toBeLessThan(2000);
  });
});
