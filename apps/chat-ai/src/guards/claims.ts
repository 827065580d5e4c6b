/**
 * What a shop is held to: sums, discounts, what is free, what is in stock. An assistant may say such a thing only where a source
 * of this turn says it, because a model makes up a price as easily as a greeting.
 */
export type Claim =
  | { readonly kind: 'amount' | 'discount'; readonly value: number }
  /** A sum in words, as it is written. */
  | { readonly kind: 'words'; readonly value: string }
  | { readonly kind: 'free' }
  | { readonly kind: 'in stock' | 'out of stock' };

/** What statements may rest on. */
export interface Source {
  readonly text: string;
  /** `result` of a tool: its numbers count without the name of a currency. */
  readonly kind: 'passage' | 'result';
}

const SPACES = /[\u00a0\u2007\u2009\u202f]/g;
const NUMBER = String.raw`\d{1,3}(?:[ ',.]\d{3})+(?:[.,]\d{1,2})?|\d+(?:[.,]\d{1,2})?`;
const SCALE = String.raw`(?:\s?(?:тыс\.?|тысяч[аи]?|млн\.?|к(?![\p{L}])|k\b|thousand))?`;
const BEFORE = String.raw`(?:[$€£₽¥₸₴]|\b(?:usd|eur|gbp|rub|rur|kzt)\b|(?<!\p{L})руб\.?)`;
const AFTER = String.raw`(?:[$€£₽¥₸₴]|(?<!\p{L})(?:руб|р(?!\p{L})|доллар|евро(?!\p{L})|тенге|гривен|коп|цент)|\b(?:usd|eur|gbp|rub|rur|kzt|dollars?|bucks?|euros?|pounds?|quid|cents?|roubles?|rubles?)\b)`;
const AMOUNT = new RegExp(`${BEFORE}\\s?(${NUMBER})(${SCALE})|(${NUMBER})(${SCALE})\\s?${AFTER}`, 'giu');
/** `costs 4900`, `цена: 4900`. */
const PRICED = new RegExp(
  String.raw`(?:(?<!\p{L})(?:цен[аыуе]|сто(?:ит|имость)|обойд[её]тся|итого|всего за)|\b(?:price|costs?|total)\b)[^.!?\d\n]{0,24}?(${NUMBER})(?!\s?(?:%|дн|day|час|hour|недел|week|см|cm|мм|mm|кг|kg|гр?(?!\p{L})|шт|pcs|мин|min))(${SCALE})`,
  'giu',
);
const PERCENT = /(\d+(?:[.,]\d+)?)\s?(?:%|процент|percent)/giu;
const CHEAPER = /скид|дешевл|выгод|акци[яию]|кэшб|discount|\boff\b|\bsale\b|cheaper|\bsave\b|cashback/iu;
const IN_WORDS =
  /(?<!\p{L})((?:(?:од[ин]\p{L}*|дв[ае]\p{L}*|тр[иеё]\p{L}*|четыр\p{L}*|пят\p{L}*|шест\p{L}*|сем\p{L}*|восем\p{L}*|девят\p{L}*|десят\p{L}*|сорок\p{L}*|ст[оа]|сот\p{L}*|тысяч\p{L}*|полтор\p{L}*|миллион\p{L}*)\s+){1,6})(?:руб|доллар|евро)|\b((?:(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|\w+teen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|hundred|thousand|million|and)[\s-]+){1,8})(?:dollars?|euros?|pounds?|bucks|roubles?|rubles?)\b/giu;
const FREE =
  /бесплатн|даром(?!\p{L})|за наш сч[её]т|\bfree of charge\b|\bfor free\b|\b(?:is|are|ships?|delivery is) free\b|\bfree (?:shipping|delivery|returns?|of charge)\b|\bat no (?:extra )?c(?:ost|harge)\b/iu;
const OUT_OF_STOCK =
  /(?:нет|не осталось|отсутству\p{L}+)\s+(?:\p{L}+\s+){0,3}?(?:в наличии|на складе)|в наличии\s+нет|(?<!\p{L})(?:закончил|распродан|раскупил|отсутству)\p{L}*|\b(?:out of stock|sold out|not (?:currently )?(?:in stock|available)|unavailable|no longer available|none left)\b/iu;
const IN_STOCK =
  /(?:есть|имеется|остал[ои]сь|остал(?:ся|ась)|будет)\s+(?:\p{L}+\s+){0,3}?(?:в наличии|на складе)|(?<!нет\s)в наличии(?!\s+нет)|на складе\s+(?:есть|остал)|остал(?:ось|ся|ась|ись)\s+(?:всего\s+)?\d+|последн(?:ий|яя|ие|ее)\s+(?:экземпляр|пара|размер|штук)|\b(?:in stock|(?:is|are) available|available (?:now|in)|only \d+ left|\d+ (?:left|remaining)|last (?:one|pair)s? left)\b/iu;
