import fc from 'fast-check';
import { compose } from './compose';
import { type Conversation, readConversation } from './conversation';
import { goDuration } from './rate-meter';
import { countTokens, firstTokens, splitTokens } from './tokens';

const talk = (question: string, more: { system?: string; earlier?: string[] } = {}): string => {
  const conversation: Conversation = readConversation([
    ...(more.system ? [{ role: 'system' as const, content: more.system }] : []),
    ...(more.earlier ?? []).map((content) => ({ role: 'user' as const, content })),
    { role: 'user', content: question },
  ]);
  return compose(conversation);
};

const KNOWLEDGE = `You are the assistant of a shop. Answer in the language of the person. Never promise a discount.

<knowledge>
[1] Delivery
Delivery takes two working days and costs 5 euro.

[2] Возврат
Вернуть товар можно в течение 14 дней, если сохранилась упаковка.

## Opening hours

The shop is open from 9 to 18, except on Sunday.

## Prices

| Service        | Price |
| -------------- | ----- |
| Ремонт прокола | 14 €  |
| Wheel truing   | 18 €  |
</knowledge>

Opening hours: Monday 09:00-18:00.
At this moment it is closed, and opens on Monday, 2026-11-30 at 09:00.`;

describe('what the pretended model says', () => {
  it('it answers in the language of the last message and is marked in both', () => {
    expect(talk('Where is the sea?')).toMatch(/^\*Sandbox model\* — /);
    expect(talk('Где море?', { earlier: ['Where is the sea?'] })).toMatch(/^\*Модель-песочница\* — /);
    expect(talk('👍', { earlier: ['Где море?'] })).toMatch(/^\*Модель-песочница\* — /);
  });

  it.each([
    ['How long does the delivery take?', 'Delivery takes two working days', '14 дней'],
    ['Можно ли вернуть товар?', 'Вернуть товар можно в течение 14 дней', 'two working days'],
    ['When is the shop open on Sunday?', '## Opening hours\n> The shop is open', 'two working days'],
  ])('"%s" is answered from the passage that speaks of it', (question, quoted, other) => {
    const answer = talk(question, { system: KNOWLEDGE });
    expect(answer).toContain(quoted);
    expect(answer).not.toContain(other);
    expect(answer.length).toBeLessThan(500);
  });

  it.each([
    ['Сколько стоит починить прокол?', 'Ремонт прокола | 14 €'],
    ['how much is the truing of a wheel?', 'Wheel truing   | 18 €'],
    ['are you open now', '> At this moment it is closed, and opens on Monday'],
    ['Вы сейчас открыты?', '> At this moment it is closed, and opens on Monday'],
  ])('"%s" is answered by one word that nothing else has, or by the time', (question, quoted) => {
    expect(talk(question, { system: KNOWLEDGE })).toContain(quoted);
  });

  it.each(['Can I get a discount?', 'ты тупой бот!!!', 'Which language do you answer in?'])(
    '"%s" is not answered from instructions, nor from a word that means the bot itself',
    (question) => {
      expect(talk(question, { system: KNOWLEDGE })).toMatch(/I do not invent answers|выдумывать ответы я не стану/);
    },
  );

  it('a later paragraph of a passage is quoted with its number', () => {
    const system = `<knowledge>\n[1] Prices\nA check-up is free.\n\nA puncture costs 14 €.\n</knowledge>`;
    expect(talk('What does a puncture cost?', { system })).toContain('> [1] Prices\n> A puncture costs 14 €.');
  });

  it('a voice message that nobody heard is answered in the language of the person', () => {
    const system = `Answer in the language of the person's last message; when that is unclear, in Russian.`;
    expect(talk('[sandbox] a voice message of 3 seconds', { system })).toMatch(/^\*Модель-песочница\* — /);
  });

  it('of numbered passages that fit alike it takes the one that retrieval put first', () => {
    const system = `<knowledge>
[1] Hours › Workshop
The workshop works on Saturday from 10 to 16.

[2] Hours › Café
On Saturday from 9 on.

[3] Hours › The way to us
The gate is open while somebody is there.
</knowledge>

Remember that Saturday is a day of the week. Nobody works on Saturday night.`;
    expect(talk('When are you open on Saturday?', { system })).toContain('from 10 to 16');
    const russian = `<knowledge>
[1] Часы работы
Мастерская работает в субботу с 10:00 до 16:00.

[2] Как нас найти
Велосипед можно оставить во дворе: ворота открыты в часы работы.
</knowledge>`;
    expect(talk('Во сколько вы открываетесь в субботу?', { system: russian })).toContain('с 10:00 до 16:00');
  });

  it('without a fitting passage it does not pretend to know', () => {
    expect(talk('Who painted the Mona Lisa?', { system: KNOWLEDGE })).toContain('I do not invent answers');
  });

  it('it greets, and remembers what was said and who said it', () => {
    expect(talk('Привет!')).toContain('здравствуйте');
    expect(talk('What about tea?', { earlier: ['I like coffee'] })).toContain('Earlier you wrote: “I like coffee”.');
    expect(talk('What about tea?', { earlier: ['I like coffee', ''] })).toContain(
      'Earlier you wrote: “I like coffee”.',
    );
    const recalled = talk('Как меня зовут?', { earlier: ['Меня зовут Анна', 'Люблю чай'] });
    expect(recalled).toContain('- Люблю чай');
    expect(recalled).toContain('Вас зовут Анна');
  });

  it('a list has as many points as were asked for', () => {
    expect(talk('Give me 7 ideas for dinner').match(/^\d+\. /gm)).toHaveLength(7);
    expect(talk('Перечисли 3 причины').match(/^\d+\. /gm)).toHaveLength(3);
  });

  it('code comes in a block of the language that was named', () => {
    expect(talk('Напиши функцию на питоне')).toMatch(/```python\n[^`]+\n```/);
    expect(talk('Write some code')).toMatch(/```typescript\n[^`]+\n```/);
    expect(talk('Show my promo code')).not.toContain('```');
  });

  it.each(['A long text about the sea, please', 'Расскажи подробно о море'])(
    '"%s" gives every kind of Markdown',
    (question) => {
      const answer = talk(question);
      expect(answer.length).toBeGreaterThan(5000);
      for (const kind of [/^## /m, /^1\. /m, /^- /m, /^\| .* \|$/m, /^```\w+$/m, /\*\*\S+\*\*/])
        expect(answer).toMatch(kind);
    },
  );

  it('a text is as long as was asked for', () => {
    const answer = talk('Напиши текст на 12 000 знаков');
    expect(answer.length).toBeGreaterThan(12_000);
    expect(answer.length).toBeLessThan(15_000);
  });
});

describe('tokens', () => {
  it('joined again they are the text, and the first of them its beginning', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.nat(20), (text, limit) => {
        const pieces = splitTokens(text);
        expect(pieces.join('')).toBe(text);
        const first = firstTokens(text, limit);
        expect(text.startsWith(first)).toBe(true);
        expect(countTokens(first)).toBeLessThanOrEqual(limit);
      }),
    );
  });
});

describe('durations', () => {
  it.each([
    [0, '0ms'],
    [119.2, '120ms'],
    [1000, '1s'],
    [8640, '8.64s'],
    [360_000, '6m0s'],
  ])('%d ms are %s in the notation of Go', (ms, text) => {
    expect(goDuration(ms)).toBe(text);
  });
});
