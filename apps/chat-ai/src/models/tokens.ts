import { countTokens as count, decode, encode } from 'gpt-tokenizer/encoding/o200k_base';

// A person may write `<|endoftext|>`; in a message that is text like any other.
const AS_TEXT = { disallowedSpecial: new Set<string>() };

/** By the encoding of gpt-4o and later; other models differ by some percent, which the limits allow for. */
export const countTokens = (text: string): number => count(text, AS_TEXT);

/** The beginning of a text that fits into so many tokens. */
export function cutToTokens(text: string, limit: number): string {
  const tokens = encode(text, AS_TEXT);
  if (tokens.length <= limit) return text;
  // A cut may fall inside a character that takes several tokens; what is left of it is no text.
  return decode(tokens.slice(0, Math.max(0, limit))).replace(/\uFFFD+$/, '');
}
