import { Inject, Injectable } from '@nestjs/common';
import { type Locale, nearestLocale } from '@switchboard/contracts';
import { CONFIG } from '@switchboard/service-kit';
import { LRUCache } from 'lru-cache';
import { DataSource } from 'typeorm';
import type { ChatAiConfig } from '../chat-ai.config';
import type { Passage } from './citations';
import { AssistantsService } from '../assistants/assistants.service';
import { PassageIndex, type WordMatch } from './passage-index';
import { type Asker, PassageVectors } from './passage-vectors';
import { partsOf } from './question';
import { Thesaurus } from './thesaurus';

export interface FoundPassage extends Passage {
  readonly source: string;
  readonly suspicious: boolean;
  /** Of what a model is shown of it, `passageText`. */
  readonly tokens: number;
  /** The part of what is asked that its words speak of, from 0 to 1; rare words count more. */
  readonly coverage: number;
}

export interface Question {
  readonly text: string;
  /** What the same person wrote before: "and on Sundays?" says little alone. */
  readonly before?: string | undefined;
  readonly asker?: Asker;
}

/**
 * - `certain`: the first passage speaks of everything that is asked
 * - `near`: the passages speak of some of it and may be what is meant
 * - `nothing`: the base has nothing about it
 */
export type Certainty = 'certain' | 'near' | 'nothing';

/** What the base itself says to a question, for an answer without a model. */
export interface Quotation {
  readonly certainty: Certainty;
  /** Best first, at most three. */
  readonly passages: readonly FoundPassage[];
  /** Names of documents to choose from, for a person whose question found nothing certain. */
  readonly topics: readonly string[];
}

/** What a model is given of the base. */
export interface Consultation {
  /** Best first. */
  readonly passages: readonly FoundPassage[];
  /** Whether the words of one of them speak of some of what is asked; undefined when there is no base. */
  readonly isNear: boolean | undefined;
}

interface Base {
  readonly passages: number;
  readonly tokens: number;
  readonly synonyms: Thesaurus;
  /** False where what was read of a folder does not count any more: the bot has none. */
  readonly hasFolder: boolean;
}

/** A model judges for itself what of these answers the question; it gets no more tokens than a base that goes whole. */
const FOR_MODEL = 40;
/** A base of up to so many times the limit goes as far as it fits: leaving out the rest would cost answers and save little. */
const NEARLY_FITS = 2;
/** What an operator looks through. */
const FOUND = 10;
/** More than three quotations are not read. */
const QUOTED = 3;
/** Deep enough that a passage which one search ranks low and the other high is seen by both. */
const RANKED = 50;
/** Rare words that the base does not have, or a whole second thing asked for, bring the coverage below it. */
const CERTAIN = 0.8;
/** Less than this is one unimportant word in common. */
const NEAR = 0.2;
/** A question about so few things may lean on the one before it. */
const FEW_CONCEPTS = 2;
const TOPICS = 12;

/** Whether a document is one of the bot's now. @param hasFolder of a Base */
const counts = (hasFolder: string) => `(${hasFolder} OR d.entry_id IS NOT NULL)`;

const PASSAGE = `c.id, d.title, c.heading, c.text, d.source, c.suspicious, c.tokens`;

/** What the company has written down. The one entry for those who need it. */
@Injectable()
export class KnowledgeService {
  private readonly synonyms = new LRUCache<string, Thesaurus>({ max: 200 });

  constructor(
    private readonly db: DataSource,
    private readonly index: PassageIndex,
    private readonly vectors: PassageVectors,
    private readonly assistants: AssistantsService,
    @Inject(CONFIG) private readonly config: ChatAiConfig,
  ) {}

  /**
   * What a model is given to answer from, best first: the whole base where it fits, else what words and meaning find.
   * Nothing is held back as too weak, because the model is the better judge.
   */
  async forModel(botId: string, question: Question): Promise<Consultation> {
    const base = await this.baseOf(botId);
    if (!base) return { passages: [], isNear: undefined };
    const passages = await this.passagesForModel(botId, question, base);
    return { passages, isNear: passages.some(({ coverage }) => coverage >= NEAR) };
  }

