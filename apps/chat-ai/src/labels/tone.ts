import { normalise, stemOf, wordsOf } from '../knowledge/words';
import {
  COURTESIES,
  INTENSIFIERS,
  NEGATIONS,
  NEGATIVE_SIGNS,
  PHRASES,
  POSITIVE_SIGNS,
  TYPED_FROWNS,
  TYPED_SMILES,
  WORDS,
} from './tone.lexicon';

export type Tone = 'negative' | 'neutral' | 'positive';

export interface ToneOfText {
  readonly tone: Tone;
  /** From -1 to 1. */
  readonly score: number;
}

/** So many words before it a negation or an intensifier reaches a word. */
const REACH = 3;
/** "not good" is worse than "good" is good by less than its whole weight; "no problems" is praise, but faint. */
const NEGATED_PRAISE = -0.9;
const NEGATED_BLAME = -0.6;
const INTENSIFIED = 1.4;
/** Who asks "is it warm?" praises nothing. */
const ASKED = 0.3;
/** Sums beyond it come near to 1 only slowly. Source of the form: Hutto and Gilbert 2014, VADER. */
const SOFTNESS = 15;
const NEUTRAL_BELOW = 0.24;
const SIGN = 2;
/** A message is read as far as this: what comes later adds nothing to how it sounds. */
const LONGEST = 4000;

const weights = new Map<string, number>(
  Object.values(WORDS).flatMap((lists) =>
    Object.entries(lists).flatMap(([weight, words]) =>
      words
        .trim()
        .split(/\s+/)
        .map((word) => [stemOf(normalise(word)), Number(weight)] as const),
    ),
  ),
);

/** How a message sounds, by its words, signs and shouting. Without a model: every message is labelled, and none may cost money. */
export function toneOf(message: string): ToneOfText {
  const text = message.slice(0, LONGEST);
  const plain = normalise(text).replaceAll('’', "'").replaceAll(COURTESIES, ' ');
  let sum = plain
    .split(/(?<=[.!?…\n]+)\s+|,\s*|\s+(?=но |зато |but )/)
    .reduce((total, clause) => total + weightOfClause(clause), 0);
  for (const [phrase, weight] of PHRASES) if (phrase.test(plain)) sum += weight;
  sum += SIGN * (count(text, POSITIVE_SIGNS) - count(text, NEGATIVE_SIGNS));
  sum += (SIGN / 2) * (count(text, TYPED_SMILES) - count(text, TYPED_FROWNS));
  sum += loudness(text, sum);
  const score = Math.round((sum / Math.sqrt(sum * sum + SOFTNESS)) * 1000) / 1000;
  const tone = Math.abs(score) < NEUTRAL_BELOW ? 'neutral' : score < 0 ? 'negative' : 'positive';
  return { tone, score: score === 0 ? 0 : score };
}

function weightOfClause(clause: string): number {
  const words = wordsOf(clause);
  const isAsked = /\?\s*$/.test(clause);
  return words.reduce((sum, word, at) => {
    const weight = weights.get(stemOf(word)) ?? 0;
    if (weight === 0) return sum;
    const before = words.slice(Math.max(0, at - REACH), at);
    const isNegated = before.some((one) => NEGATIONS.has(one));
    const loud = before.some((one) => INTENSIFIERS.has(one)) ? INTENSIFIED : 1;
    const turned = isNegated ? (weight > 0 ? NEGATED_PRAISE : NEGATED_BLAME) : 1;
    // Also a question can complain: "why is it so expensive?" is weighed in full.
    return sum + weight * loud * turned * (isAsked && weight * turned > 0 ? ASKED : 1);
  }, 0);
}

/** Shouting and several signs make what is said stronger; several question marks alone are impatience. */
function loudness(text: string, sum: number): number {
  const shouted = (text.match(/(?<!\p{L})\p{Lu}{4,}(?!\p{L})/gu) ?? []).length;
  const strength =
    (/!{2,}/.test(text) ? 0.5 : 0) + (shouted > 0 ? 0.7 : 0) + (/[?!]*\?{2,}|\?!|!\?/.test(text) ? 0.8 : 0);
  if (strength === 0) return 0;
  if (sum > 0 && !/\?{2,}|\?!/.test(text)) return strength;
  return sum < 0 || /\?{2,}|\?!/.test(text) ? -strength : shouted > 0 ? -strength : 0;
}

const count = (text: string, signs: RegExp) => text.match(signs)?.length ?? 0;
