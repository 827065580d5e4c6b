import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { Passage } from './citations';
import { questionsIn, searchable } from './searchable';

export interface FoundPassage extends Passage {
  readonly source: string;
  readonly suspicious: boolean;
  readonly rank: number;
}

const TOP = 5;
/** Less than this share of the words asked for, in a text: a chance hit. A word in a heading always counts. */
const SHARE_OF_WORDS = 0.34;
/** Much weaker than the best one: no answer, if the best one is. */
const SHARE_OF_BEST = 0.2;
/** Of trigrams; by trial, a typing error in a word of eight letters stays above it. */
const SIMILAR = 0.45;

const PASSAGE = `c.id, d.title, c.heading, c.text, d.source, c.suspicious`;

/** What the company has written down, found by the words of a question. */
@Injectable()
export class KnowledgeService {
  /** The schema of pg_trgm where it is installed; looked up once. */
  private trigrams: Promise<string | undefined> | undefined;

  constructor(private readonly db: DataSource) {}

  /** The best passages for a question, best first; none rather than poor ones. */
  async search(botId: string, question: string): Promise<FoundPassage[]> {
    const words = searchable(question);
    const found = (await Promise.all(questionsIn(words).map((part) => this.byWords(botId, part)))).flat();
    if (found.length === 0) return this.bySimilarity(botId, words);
    const best = new Map(found.sort((a, b) => a.rank - b.rank).map((passage) => [passage.id, passage]));
    return [...best.values()].sort((a, b) => b.rank - a.rank).slice(0, TOP);
  }

  /** What documents there are, for somebody whose question they do not answer. */
  async topics(botId: string): Promise<string[]> {
    const rows = await this.db.query<{ title: string }[]>(
      'SELECT DISTINCT title FROM knowledge_documents WHERE bot_id = $1 ORDER BY title',
      [botId],
    );
    return rows.map(({ title }) => title);
  }

  /**
   * Any of the words may match. The configuration `russian` stems Cyrillic words as Russian and Latin ones as English,
   * so one index serves both languages. A heading's word (weight A) counts ten times one of the text (weight D).
   */
  private byWords(botId: string, words: string): Promise<FoundPassage[]> {
    return this.db.query<FoundPassage[]>(
      `WITH asked AS (
         SELECT (quote_literal(lexeme))::tsquery AS word, (quote_literal(lexeme) || ':A')::tsquery AS in_heading
         FROM unnest(to_tsvector('russian', $2))
       ), any_word AS (
         SELECT string_agg(word::text, ' | ')::tsquery AS query, count(*) AS words FROM asked
       ), ranked AS (
         SELECT ${PASSAGE}, ts_rank_cd('{0.1, 0.2, 0.4, 1}', c.tsv, query) AS rank, words,
                (SELECT count(*) FROM asked WHERE c.tsv @@ word) AS matched,
                EXISTS (SELECT FROM asked WHERE c.tsv @@ in_heading) AS heading_matched
         FROM any_word, knowledge_chunks c JOIN knowledge_documents d ON d.id = c.document_id
         WHERE c.bot_id = $1 AND c.tsv @@ query
       )
       SELECT id, title, heading, text, source, suspicious, rank * matched AS rank FROM ranked
       WHERE (heading_matched OR matched >= words * $4::float8)
         AND rank * matched >= $5::float8 * (SELECT max(rank * matched) FROM ranked)
       ORDER BY rank * matched DESC, id LIMIT $3`,
      [botId, words, TOP, SHARE_OF_WORDS, SHARE_OF_BEST],
    );
  }

  /** Forgives typing errors, where the database can. */
  private async bySimilarity(botId: string, words: string): Promise<FoundPassage[]> {
    this.trigrams ??= this.schemaOfTrigrams();
    const schema = await this.trigrams;
    if (!schema) return [];
    return this.db.query<FoundPassage[]>(
      `SELECT * FROM (
         SELECT ${PASSAGE}, ${schema}.strict_word_similarity($2, lower(d.title || ' ' || c.heading || ' ' || c.text)) AS rank
         FROM knowledge_chunks c JOIN knowledge_documents d ON d.id = c.document_id WHERE c.bot_id = $1
       ) alike WHERE rank >= $4 ORDER BY rank DESC, id LIMIT $3`,
      [botId, words, TOP, SIMILAR],
    );
  }

  private async schemaOfTrigrams(): Promise<string | undefined> {
    const rows = await this.db.query<{ schema: string }[]>(
      `SELECT quote_ident(n.nspname) AS schema FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
       WHERE e.extname = 'pg_trgm' AND has_schema_privilege(n.oid, 'USAGE')`,
    );
    return rows[0]?.schema;
  }
}