/** Who asks, or says what would be, claims nothing about the stock. */
const SUPPOSES =
  /(?<!\p{L})(?:если|проверю|уточню|узнаю|ли(?!\p{L}))|\b(?:if|whether|let me check|i will check|when it is)\b/iu;

/** What a sentence claims. */
export function claimsIn(sentence: string): Claim[] {
  const text = sentence.replaceAll(SPACES, ' ');
  const claims: Claim[] = [...amountsIn(text), ...pricesIn(text)].map((value) => ({ kind: 'amount', value }));
  for (const [, russian, english] of text.matchAll(IN_WORDS))
    claims.push({ kind: 'words', value: plain(russian ?? english ?? '') });
  if (CHEAPER.test(text)) for (const value of percentsIn(text)) claims.push({ kind: 'discount', value });
  if (FREE.test(text)) claims.push({ kind: 'free' });
  const isAsked = /\?\s*$/.test(text.trim());
  if (!isAsked && !SUPPOSES.test(text)) {
    if (OUT_OF_STOCK.test(text)) claims.push({ kind: 'out of stock' });
    else if (IN_STOCK.test(text)) claims.push({ kind: 'in stock' });
  }
  return claims;
}

/** Whether one of the sources says it. */
export function isFounded(claim: Claim, sources: readonly Source[]): boolean {
  return sources.some(({ text, kind }) => {
    const said = text.replaceAll(SPACES, ' ');
    if (claim.kind === 'amount') return valuesIn(said, kind).has(claim.value);
    if (claim.kind === 'discount') return percentsIn(said).includes(claim.value);
    if (claim.kind === 'words') return plain(said).includes(claim.value);
    if (claim.kind === 'free') return FREE.test(said) || (kind === 'result' && /":\s?0[,}\s]/.test(said));
    return saysOfStock(said, kind, claim.kind);
  });
}

function saysOfStock(said: string, kind: Source['kind'], claim: 'in stock' | 'out of stock'): boolean {
  if (kind === 'result') {
    const states = [...said.matchAll(/"(?:available|availability|in_?stock|stock)":\s*"?([\w-]+)"?/gi)].map(
      ([, state]) => (/^(?:no|none|false|0|out|sold)/i.test(state!) ? 'out of stock' : 'in stock'),
    );
    if (states.length > 0) return states.includes(claim);
  }
  return said
    .split(/(?<=[.!?])\s|\n/)
    .some(
      (sentence) =>
        (OUT_OF_STOCK.test(sentence) ? 'out of stock' : IN_STOCK.test(sentence) ? 'in stock' : '') === claim,
    );
}

/** Sums of a source. What a tool answers are fields: their names say that it is money. */
function valuesIn(text: string, kind: Source['kind']): Set<number> {
  const values = new Set([...amountsIn(text), ...pricesIn(text)]);
  if (kind === 'passage') {
    // A table has its currency in the head alone.
    for (const [, number] of text.matchAll(new RegExp(`(?<![\\d.,])(${NUMBER})(?=\\s*(?:\\||$|\\n))`, 'gm')))
      values.add(numberOf(number!));
    return values;
  }
  for (const [, field, number] of text.matchAll(/"(\w+)":\s*"?(-?\d+(?:\.\d+)?)/g)) {
    values.add(Number(number));
    if (/minor$/i.test(field!)) values.add(Number(number) / 100);
  }
  for (const [number] of text.matchAll(new RegExp(NUMBER, 'g'))) values.add(numberOf(number));
  return values;
}

const amountsIn = (text: string): number[] =>
  [...text.matchAll(AMOUNT)].map(([, before, scaleBefore, after, scaleAfter]) =>
    scaled(numberOf(before ?? after!), scaleBefore ?? scaleAfter ?? ''),
  );

const pricesIn = (text: string): number[] =>
  [...text.matchAll(PRICED)].map(([, number, scale]) => scaled(numberOf(number!), scale ?? ''));

const percentsIn = (text: string): number[] =>
  [...text.matchAll(PERCENT)].map(([, number]) => Number(number!.replace(',', '.')));

/** `4 900`, `4,900.50` and `4.900,50` are read by what follows the last sign: three digits are thousands. */
function numberOf(written: string): number {
  const [, whole, fraction] = /^(.*?)(?:[.,](\d{1,2}))?$/.exec(written)!;
  return Number(`${whole!.replaceAll(/\D/g, '')}.${fraction ?? '0'}`);
}

function scaled(value: number, scale: string): number {
  if (/млн|million/i.test(scale)) return value * 1_000_000;
  return scale.trim() === '' ? value : value * 1000;
}

const plain = (text: string) =>
  text
    .toLowerCase()
    .replaceAll(/[\s-]+/g, ' ')
    .trim();
