import { speakable } from './plain-text';

describe('what a voice reads', () => {
  it.each([
    ['words without their marks', '**Привет**, _мир_ и `код`!', 'Привет, мир и код!'],
    [
      'headings and items as sentences',
      '# План\n\n1. Купить хлеб\n2. Спать!\n   - долго',
      'План.\nКупить хлеб.\nСпать!\nдолго.',
    ],
    ['links by their words', '[Документация](https://x.io/a?b=c) тут', 'Документация тут.'],
    ['bare addresses by their host', 'См. https://www.example.com/a/b?c=d', 'См. example.com.'],
    ['an image by its description', '![Кот](https://x.io/c.png)', 'Кот.'],
    ['tables row by row', '| Имя | Очки |\n|---|---|\n| Аня | 7 |\n| Олег | |', 'Имя: Аня, Очки: 7.\nИмя: Олег.'],
    ['a table that is only its header', '| Имя | Очки |\n|---|---|', 'Имя, Очки.'],
    ['no emoji', 'Готово ✅ 👨‍👩‍👧‍👦 🇷🇺! 👍🏽 1️⃣ ура', 'Готово! 1 ура.'],
    ['but signs and digits', '© 2024 #1 *', '© 2024 #1 *'],
    ['no code blocks', 'До:\n```js\nx()\n```\nпосле', 'До:\nпосле.'],
    ['code when there is nothing else', '```js\nx()\n```', 'x()'],
    ['decoded references', 'a &lt; b', 'a < b.'],
    ['quotes', '> Быть\n> или не быть?', 'Быть или не быть?'],
    ['nothing of nothing', '---\n\n🎉', ''],
  ])('%s', (_name, markdown, expected) => {
    expect(speakable(markdown)).toBe(expected);
  });
});
