import { Injectable } from '@nestjs/common';
import { createHash } from 'node:crypto';
import { DataSource, type EntityManager } from 'typeorm';
import { gramsOf, likeness } from './likeness';
import { type Concept, conceptsOf, stemsToLookUp, type Vocabulary, wordsAsMeant } from './question';
import { isStopWord } from './stop-words';
import { Thesaurus, visibleWordsOf } from './thesaurus';
import { GENERAL_THESAURUS, QUESTION_WORDS } from './thesaurus.data';
import { languageOf, stemOf } from './words';

/** A word in the heading tells more of what a passage is about than one in its text. */
const IN_HEADING = 4;
const IN_TITLE = 1.2;
/** The constants of BM25; a passage's usual length stands in for the average one, so that no passage depends on others. */
const SATURATION = 1.5;
const LENGTH_MATTERS = 0.3;
const USUAL_LENGTH = 50;
/** Of two translations of one text, people want theirs. */
const SAME_LANGUAGE = 2;
/** Words of a passage are stored so many at a time. */
const ROWS_AT_ONCE = 5000;
/** A word that shares less than this part of its runs of three letters is not looked at any closer. */
const SHARED_GRAMS = 0.4;
/** So many are enough for a closer look, however long the word is: it may be a longer form of a short one. */
const MOST_SHARED = 3;
/** More words than that in one question are a pasted text; the first ones tell what it is about. */
const MOST_STEMS = 60;

/** Of the weights that `thesaurus.ts` and `likeness.ts` give. */
const SURELY_MEANT = 0.65;
const MAYBE_MEANT = 0.6;
/** Raised when an index made by an older version does not fit the present search. */
const ALGORITHM_VERSION = '1';

const GENERAL = new Thesaurus(GENERAL_THESAURUS);
const LEFT_ALONE = new Thesaurus(QUESTION_WORDS);

/** Raised when files are to be read again because their readers, or how tokens are counted, have changed. */
const READERS_VERSION = '1';

/** By which readers and which index passages were made: when it differs they are to be made anew. */
export const indexedAs = ({ version }: Pick<PassageIndex, 'version'>): string => `${READERS_VERSION} ${version}`;

export interface IndexedText {
  readonly chunkId: string;
  readonly title: string;
  readonly heading: string;
  readonly text: string;
}

export interface WordMatch {
  readonly id: string;
  /** The part of what is asked that the passage speaks of, from 0 to 1; rare words count more. */
  readonly coverage: number;
}

export interface WordSearch {
  /** How many things the text asks about. */
  readonly concepts: number;
  /** Best first. */
  readonly matches: readonly WordMatch[];
}

/**
 * An inverted index in plain tables: BM25 over stems, with a thesaurus, and with runs of letters against typing errors.
 * It needs no extension and no memory of its own, and what a search reads depends on its own base alone.
 */
@Injectable()
export class PassageIndex {
  /** Differs when texts are to be indexed anew. */
  readonly version = createHash('sha256').update(GENERAL_THESAURUS).update(ALGORITHM_VERSION).digest('hex');

  constructor(private readonly db: DataSource) {}

  async add(tx: EntityManager, botId: string, passages: readonly IndexedText[]): Promise<void> {
    const rows = passages.flatMap((passage) =>
      [...weightsOf(passage)].map(([term, weight]) => ({ term, weight, chunkId: passage.chunkId })),
    );
    for (let at = 0; at < rows.length; at += ROWS_AT_ONCE) {
      const part = rows.slice(at, at + ROWS_AT_ONCE);
      await tx.query(
        `INSERT INTO knowledge_terms (bot_id, term, chunk_id, weight)
         SELECT $1, * FROM unnest($2::text[], $3::uuid[], $4::real[])`,
        [botId, part.map(({ term }) => term), part.map(({ chunkId }) => chunkId), part.map(({ weight }) => weight)],
      );
    }
  }

  /** Brings the runs of letters in line with the words, after all passages of a base were changed. */
  async refreshGrams(tx: EntityManager, botId: string): Promise<void> {
    await tx.query(
      `DELETE FROM knowledge_grams g WHERE bot_id = $1
         AND NOT EXISTS (SELECT FROM knowledge_terms t WHERE t.bot_id = $1 AND t.term = g.term)`,
      [botId],
    );
    await tx.query(
      `INSERT INTO knowledge_grams (bot_id, gram, term)
       SELECT DISTINCT $1, substr('_' || term || '_', at, 3), term
       FROM (SELECT DISTINCT term FROM knowledge_terms t WHERE bot_id = $1
               AND NOT EXISTS (SELECT FROM knowledge_grams g
                               WHERE g.bot_id = $1 AND g.gram = substr('_' || t.term || '_', 1, 3) AND g.term = t.term)) fresh,
            generate_series(1, length(term)) AS at`,
      [botId],
    );
  }

