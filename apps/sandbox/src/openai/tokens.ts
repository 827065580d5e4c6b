import { countTokens as count, decode, encode } from 'gpt-tokenizer/encoding/o200k_base';

// A person may write `<|endoftext|>`; in a message that is text like any other.
const AS_TEXT = { disallowedSpecial: new Set<string>() };

export const countTokens = (text: string): number => count(text, AS_TEXT);

export const textOfTokens = (tokens: number[]): string => decode(tokens);

/** The text cut where a model's tokens end (about four characters each); joined again it is the same text. */
export const splitTokens = (text: string): string[] => [...piecesOf(text)].map(({ piece }) => piece);

/** The beginning of the text that fits into so many tokens. */
export function firstTokens(text: string, limit: number): string {
  let end = 0;
  let spent = 0;
  for (const { piece, tokens } of piecesOf(text)) {
    spent += tokens;
    if (spent > limit) break;
    end += piece.length;
  }
  return text.slice(0, end);
}

/**
 * The text token by token. A token may hold only some bytes of a character; then it is joined with those that follow.
 * The tokenizer's own generator is no use here: it damages characters that begin in the middle of a token.
 */
function* piecesOf(text: string): Generator<{ piece: string; tokens: number }> {
  const tokens = encode(text, AS_TEXT);
  let at = 0;
  let from = 0;
  for (let to = 1; to <= tokens.length; to += 1) {
    const piece = decode(tokens.slice(from, to));
    if (!text.startsWith(piece, at)) continue;
    yield { piece, tokens: to - from };
    at += piece.length;
    from = to;
  }
  // Half a surrogate pair has no UTF-8, so its tokens never decode to what was written.
  if (at < text.length) yield { piece: text.slice(at), tokens: tokens.length - from };
}
