import fc from 'fast-check';
import { languageOf, languageRuns } from './text-language';

describe('the language of a text', () => {
  it.each([
    ['Привет, как дела?', 'ru'],
    ['Hello, how are you?', 'en'],
    ['Купите Premium на switchboard сегодня', 'ru'],
    ['Your order "Чай" is ready', 'en'],
    ['Їжак і ґанок', 'ru'],
  ] as const)('%s is %s whatever the fallback', (text, locale) => {
    expect(languageOf(text, 'ru')).toBe(locale);
    expect(languageOf(text, 'en')).toBe(locale);
  });

  it.each([
    ['Guten Morgen', 'de', 'de'],
    ['Guten Morgen', 'ru', 'en'],
    ['Добрий ранок', 'uk', 'uk'],
    ['Добрий ранок', 'pt-BR', 'ru'],
    ['בוקר טוב ל-Anna', 'he', 'he'],
    ['Hello Anna', 'he', 'en'],
    ['早上好', 'zh-Hant-TW', 'zh-Hant-TW'],
  ])('%s, wanted in %s, is %s', (text, wanted, locale) => {
    expect(languageOf(text, wanted)).toBe(locale);
  });

  it('a text without letters is left to the fallback', () => {
    expect(languageOf('12:30 — 100 %', 'ru')).toBe('ru');
    expect(languageOf('', 'en')).toBe('en');
  });
});

describe('a text of two languages', () => {
  it('three English words in a row get the English voice', () => {
    expect(languageRuns('Он сказал: never give up, и ушёл домой спать.', 'ru')).toEqual([
      { locale: 'ru', text: 'Он сказал:' },
      { locale: 'en', text: ' never give up,' },
      { locale: 'ru', text: ' и ушёл домой спать.' },
    ]);
  });

  it('a name of one or two English words stays with the Russian voice', () => {
    const text = 'Установите приложение Happ Proxy на телефон.';
    expect(languageRuns(text, 'ru')).toEqual([{ locale: 'ru', text }]);
  });

  it('a number between English words does not end them', () => {
    expect(languageRuns('Фраза дня: I have 2 cats. Повторите её вслух.', 'ru')[1]).toEqual({
      locale: 'en',
      text: ' I have 2 cats.',
    });
  });

  it('every Cyrillic word in an English text gets the Russian voice', () => {
    expect(languageRuns('In Russian one says Привет to a friend.', 'en')).toEqual([
      { locale: 'en', text: 'In Russian one says' },
      { locale: 'ru', text: ' Привет' },
      { locale: 'en', text: ' to a friend.' },
    ]);
  });

  it('two English words alone are English even in a Russian chat', () => {
    expect(languageRuns('Hello world', 'ru')).toEqual([{ locale: 'en', text: 'Hello world' }]);
  });

  it('in a German text its Latin words stay with the German voice, and in a Hebrew one a sentence of English does not', () => {
    expect(languageRuns('Das Wort Привет ist russisch.', 'de').map(({ locale }) => locale)).toEqual(['de', 'ru', 'de']);
    expect(languageRuns('אמר לי never give up והלך', 'he').map(({ locale }) => locale)).toEqual(['he', 'en', 'he']);
  });

  it('the runs put together are the text, and neighbours differ in language', () => {
    const words = fc.array(fc.constantFrom('слово', 'word', '42', '—', 'wоrd', ' ', '\n', 'да.', 'Ok,', 'שלום'), {
      maxLength: 40,
    });
    fc.assert(
      fc.property(words, fc.constantFrom('ru', 'en', 'de', 'uk', 'he'), (parts, fallback) => {
        const text = parts.join(' ');
        const runs = languageRuns(text, fallback);
        expect(runs.map((run) => run.text).join('')).toBe(text);
        for (let at = 1; at < runs.length; at += 1) expect(runs[at]!.locale).not.toBe(runs[at - 1]!.locale);
      }),
    );
  });
});