  /** What can be said without a model; the name of a topic alone asks for its document. @param locale of the topics, where there are any in it */
  async quote(botId: string, question: Question, locale?: Locale): Promise<Quotation> {
    const base = await this.baseOf(botId);
    const chosen = base ? await this.beginningOf(botId, question.text, base) : [];
    if (chosen.length > 0) return { certainty: 'certain', passages: chosen, topics: [] };
    const found = base ? await this.search(botId, question, base, QUOTED) : [];
    const [best] = found;
    if (best && best.coverage >= CERTAIN) {
      // Beside a certain answer what is only near would blur it.
      return { certainty: 'certain', passages: found.filter(({ coverage }) => coverage >= CERTAIN), topics: [] };
    }
    const near = found.filter(({ coverage }) => coverage >= NEAR);
    const topics = base ? await this.topics(botId, base, locale) : [];
    return { certainty: near.length > 0 ? 'near' : 'nothing', passages: near, topics };
  }

  /** What is found for some words, for operators who try out their base. */
  async find(botId: string, text: string): Promise<FoundPassage[]> {
    const base = await this.baseOf(botId);
    return base ? this.search(botId, { text }, base, FOUND) : [];
  }

  /** Of these passages, where those stand that are still known. */
  async places(ids: readonly string[]): Promise<{ id: string; title: string; heading: string; source: string }[]> {
    if (ids.length === 0) return [];
    return this.db.query(
      `SELECT c.id, d.title, c.heading, d.source FROM knowledge_chunks c JOIN knowledge_documents d ON d.id = c.document_id
       WHERE c.id = ANY($1::uuid[])`,
      [ids],
    );
  }

  private async passagesForModel(botId: string, question: Question, base: Base): Promise<FoundPassage[]> {
    const limit = this.config.CHAT_AI_KNOWLEDGE_TOKENS;
    if (base.tokens > limit * NEARLY_FITS) return fitting(await this.search(botId, question, base, FOR_MODEL), limit);
    // Words alone put a base that fits in order: an embedding would take time and change little.
    const found =
      base.tokens <= limit
        ? await this.byWords(botId, question, { ...base, limit: base.passages })
        : await this.search(botId, question, base, base.passages);
    return fitting(await this.wholeBase(botId, found, base), limit);
  }

  private async search(botId: string, question: Question, base: Base, limit: number): Promise<FoundPassage[]> {
    const [matches, nearest] = await Promise.all([
      this.byWords(botId, question, { ...base, limit: RANKED }),
      this.vectors.nearest(botId, [question.before, question.text].filter(Boolean).join('\n'), RANKED, question.asker),
    ]);
    const coverage = new Map(matches.map(({ id, coverage }) => [id, coverage]));
    const ids = fuseRanks([matches.map(({ id }) => id), nearest]).slice(0, limit);
    return this.read(ids, coverage, base);
  }

  /** Several questions in one text are looked for together and each alone; a short one together with the one before. */
  private async byWords(
    botId: string,
    { text, before }: Question,
    base: Base & { limit: number },
  ): Promise<readonly WordMatch[]> {
    const whole = await this.index.search(botId, text, base);
    const others = partsOf(text);
    if (before && whole.concepts <= FEW_CONCEPTS) others.push(`${before}\n${text}`);
    if (others.length === 0) return whole.matches;
    const found = await Promise.all(others.map((other) => this.index.search(botId, other, base)));
    const lists = [whole, ...found].map(({ matches }) => matches);
    const best = new Map<string, WordMatch>();
    for (const match of lists.flat())
      if (match.coverage > (best.get(match.id)?.coverage ?? -1)) best.set(match.id, match);
    return fuseRanks(lists.map((list) => list.map(({ id }) => id))).map((id) => best.get(id)!);
  }

  private async baseOf(botId: string): Promise<Base | undefined> {
    // What was read of a folder that a bot has no longer is kept for a day, because other processes may still see it.
    const hasFolder = this.assistants.get(botId).knowledgeFolder !== undefined;
    const [row] = await this.db.query<{ passages: number; tokens: number; synonyms: string }[]>(
      `SELECT passages, tokens, synonyms FROM knowledge_bases WHERE bot_id = $1 AND passages > 0
         AND ($2 OR EXISTS (SELECT FROM knowledge_documents d WHERE d.bot_id = $1 AND ${counts('$2')}))`,
      [botId, hasFolder],
    );
    if (!row) return undefined;
    let synonyms = this.synonyms.get(row.synonyms);
    if (!synonyms) this.synonyms.set(row.synonyms, (synonyms = new Thesaurus(row.synonyms)));
    return { ...row, synonyms, hasFolder };
  }

