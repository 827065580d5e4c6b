// Soft hyphens, joiners, direction marks and the like: unheard, but they would make the same words another audio.
// U+200D stays, because it holds pictures together that engines know as one.
const UNHEARD = /(?![\n\u200D])[\p{Cc}\p{Cf}\p{Cs}]/gu;
const WORDS = /[\p{L}\p{N}]/u;

/** A text as it is spoken: texts that sound alike become the same text. Line ends stay, for they are heard as pauses. */
export function spokenText(text: string): string {
  return text
    .normalize('NFC')
    .replace(/\r\n?|\p{Zl}|\p{Zp}/gu, '\n')
    .replace(/\t/g, ' ')
    .replace(UNHEARD, '')
    .replace(/\p{Zs}+/gu, ' ')
    .replace(/ ?\n[ \n]*/g, '\n')
    .trim();
}

export const hasWords = (text: string): boolean => WORDS.test(text);
