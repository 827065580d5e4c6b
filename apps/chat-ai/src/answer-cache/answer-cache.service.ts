import { Injectable } from '@nestjs/common';
import { Clock } from '@switchboard/service-kit';
import { createHash } from 'node:crypto';
import { Counter, Registry } from 'prom-client';
import { DataSource, type EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { citedIn, type Passage } from '../knowledge/citations';
import { holdsForAll, type PlainQuestion } from './cacheable';

/** Which answers may be used: what a person is told by another prompt is another answer. */
export interface CacheKey {
  readonly botId: string;
  readonly promptId: string;
  readonly question: PlainQuestion;
}

export interface CachedAnswer {
  readonly id: string;
  readonly text: string;
}

/** What could be said again. */
export interface Learnable extends CacheKey {
  readonly userId: string;
  readonly replyId: string;
  /** As the person read it, with the names of its sources. */
  readonly text: string;
  readonly passages: readonly Passage[];
}

/** Nobody's wording is good for ever, and models become better. */
export const KEPT_DAYS = 7;
const DAY_MS = 86_400_000;
/** So many of its uses can still be rated. */
const REPLIES = 50;

/**
 * Answers to frequent questions. An answer is used for somebody when two others have asked the same and were told the same, by the same prompt and out of the same passages, and
 * nothing in the knowledge base has changed since: that is asked of the base itself, in the statement that fetches the answer, so
 * there is nothing that could be forgotten to be dropped.
 */
@Injectable()
export class AnswerCacheService {
  private readonly used: Counter<'outcome'>;

  constructor(
    private readonly db: DataSource,
    private readonly clock: Clock,
    registry: Registry,
  ) {
    this.used = new Counter({
      name: 'cached_answers_total',
      help: 'Plain questions that were looked for among the answers that were given before, by whether there was one, and answers that were rated down.',
      labelNames: ['outcome'],
      registers: [registry],
    });
  }

  async find({ botId, promptId, question }: CacheKey, replyId: string): Promise<CachedAnswer | undefined> {
    const [rows] = await this.db.query<[CachedAnswer[], number]>(FIND, [
      ...[botId, promptId, question.language, question.hash],
      ...[new Date(this.clock.now().getTime() - KEPT_DAYS * DAY_MS), this.clock.now(), replyId, REPLIES],
    ]);
    this.used.inc({ outcome: rows[0] ? 'used' : 'none' });
    return rows[0];
  }

  /** After the reply was recorded. What it cites is looked up as it is now: if that has changed meanwhile, nothing is learnt. */
  async learn({ botId, promptId, question, userId, replyId, text, passages }: Learnable): Promise<void> {
    const cited = [...new Set(citedIn(text, passages).values())];
    if (
      !holdsForAll(
        text,
        cited.map((passage) => passage.text),
      )
    )
      return;
    const asker = createHash('sha256').update(`${question.hash}:${userId}`).digest('hex');
    await this.db.query(LEARN, [
      ...[uuidv7(), botId, promptId, question.language, question.hash],
      ...[text, cited.map(({ id }) => id), asker, replyId, this.clock.now(), REPLIES],
    ]);
  }

  /** Who finds an answer bad spoils it for all: it is asked for anew when the knowledge base is another. */
  async rated(tx: EntityManager, replyId: string, rating: number): Promise<void> {
    if (rating >= 0) return;
    const [rows] = await tx.query<[unknown[], number]>(
      `UPDATE cached_answers SET state = 'refused' WHERE $1 = ANY (replies) AND state <> 'refused' RETURNING id`,
      [replyId],
    );
    if (rows.length > 0) this.used.inc({ outcome: 'rated_down' }, rows.length);
  }

  async forgetOld(): Promise<void> {
    await this.db.query('DELETE FROM cached_answers WHERE learnt_at < $1', [
      new Date(this.clock.now().getTime() - KEPT_DAYS * DAY_MS),
    ]);
  }
}

/** Changes with any document of a bot. @param botId an expression */
const knowledgeOf = (botId: string) =>
  `(SELECT md5(coalesce(string_agg(d.hash, ',' ORDER BY d.id), '')) FROM knowledge_documents d WHERE d.bot_id = ${botId})`;

const FIND = `
  UPDATE cached_answers a SET uses = uses + 1, used_at = $6, replies = (ARRAY[$7::uuid] || replies)[1:$8]
  WHERE bot_id = $1 AND prompt_id = $2 AND language = $3 AND question_hash = $4 AND state = 'usable' AND learnt_at > $5
    AND knowledge = ${knowledgeOf('a.bot_id')}
    AND NOT EXISTS (SELECT FROM unnest(cites) AS cite (hash) WHERE NOT EXISTS (
      SELECT FROM knowledge_chunks c WHERE c.bot_id = a.bot_id AND c.content_hash = cite.hash AND NOT c.suspicious))
  RETURNING id, answer AS text`;

/**
 * The second person who is told the same makes it usable; told otherwise, it begins anew. One that was refused stays so while
 * the knowledge base is the same.
 */
const LEARN = `
  INSERT INTO cached_answers AS a (id, bot_id, prompt_id, language, question_hash, answer, cites, knowledge, asker, state, replies, learnt_at, uses)
  SELECT $1, $2, $3, $4, $5, $6, cited.hashes, ${knowledgeOf('$2')}, $8, 'candidate', ARRAY[$9::uuid], $10, 0
  FROM (SELECT array_agg(content_hash ORDER BY content_hash) AS hashes, count(*) AS found, bool_or(suspicious) AS suspicious
        FROM knowledge_chunks WHERE bot_id = $2 AND id = ANY ($7::uuid[])) AS cited
  WHERE cited.found = cardinality($7::uuid[]) AND NOT cited.suspicious
  ON CONFLICT (bot_id, prompt_id, language, question_hash) DO UPDATE SET
    answer = excluded.answer, cites = excluded.cites, knowledge = excluded.knowledge, asker = excluded.asker, learnt_at = excluded.learnt_at,
    replies = (excluded.replies || a.replies)[1:$11],
    state = CASE WHEN a.knowledge = excluded.knowledge AND a.cites = excluded.cites AND (a.state = 'usable' OR a.asker <> excluded.asker)
      THEN 'usable' ELSE 'candidate' END
  WHERE a.state <> 'refused' OR a.knowledge <> excluded.knowledge`;
