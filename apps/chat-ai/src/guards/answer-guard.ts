import { type KnownLocale, type Locale, localized } from '@switchboard/contracts';
import { citedIn, type Passage, passageText } from '../knowledge/citations';
import { languageOf } from '../knowledge/words';
import { claimsIn, isFounded, type Source } from './claims';
import { isUnfit } from './word-rules';

/** Ends where a sentence does, with what it cites; at a line's end in any case: rows of tables and lists have no full stop. */
const SENTENCE = /[^\n]*?[.!?…]+(?:["»)*_]+)?(?:\s*\[\d{1,3}(?:\s*,\s*\d{1,3})*\])*(?=\s|$)|[^\n]*\n|[^\n]+$/g;
/** `руб.`, `т.`, `No.`: the sentence goes on. */
const ABBREVIATED = /(?:^|[\s\d])(?:тыс|т|ул|д|кв|стр|рис|см|им|г|гг|др|пр|англ|ок|no|vs|approx|e\.g|i\.e|etc)\.$/iu;

const WILL_ASK: Record<KnownLocale, string> = {
  en: 'The exact price and stock I have to check with my colleagues.',
  ru: 'Точную цену и наличие мне нужно уточнить у коллег.',
};
const LEFT_OUT: Record<KnownLocale, string> = {
  en: 'I would rather not say that.',
  ru: 'Об этом я лучше промолчу.',
};

export interface GuardedText {
  readonly text: string;
  /** How many sentences were replaced because no source says what they claim. */
  readonly replaced: number;
}

/** What an answer may rest on. */
export interface Evidence {
  /** In the order of the numbers by which they are cited. */
  readonly passages: readonly (Passage & { readonly suspicious: boolean })[];
  /** What tools have answered in this turn. */
  readonly results: readonly string[];
}

/**
 * Holds an answer, sentence by sentence and before anybody sees it, to what its sources say about money and stock. A sentence
 * that cites something is held to that; one that does not, to any of the passages. One that speaks to models is no source.
 */
export function guardAnswer(answer: string, evidence: Evidence, locale: Locale): GuardedText {
  const results: Source[] = evidence.results.map((text) => ({ kind: 'result', text }));
  const passages = evidence.passages.map((passage, i) => ({ passage, source: sourceOf(passage, i) }));
  let replaced = 0;
  const kept: string[] = [];
  for (const sentence of sentencesOf(answer)) {
    const cited = new Set([...citedIn(sentence, evidence.passages).values()].map(({ id }) => id));
    const sources = passages
      .filter(({ passage }) => !passage.suspicious && (cited.size === 0 || cited.has(passage.id)))
      .map(({ source }) => source);
    const isTrue = claimsIn(sentence).every((claim) => isFounded(claim, [...results, ...sources]));
    if (isTrue && !isUnfit(sentence)) {
      kept.push(sentence);
      continue;
    }
    if (!isTrue) replaced += 1;
    const instead = localized(isTrue ? LEFT_OUT : WILL_ASK, /\p{L}/u.test(answer) ? languageOf(answer) : locale);
    // Once for a row of them.
    const ending = /\n+$/.exec(sentence)?.[0] ?? '';
    if (!kept.some((one) => one.includes(instead))) kept.push(`${/^\s*/.exec(sentence)![0]}${instead}${ending}`);
    else if (ending && !kept.at(-1)?.endsWith('\n')) kept.push(ending);
  }
  return { text: kept.join(''), replaced };
}

/** The part of an answer that is being written which no later word can change: all sentences but the last. */
export function finishedPart(text: string): string {
  const sentences = sentencesOf(text);
  const last = sentences.at(-1);
  if (last === undefined) return '';
  return last.endsWith('\n') ? text : text.slice(0, text.length - last.length).trimEnd();
}

function sentencesOf(text: string): string[] {
  const sentences: string[] = [];
  for (const [piece] of text.matchAll(SENTENCE)) {
    const before = sentences.at(-1);
    if (before !== undefined && ABBREVIATED.test(before)) sentences[sentences.length - 1] = before + piece;
    else sentences.push(piece);
  }
  return sentences;
}

const sourceOf = (passage: Passage, i: number): Source => ({ kind: 'passage', text: passageText(passage, i + 1) });