  /**
   * The passages that share a word with the text, best first.
   * @param passages how many the base has
   * @param synonyms of its owner, as `Thesaurus` reads them
   * @param hasFolder false where what was read of the bot's folder does not count any more
   */
  async search(
    botId: string,
    text: string,
    {
      passages,
      synonyms,
      limit,
      hasFolder,
    }: { passages: number; synonyms: Thesaurus; limit: number; hasFolder: boolean },
  ): Promise<WordSearch> {
    const vocabulary = await this.lookUp(botId, stemsToLookUp(text).slice(0, MOST_STEMS));
    const thesauri = [synonyms, GENERAL];
    const words = wordsAsMeant(text, vocabulary, thesauri);
    const found = conceptsOf(words, vocabulary, thesauri);
    const concepts = found.length > 0 ? found.slice(0, MOST_STEMS) : conceptsOf(words, vocabulary, [LEFT_ALONE]);
    if (concepts.length === 0) return { concepts: 0, matches: [] };
    const asked = concepts.flatMap(({ terms }, concept) =>
      [...terms].map(([term, weight]) => ({ concept, term, weight })),
    );
    const rows = await this.db.query<{ id: string; concepts: number[]; weights: number[] }[]>(RANK, [
      botId,
      asked.map(({ concept }) => concept),
      asked.map(({ term }) => term),
      asked.map(({ weight }) => weight),
      passages,
      limit,
      languageOf(words.join(' ')),
      hasFolder,
    ]);
    const importance = concepts.map((concept) => importanceOf(concept, vocabulary, passages));
    const whole = importance.reduce((sum, one) => sum + one, 0);
    const matches = rows.map(({ id, concepts: matched, weights }) => ({
      id,
      coverage: matched.reduce((sum, concept, i) => sum + importance[concept]! * certainty(weights[i]!), 0) / whole,
    }));
    return { concepts: concepts.length, matches };
  }

  /** Which of these stems stand in the base: words that the company itself has written. */
  async wordsOf(botId: string, stems: readonly string[]): Promise<Set<string>> {
    const rows = await this.db.query<{ term: string }[]>(
      'SELECT DISTINCT term FROM knowledge_terms WHERE bot_id = $1 AND term = ANY($2)',
      [botId, stems],
    );
    return new Set(rows.map(({ term }) => term));
  }

  private async lookUp(
    botId: string,
    stems: readonly string[],
  ): Promise<Vocabulary & { passagesWith(stem: string): number }> {
    const asked = stems.flatMap((stem, i) => {
      const grams = gramsOf(stem);
      const least = Math.min(MOST_SHARED, Math.ceil(grams.length * SHARED_GRAMS));
      return grams.map((gram) => ({ i, gram, least }));
    });
    const rows = await this.db.query<{ stem: number; term: string; passages: number | null }[]>(LOOK_UP, [
      botId,
      asked.map(({ i }) => i),
      asked.map(({ gram }) => gram),
      asked.map(({ least }) => least),
      stems,
    ]);
    const counts = new Map(
      rows.flatMap(({ term, passages }) => (passages === null ? [] : [[term, passages] as const])),
    );
    const alike = new Map<string, Map<string, number>>();
    for (const { stem: i, term } of rows) {
      const stem = stems[i]!;
      const how = stem === term ? 0 : likeness(stem, term, !counts.has(stem));
      if (how > 0) alike.set(stem, (alike.get(stem) ?? new Map()).set(term, how));
    }
    return {
      has: (stem) => counts.has(stem),
      like: (stem) => alike.get(stem) ?? new Map(),
      passagesWith: (stem) => counts.get(stem) ?? 0,
    };
  }
}

/** What a passage says of each of its words. */
function weightsOf({ title, heading, text }: IndexedText): Map<string, number> {
  const weights = new Map<string, number>();
  let length = 0;
  const count = (part: string, boost: number) => {
    const words = visibleWordsOf(part);
    const stems = words.map(stemOf);
    const note = (term: string) => weights.set(term, (weights.get(term) ?? 0) + boost);
    [...GENERAL.marksIn(stems), ...marksOfForms(part)].forEach(note);
    const telling = stems.filter((_, i) => !isStopWord(words[i]!));
    telling.forEach(note);
    length += telling.length;
  };
  count(title, IN_TITLE);
  count(heading, IN_HEADING);
  count(text, 1);
  const norm = SATURATION * (1 - LENGTH_MATTERS + (LENGTH_MATTERS * length) / USUAL_LENGTH);
  return new Map([...weights].map(([stem, times]) => [stem, (times * (SATURATION + 1)) / (times + norm)]));
}

