import { Injectable } from '@nestjs/common';
import { Outbox } from '@switchboard/bus';
import {
  type Actor,
  AnswerUnanswered,
  type ListUnanswered,
  type ListUnansweredQuestions,
  type Locale,
  type ReadUnanswered,
  ResolveUnanswered,
  type RouteDefinition,
  AuditEntryAppendRequested,
} from '@switchboard/contracts';
import {
  auditEntry,
  type AnswerOf,
  BlindIndex,
  Clock,
  Cursors,
  DomainError,
  type IfMatch,
  type Page,
  PersonalData,
  type PersonalRow,
  type Position,
  type RequestOf,
} from '@switchboard/service-kit';
import { DataSource, type EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { authorOf } from '../author';
import { captionIn, wordsOf } from '../conversations/message-content';
import { Message } from '../conversations/message.entity';
import { MessageCipher } from '../conversations/message-cipher';
import { FaqService } from '../knowledge/faq.service';
import type { FaqText } from '../knowledge/knowledge-entry.entity';
import { KnowledgeService } from '../knowledge/knowledge.service';
import { PassageIndex } from '../knowledge/passage-index';
import { masked, tellingStems } from './mask';
import { UnansweredGroup } from './unanswered-group.entity';
import { UnansweredQuestion, type UnansweredReason } from './unanswered-question.entity';

class UnansweredNotFound extends DomainError {
  constructor(groupId: string) {
    super('chat-ai.unanswered_not_found', 'There are no such questions', 404, { groupId });
  }
}

type Group = AnswerOf<typeof ListUnanswered>['data'][number];
type GroupWithSuggestion = AnswerOf<typeof ReadUnanswered>;
type Question = AnswerOf<typeof ListUnansweredQuestions>['data'][number];

export interface GroupFilter {
  readonly state: UnansweredGroup['state'];
  readonly reason?: string | undefined;
}

/** Longer texts were pasted; their beginning tells what they are about. */
const QUESTION_CHARACTERS = 1000;
const MOST_WORDS = 30;
/** Of all words that two questions have, the part that both have, from which on they ask for the same. */
const ALIKE = 0.5;
/** The same of the words of the shorter one, where they have several in common: the longer one may tell a story besides. */
const WITHIN = 0.75;
/** Of a keyed hash: 64 bits tell words apart. */
const HASH_DIGITS = 16;
/** Passages that speak of less than this are no answer to begin with. */
const NEAR = 0.2;
const SUGGESTED_PASSAGES = 2;

/** Questions that have found no answer, collected for whoever can answer them once and for all. */
@Injectable()
export class UnansweredService {
  constructor(
    private readonly db: DataSource,
    private readonly cursors: Cursors,
    private readonly personal: PersonalData,
    private readonly cipher: MessageCipher,
    private readonly index: BlindIndex,
    private readonly passages: PassageIndex,
    private readonly knowledge: KnowledgeService,
    private readonly faq: FaqService,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
  ) {}

  /** Notes the question of a turn, beside those that are like it. Once for each turn. Throws PersonErased. */
  async collect(tx: EntityManager, turnId: string, reason: UnansweredReason): Promise<void> {
    if (await tx.existsBy(UnansweredQuestion, { turnId })) return;
    if (reason === 'rated_down' && !(await this.isRatedDown(tx, turnId))) return;
    const asked = await this.questionOf(tx, turnId);
    if (!asked) return;
    const stems = tellingStems(asked.text).slice(0, MOST_WORDS);
    // "Hello!" finds nothing, and asks for nothing.
    if (stems.length < (asked.text.includes('?') ? 1 : 2)) return;
    const { botId, userId, locale, text } = asked;
    const words = stems.map((stem) => this.index.hash('word', botId, stem).slice(0, HASH_DIGITS));
    const id = uuidv7();
    const sealed = await this.personal.encrypt(tx, rowOf({ id, userId }), { text });
    const groupId = await this.groupFor(tx, botId, words);
    await tx
      .createQueryBuilder()
      .insert()
      .into(UnansweredQuestion)
      .values({ id, groupId, userId, turnId, locale, ...sealed, reason, askedAt: this.clock.now() })
      .orIgnore()
      .execute();
  }

  /** The person has thought better of the answer. */
  async forgive(tx: EntityManager, turnId: string): Promise<void> {
    await tx.delete(UnansweredQuestion, { turnId, reason: 'rated_down' });
  }

  /** The most frequent first. */
  async list(botId: string, filter: GroupFilter, position: Position | undefined, limit: number): Promise<Group[]> {
    const [from, order] = position?.direction === 'prev' ? ['>', 'ASC'] : ['<', 'DESC'];
    const rows = await this.db.query<Row[]>(
      `SELECT * FROM (${GROUPS} WHERE g.bot_id = $1 AND g.state = $2 GROUP BY g.id) one
       WHERE ($3::text IS NULL OR $3 = ANY(reasons)) AND ($4::int IS NULL OR (times, id) ${from} ($4, $5::uuid))
       ORDER BY times ${order}, id ${order} LIMIT $6`,
      [botId, filter.state, filter.reason ?? null, ...(position?.key ?? [null, null]), limit],
    );
    return this.shown(botId, rows);
  }

  async read(botId: string, groupId: string): Promise<GroupWithSuggestion> {
    const row = await this.row(this.db.manager, botId, groupId);
    const [group] = await this.shown(botId, [row]);
    const [asked] = await this.textsOf([row]);
    const found = asked ? await this.knowledge.find(botId, asked) : [];
    const near = found.filter(({ coverage }) => coverage >= NEAR).slice(0, SUGGESTED_PASSAGES);
    return {
      ...group!,
      suggestion: {
        locale: row.locale,
        question: group!.question ?? '',
        answer: near.map(({ text }) => text).join('\n\n'),
        sources: [...new Set(near.map(({ title }) => title))],
      },
    };
  }

  /** The questions of a group, the latest first. */
  async questions(request: RequestOf<typeof ListUnansweredQuestions>): Promise<Page<Question>> {
    const { botId, groupId } = request.params;
    await this.row(this.db.manager, botId, groupId);
    const query = this.db.manager
      .createQueryBuilder(UnansweredQuestion, 'q')
      .leftJoinAndMapOne('q.message', Message, 'm', `m.turnId = q.turnId AND m.role = 'assistant'`)
      .where('q.groupId = :groupId', { groupId });
    const found = await this.cursors.select(request, query, ['id']);
    const rows = found.data as (UnansweredQuestion & { message: Message | null })[];
    const texts = await this.textsOf(rows);
    const data = rows.map(({ message, ...row }, i) => ({
      ...row,
      text: texts[i] ?? null,
      conversationId: message?.conversationId ?? null,
    }));
    return { data, page: found.page };
  }

  /** Dismissed ones stay away, also when they are asked again. */
  async resolve(
    tx: EntityManager,
    { botId, groupId }: { botId: string; groupId: string },
    state: 'open' | 'dismissed',
    { seen, actor }: { seen: IfMatch; actor: Actor },
  ): Promise<Group> {
    const { revision } = await this.lock(tx, botId, groupId);
    seen.check(revision, await this.one(tx, botId, groupId));
    const resolvedBy = state === 'open' ? null : authorOf(actor);
    return this.change(tx, { botId, groupId, revision }, { state, resolvedBy }, ResolveUnanswered, actor);
  }

  /** Makes an entry of the FAQ of them. */
  async answer(
    tx: EntityManager,
    { botId, groupId }: { botId: string; groupId: string },
    texts: FaqText[],
    actor: Actor,
  ): Promise<Group> {
    const { revision } = await this.lock(tx, botId, groupId);
    const { id: documentId } = await this.faq.add(tx, botId, texts, actor);
    const change = { state: 'answered' as const, documentId, resolvedBy: authorOf(actor) };
    return this.change(tx, { botId, groupId, revision }, change, AnswerUnanswered, actor);
  }

  private async change(
    tx: EntityManager,
    { botId, groupId, revision }: { botId: string; groupId: string; revision: number },
    change: Partial<UnansweredGroup>,
    route: Pick<RouteDefinition, 'id'>,
    actor: Actor,
  ): Promise<Group> {
    await tx.update(UnansweredGroup, groupId, { ...change, revision: revision + 1 });
    const about = { resourceType: 'unanswered-question', resourceId: groupId, botId };
    const { state, documentId } = change;
    const after = { state, ...(documentId && { documentId }) };
    await this.outbox.add(tx, AuditEntryAppendRequested(auditEntry(actor, route, { ...about, after })));
    return this.one(tx, botId, groupId);
  }

  /** People change their minds faster than jobs run. */
  private async isRatedDown(tx: EntityManager, turnId: string): Promise<boolean> {
    const rows = await tx.query<unknown[]>('SELECT FROM ratings WHERE reply_id = $1 AND rating < 0 LIMIT 1', [turnId]);
    return rows.length > 0;
  }

  /** What somebody asked in a turn: of several in a group, whoever wrote last. */
  private async questionOf(tx: EntityManager, turnId: string) {
    const rows = await tx.query<(Message & { botId: string })[]>(
      `SELECT m.id, m.user_id AS "userId", m.locale, m.text, m.transcript, m.quoted, m.sender_name AS "senderName",
         c.bot_id AS "botId"
       FROM messages m JOIN conversations c ON c.id = m.conversation_id
       WHERE m.turn_id = $1 AND m.role = 'user' ORDER BY m.position`,
      [turnId],
    );
    const last = rows.at(-1);
    if (!last) return undefined;
    const own = rows.filter(({ userId }) => userId === last.userId);
    const read = await this.cipher.reader(tx, own);
    const texts = own.flatMap((row) => {
      const content = read(row);
      return content ? [captionIn(wordsOf(content))] : [];
    });
    const text = texts.join('\n').trim().slice(0, QUESTION_CHARACTERS).toWellFormed();
    const { botId, userId, locale } = last;
    return { botId, userId, locale, text };
  }

  /** The group whose words are most like these, or a new one. One asks at a time: two alike ones would make two groups. */
  private async groupFor(tx: EntityManager, botId: string, words: string[]): Promise<string> {
    await tx.query(`SELECT pg_advisory_xact_lock(hashtext('unanswered'), hashtext($1))`, [botId]);
    const lastAskedAt = this.clock.now();
    const [like] = await tx.query<{ id: string; state: UnansweredGroup['state'] }[]>(LIKE, [botId, words]);
    if (!like) {
      const group = { id: uuidv7(), botId, state: 'open' as const, words, lastAskedAt, revision: 1 };
      await tx.insert(UnansweredGroup, group);
      return group.id;
    }
    // It was answered, and the answer was not found.
    const reopened = like.state === 'answered' && { state: 'open' as const, revision: () => 'revision + 1' };
    await tx.update(UnansweredGroup, like.id, { lastAskedAt, ...reopened });
    return like.id;
  }

  private async lock(tx: EntityManager, botId: string, groupId: string): Promise<UnansweredGroup> {
    const lock = { mode: 'pessimistic_write' } as const;
    const group = await tx.findOne(UnansweredGroup, { where: { id: groupId, botId }, lock });
    if (!group) throw new UnansweredNotFound(groupId);
    return group;
  }

  private async one(tx: EntityManager, botId: string, groupId: string): Promise<Group> {
    const [group] = await this.shown(botId, [await this.row(tx, botId, groupId)]);
    return group!;
  }

  private async row(tx: EntityManager, botId: string, groupId: string): Promise<Row> {
    const [row] = await tx.query<Row[]>(`${GROUPS} WHERE g.bot_id = $1 AND g.id = $2 GROUP BY g.id`, [botId, groupId]);
    if (!row) throw new UnansweredNotFound(groupId);
    return row;
  }

  private async shown(botId: string, rows: readonly Row[]): Promise<Group[]> {
    const texts = await this.textsOf(rows);
    const stems = texts.flatMap((text) => (text === undefined ? [] : tellingStems(text)));
    const known = await this.passages.wordsOf(botId, stems);
    return rows.map(({ text: _, userId: __, questionId: ___, ...row }, i) => ({
      ...row,
      question: texts[i] === undefined ? null : masked(texts[i], known),
    }));
  }

  private async textsOf(
    rows: readonly { id: string; questionId?: string; userId: string; text: string }[],
  ): Promise<(string | undefined)[]> {
    const read = await this.personal.decryptAll(
      this.db.manager,
      rows.map(({ id, questionId = id, userId, text }) => ({
        row: rowOf({ id: questionId, userId }),
        values: { text },
      })),
    );
    return read.map(({ text }) => text ?? undefined);
  }
}

/** With the question that was asked last. */
interface Row extends Omit<Group, 'question'> {
  readonly questionId: string;
  readonly userId: string;
  readonly text: string;
  readonly locale: Locale;
}

/** By what the words of a question are encrypted. */
const rowOf = ({ id, userId }: { id: string; userId: string }): PersonalRow => ({
  table: 'unanswered_questions',
  id,
  userId,
});

/** A group of which nobody's question is left is none. Ids ascend with the time. */
const GROUPS = `
  SELECT g.id, g.state, g.document_id AS "documentId", g.resolved_by AS "resolvedBy", g.revision,
    count(*)::int AS times, count(DISTINCT q.user_id)::int AS people, array_agg(DISTINCT q.reason) AS reasons,
    min(q.asked_at) AS "firstAskedAt", max(q.asked_at) AS "lastAskedAt",
    (array_agg(q.id ORDER BY q.id DESC))[1] AS "questionId", (array_agg(q.user_id ORDER BY q.id DESC))[1] AS "userId",
    (array_agg(q.text ORDER BY q.id DESC))[1] AS text, (array_agg(q.locale ORDER BY q.id DESC))[1] AS locale
  FROM unanswered_groups g JOIN unanswered_questions q ON q.group_id = g.id`;

/** By the part of their words that they share (Jaccard), or the part of the shorter one's (Szymkiewicz and Simpson). */
const LIKE = `
  SELECT id, state FROM (
    SELECT g.id, g.state, shared, shared::float8 / (cardinality(g.words) + cardinality($2::text[]) - shared) AS likeness,
      shared::float8 / least(cardinality(g.words), cardinality($2::text[])) AS within
    FROM unanswered_groups g, LATERAL (
      SELECT count(*) AS shared FROM unnest(g.words) word WHERE word = ANY($2::text[])
    ) both_have
    WHERE g.bot_id = $1 AND g.words && $2::text[]
  ) one WHERE likeness >= ${ALIKE} OR shared > 1 AND within >= ${WITHIN} ORDER BY likeness DESC, id LIMIT 1`;
