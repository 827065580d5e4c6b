import { stems } from './words';

/** Longer passages are quoted up to here, in characters. */
const QUOTED = 700;

/**
 * The passage of the system prompt that speaks of what was asked, or undefined when none does. Passages are
 * paragraphs, or what begins with a mark such as `[3]`, a tag or a heading. Rare words weigh more than those every
 * passage has, so the right one wins over the instructions around it.
 */
export function passageAbout(question: string, system: string): string | undefined {
  const asked = new Set(stems(question));
  if (asked.size === 0) return undefined;
  const passages = passagesOf(system).map((text) => ({ text, words: new Set(stems(text)) }));
  const weight = (word: string) =>
    Math.log(1 + passages.length / passages.filter(({ words }) => words.has(word)).length);

  let best: { text: string; score: number } | undefined;
  for (const { text, words } of passages) {
    const shared = [...asked].filter((word) => words.has(word));
    if (shared.length < 2 && shared.length < asked.size / 2) continue;
    const score = shared.reduce((sum, word) => sum + weight(word), 0);
    if (score > (best?.score ?? 0)) best = { text, score };
  }
  return best && clip(best.text, QUOTED);
}

function passagesOf(system: string): string[] {
  const pieces = system
    .split(/\n\s*\n|\n(?=\[[^\]\n]+\]|#{1,6} |<\w)/)
    .map((piece) => piece.replace(/<\/?\w[^>]*>/g, '').trim())
    .filter((piece) => piece !== '');
  const passages: string[] = [];
  let title = '';
  for (const piece of pieces) {
    // A heading says nothing alone: it belongs to what follows.
    if (/^#{1,6} [^\n]*$/.test(piece)) {
      title = piece;
      continue;
    }
    passages.push(title ? `${title}\n${piece}` : piece);
    title = '';
  }
  return passages;
}

/** At most so many characters, ending in … where something was left out. */
export function clip(text: string, length: number): string {
  const characters = [...text];
  return characters.length <= length ? text : `${characters.slice(0, length - 1).join('')}…`;
}
