import { type KnownLocale, type Locale, localized, nearestLocale } from '@switchboard/contracts';

/** A piece of the knowledge base that may answer a question, and that an answer may cite. */
export interface Passage {
  readonly id: string;
  readonly title: string;
  /** The headings above it, outermost first, joined by ` › `; empty when there are none. */
  readonly heading: string;
  readonly text: string;
}

/** As a model is shown it: its number, by which the answer cites it, and where it stands. */
export const passageText = (passage: Omit<Passage, 'id'>, number: number): string =>
  `[${number}] ${placeOf(passage)}\n${passage.text}`;

const placeOf = ({ title, heading }: Pick<Passage, 'title' | 'heading'>) => (heading ? `${title} › ${heading}` : title);

const SOURCES: Record<KnownLocale, string> = { en: 'Sources', ru: 'Источники' };
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
  return `${answer.trimEnd()}\n\n${sourcesLine(cited, languageOf(answer, locale))}`;
}

/** A model may answer in another language than the person's app is in: the alphabet tells which of the two it was. */
function languageOf(answer: string, locale: Locale): Locale {
  const [russian, latin] = [/\p{Script=Cyrillic}/gu, /\p{Script=Latin}/gu].map(
    (script) => answer.match(script)?.length ?? 0,
  ) as [number, number];
  const isOfLocale = russian === latin || russian > latin === (nearestLocale(locale) === 'ru');
  return isOfLocale ? locale : russian > latin ? 'ru' : 'en';
}

export function sourcesLine(cited: ReadonlyMap<number, Passage>, locale: Locale): string {
  const names = [...cited].map(([number, passage]) => `[${number}] ${placeOf(passage)}`);
  return `*${localized(SOURCES, locale)}: ${names.join('; ')}*`;
}