/** What is told by the form alone: that an hour, a price, a telephone number or an address stands there. */
const FORMS: readonly [string, RegExp][] = [
  ['#hours', /(?<!\d)\d{1,2}[:.]\d{2}(?!\d)|\b\d{1,2} ?[ap]m\b/gi],
  ['#price', /[€$£₽]\s?\d|\d\s?(?:[€$£₽]|руб|р\.|eur|usd|dollars|pounds)/gi],
  [
    '#place',
    /\d+ \p{Lu}\p{L}+ (?:Street|Road|Lane|Avenue|Square)(?!\p{L})|(?<!\p{L})(?:улиц|ул\.|проспект|пр-т|площад|переулк|шоссе|набережн)/gu,
  ],
  ['#contact', /\+\d[\d ()-]{8,}\d|[\w.+-]+@[\w-]+\.\w+/g],
];
const marksOfForms = (text: string) => FORMS.flatMap(([mark, form]) => (text.match(form) ?? []).map(() => mark));

/** A rare word matters more than a frequent one, and most of all one that the base does not know. */
function importanceOf(
  { literal }: Concept,
  { passagesWith }: { passagesWith(stem: string): number },
  passages: number,
): number {
  const rarity = (count: number) => Math.log(1 + (passages - count + 0.5) / (count + 0.5));
  if (literal.length === 0) return rarity(0) / 2;
  return Math.max(...literal.map((stem) => rarity(passagesWith(stem))));
}

/** Another name, or the word misspelt, is as good as the word; what only begins alike is often something else. */
const certainty = (weight: number) => (weight >= SURELY_MEANT ? 1 : weight * MAYBE_MEANT);

/** Each thing asked about counts once in a passage, by the best of its names. */
const RANK = `
  WITH asked AS (
    SELECT * FROM unnest($2::int[], $3::text[], $4::real[]) AS a (concept, term, weight)
  ), hit AS (
    SELECT a.concept, t.chunk_id, a.weight,
           a.weight * t.weight * ln(1 + ($5::int - n.passages + 0.5) / (n.passages + 0.5)) AS score
    FROM asked a
    CROSS JOIN LATERAL (SELECT count(*) AS passages FROM knowledge_terms WHERE bot_id = $1 AND term = a.term) n
    JOIN knowledge_terms t ON t.bot_id = $1 AND t.term = a.term
  ), best AS (
    SELECT concept, chunk_id, max(score) AS score, max(weight) AS weight FROM hit GROUP BY concept, chunk_id
  )
  SELECT chunk_id AS id, score * CASE WHEN d.locale = $7 THEN ${SAME_LANGUAGE} ELSE 1 END AS score, concepts, weights
  FROM (SELECT chunk_id, sum(score) AS score, array_agg(concept) AS concepts, array_agg(weight) AS weights
        FROM best GROUP BY chunk_id ORDER BY sum(score) DESC LIMIT 4 * $6::int) ranked
  JOIN knowledge_chunks c ON c.id = chunk_id JOIN knowledge_documents d ON d.id = c.document_id
  WHERE $8 OR d.entry_id IS NOT NULL
  ORDER BY score * CASE WHEN d.locale = $7 THEN ${SAME_LANGUAGE} ELSE 1 END DESC, d.source, c.position LIMIT $6`;

/**
 * The words of the base that share runs of letters with the asked ones; for the asked ones, in how many passages they
 * are. The runs are named twice, because a plain join would let the planner read all runs of the base.
 */
const LOOK_UP = `
  WITH asked AS (
    SELECT * FROM unnest($2::int[], $3::text[], $4::int[]) AS a (stem, gram, least)
  ), alike AS (
    SELECT a.stem, g.term FROM asked a JOIN knowledge_grams g USING (gram)
    WHERE g.bot_id = $1 AND g.gram = ANY($3::text[])
    GROUP BY a.stem, g.term, a.least HAVING count(*) >= a.least
  )
  SELECT stem, term, CASE WHEN term = ($5::text[])[stem + 1]
    THEN (SELECT count(*)::int FROM knowledge_terms t WHERE t.bot_id = $1 AND t.term = alike.term) END AS passages
  FROM alike`;
