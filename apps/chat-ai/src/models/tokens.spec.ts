import fc from 'fast-check';
import { countTokens as countExactly } from 'gpt-tokenizer/encoding/o200k_base';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { countTokens, cutToTokens } from './tokens';

const knowledge = (name: string) =>
  readFileSync(join(__dirname, '../../../../deploy/demo/knowledge/northwind', name), 'utf8');

describe('tokens', () => {
  it.each<[string, string]>([
    ['English', knowledge('faq.en.md')],
    ['Russian', knowledge('faq.ru.md')],
    ['a program', readFileSync(join(__dirname, 'tokens.ts'), 'utf8')],
    ['German', 'Wann öffnen Sie am Samstag? Ich möchte mein Fahrrad reparieren lassen und die Bremsen prüfen.'],
    ['Ukrainian', 'О котрій годині ви відчиняєтесь у суботу? Хочу полагодити велосипед.'],
    ['Kazakh', 'Сенбі күні сағат нешеде ашыласыздар? Велосипедімді жөндеткім келеді.'],
    ['Arabic', 'متى تفتحون يوم السبت؟ أريد إصلاح دراجتي وفحص المكابح.'],
    ['Hebrew', 'באיזו שעה אתם פותחים בשבת? אני רוצה לתקן את האופניים שלי.'],
    ['Thai', 'คุณเปิดกี่โมงในวันเสาร์ ฉันอยากซ่อมจักรยานของฉัน'],
    ['Georgian', 'რომელ საათზე იხსნებით შაბათს? მინდა ველოსიპედის შეკეთება.'],
    ['Hindi', 'आप शनिवार को कितने बजे खुलते हैं? मुझे अपनी साइकिल ठीक करवानी है।'],
    ['Chinese', '你们星期六几点开门?我想修自行车,还要检查刹车。'],
    ['Japanese', '土曜日は何時に開店しますか?自転車を修理したいです。'],
    ['Korean', '토요일에 몇 시에 문을 여나요? 자전거를 고치고 싶어요.'],
    ['numbers', 'Call +7 (912) 345-67-89, order 1234567890, price 1,234.56.'],
    ['emoji', '🚲 🔧 😀 👍🏽 🎉 ❤️'],
  ])('%s: the estimate is near, and rather too high than too low', (_, text) => {
    const ratio = countTokens(text) / countExactly(text);
    expect(ratio).toBeGreaterThan(0.85);
    expect(ratio).toBeLessThan(1.6);
  });

  const anyText = fc.string({ unit: 'grapheme', maxLength: 200 });

  it('a text and its parts take as many', () => {
    fc.assert(
      fc.property(anyText, anyText, (a, b) => {
        expect(countTokens(a + b)).toBeLessThanOrEqual(countTokens(a) + countTokens(b));
        expect(countTokens(a + b)).toBeGreaterThanOrEqual(countTokens(a) + countTokens(b) - 1);
      }),
    );
  });

  it('ten times seven fifths are fourteen', () => {
    expect(countTokens('😀'.repeat(10))).toBe(14);
    expect(cutToTokens('😀'.repeat(20), 14)).toBe('😀'.repeat(10));
  });

  it('a cut fits, and is the beginning of the text without half a character', () => {
    fc.assert(
      fc.property(anyText, fc.nat(60), (text, limit) => {
        const cut = cutToTokens(text, limit);
        expect(countTokens(cut)).toBeLessThanOrEqual(limit);
        expect(text.startsWith(cut)).toBe(true);
        expect(cut.isWellFormed()).toBe(text.slice(0, cut.length).isWellFormed());
        if (countTokens(text) <= limit) expect(cut).toBe(text);
      }),
    );
  });
});
