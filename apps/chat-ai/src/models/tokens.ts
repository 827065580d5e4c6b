/**
 * Hundredths of a token that a character takes on average, by measurement with OpenAI's o200k_base, rounded up a little. A tokenizer would
 * be exact for the models of one vendor, and for their next ones unknown; its tables take 70 MB, and what is counted here
 * are limits of our own and costs that a server did not tell. Whole numbers, because sums of fractions depend on their order.
 */
const PER_CHARACTER = {
  lowerCase: 25,
  upperCase: 45,
  digit: 50,
  space: 6,
  sign: 70,
  /** Cyrillic, Greek, Arabic, Hebrew, … and accented Latin letters. */
  otherAlphabet: 36,
  /** Thai, Georgian, Hindi, … */
  manySigns: 50,
  chinese: 85,
  korean: 75,
  /** Half of a character outside of the basic plane, such as an emoji. */
  surrogate: 70,
};

/** About how many tokens a model makes of a text; the parts of a text take as many as the whole. */
export const countTokens = (text: string): number => Math.ceil(weigh(text).hundredths / 100);

/** The same, not rounded: for texts that come piece by piece. */
export const weighTokens = (text: string): number => weigh(text).hundredths / 100;

/** The beginning of a text that fits into so many tokens. */
export const cutToTokens = (text: string, limit: number): string => text.slice(0, weigh(text, limit).end);

/** Goes on until the limit; `end` is the index after the last character that fits. */
function weigh(text: string, limit = Infinity): { hundredths: number; end: number } {
  let hundredths = 0;
  let end = 0;
  for (const character of text) {
    const weight = character.length === 2 ? 2 * PER_CHARACTER.surrogate : weightOf(character.charCodeAt(0));
    if (hundredths + weight > 100 * limit) break;
    hundredths += weight;
    end += character.length;
  }
  return { hundredths, end };
}

function weightOf(code: number): number {
  if (code >= 0x61 && code <= 0x7a) return PER_CHARACTER.lowerCase;
  if (code <= 0x20) return PER_CHARACTER.space;
  if (code >= 0x41 && code <= 0x5a) return PER_CHARACTER.upperCase;
  if (code >= 0x30 && code <= 0x39) return PER_CHARACTER.digit;
  if (code < 0x80) return PER_CHARACTER.sign;
  if (code < 0x800) return PER_CHARACTER.otherAlphabet;
  if (code >= 0xac00 && code <= 0xd7af) return PER_CHARACTER.korean;
  if (code >= 0x2e80 && code <= 0x9fff) return PER_CHARACTER.chinese;
  return PER_CHARACTER.manySigns;
}
