import type { Locale } from '@switchboard/contracts';
import type { Passage } from './prompt-sections';

const SOURCES: Record<Locale, string> = { en: 'Sources', ru: 'Источники' };
/** `[1]` or `[1, 2]`, but neither `list[1]` of a program nor a Markdown link. */
const CITATION = /(?<![\p{L}\p{N}_)])\[(\d{1,3}(?:\s*,\s*\d{1,3})*)\](?![(:])/gu;
const CODE = /```[\s\S]*?(?:```|$)|`[^`\n]*`/g;

/** The passages an answer cites, by their numbers, each once. */
export function citedIn(answer: string, passages: readonly Passage[]): Map<number, Passage> {
  const numbers = [...answer.replaceAll(CODE, '').matchAll(CITATION)]
    .flatMap(([, list]) => list!.split(','))
    .map(Number)
    .sort((a, b) => a - b);
  return new Map(numbers.flatMap((number) => (passages[number - 1] ? [[number, passages[number - 1]!]] : [])));
}

/** The answer with the names of what it cites below it. */
export function withSources(answer: string, passages: readonly Passage[], locale: Locale): string {
  const cited = citedIn(answer, passages);
  if (cited.size === 0) return answer;
  return `${answer.trimEnd()}\n\n${sourcesLine(cited, locale)}`;
}

export function sourcesLine(cited: ReadonlyMap<number, Passage>, locale: Locale): string {
  const names = [...cited].map(
    ([number, { title, heading }]) => `[${number}] ${heading ? `${title} › ${heading}` : title}`,
  );
  return `*${SOURCES[locale]}: ${names.join('; ')}*`;
}