  /** Those that speak of the question first, the others as the files have them. */
  private async wholeBase(botId: string, found: readonly WordMatch[], { hasFolder }: Base): Promise<FoundPassage[]> {
    const rows = await this.db.query<Omit<FoundPassage, 'coverage'>[]>(
      `SELECT ${PASSAGE} FROM knowledge_chunks c JOIN knowledge_documents d ON d.id = c.document_id
       WHERE c.bot_id = $1 AND ${counts('$2')} ORDER BY d.source, c.position`,
      [botId, hasFolder],
    );
    const rank = new Map(found.map(({ id, coverage }, i) => [id, { i, coverage }]));
    return rows
      .map((row) => ({ ...row, coverage: rank.get(row.id)?.coverage ?? 0 }))
      .sort((a, b) => (rank.get(a.id)?.i ?? Infinity) - (rank.get(b.id)?.i ?? Infinity) || 0);
  }

  private async read(
    ids: readonly string[],
    coverage: ReadonlyMap<string, number>,
    { hasFolder }: Base,
  ): Promise<FoundPassage[]> {
    if (ids.length === 0) return [];
    const rows = await this.db.query<Omit<FoundPassage, 'coverage'>[]>(
      `SELECT ${PASSAGE} FROM knowledge_chunks c JOIN knowledge_documents d ON d.id = c.document_id
       WHERE c.id = ANY($1) AND ${counts('$2')}`,
      [ids, hasFolder],
    );
    return rows
      .map((row) => ({ ...row, coverage: coverage.get(row.id) ?? 0 }))
      .sort((a, b) => ids.indexOf(a.id) - ids.indexOf(b.id));
  }

  private async topics(botId: string, { hasFolder }: Base, locale?: Locale): Promise<string[]> {
    const rows = await this.db.query<{ title: string; isSpoken: boolean }[]>(
      `SELECT title, bool_or(locale = $3) AS "isSpoken" FROM knowledge_documents d
       WHERE bot_id = $1 AND ${counts('$4')} AND EXISTS (SELECT FROM knowledge_chunks c WHERE c.document_id = d.id)
       GROUP BY title ORDER BY 2 DESC NULLS LAST, title LIMIT $2`,
      [botId, TOPICS, locale && nearestLocale(locale), hasFolder],
    );
    const spoken = rows.filter(({ isSpoken }) => isSpoken);
    return (spoken.length > 0 ? spoken : rows).map(({ title }) => title);
  }

  /** Of the document with this title. */
  private async beginningOf(botId: string, title: string, { hasFolder }: Base): Promise<FoundPassage[]> {
    const rows = await this.db.query<Omit<FoundPassage, 'coverage'>[]>(
      `SELECT ${PASSAGE} FROM knowledge_chunks c JOIN knowledge_documents d ON d.id = c.document_id
       WHERE d.bot_id = $1 AND lower(d.title) = lower($2) AND ${counts('$4')} ORDER BY d.source, c.position LIMIT $3`,
      [botId, title.trim(), QUOTED, hasFolder],
    );
    return rows.map((row) => ({ ...row, coverage: 1 }));
  }
}

/** The best that fit into so many tokens, and the first one in any case. */
function fitting(passages: readonly FoundPassage[], limit: number): FoundPassage[] {
  let left = Math.max(limit, passages[0]?.tokens ?? 0);
  return passages.filter(({ tokens }) => {
    if (tokens > left) return false;
    left -= tokens;
    return true;
  });
}

/** Source: Cormack, Clarke and Büttcher 2009, "Reciprocal Rank Fusion"; their constant. */
const FUSION_CONSTANT = 60;

/** Joins rankings whose scores cannot be compared: what stands high in several comes first. */
function fuseRanks(rankings: readonly (readonly string[])[]): string[] {
  const scores = new Map<string, number>();
  for (const ranking of rankings) {
    for (const [rank, id] of ranking.entries())
      scores.set(id, (scores.get(id) ?? 0) + 1 / (FUSION_CONSTANT + rank + 1));
  }
  return [...scores].sort(([, a], [, b]) => b - a).map(([id]) => id);
}
