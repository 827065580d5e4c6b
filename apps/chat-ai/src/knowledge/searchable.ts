/**
 * Text as it is indexed and asked for. Lower case is made here, because a database with the locale `C` lowers Latin
 * letters only; and ё is written as е, as most people do.
 */
export const searchable = (text: string) => text.toLowerCase().replaceAll('ё', 'е');

const BETWEEN_QUESTIONS = /[?!.;,\n]+|\s(?:и|а|или|and|or)\s/;
/** People ask two or three things at once, seldom more; a pasted page is no list of questions. */
const MOST_QUESTIONS = 4;

/**
 * The parts of a text that ask for one thing each, the whole text first: "when are you open and what is a tube" finds
 * neither the hours nor the price as one heap of words.
 */
export function questionsIn(text: string): string[] {
  const parts = text.split(BETWEEN_QUESTIONS).map((part) => part.trim());
  const several = parts.filter((part) => part.includes(' '));
  return several.length > 1 && several.length <= MOST_QUESTIONS ? [text, ...several] : [text];
}
