import { Injectable } from '@nestjs/common';
import type { Actor, ListConversations, ListTurns, ReadConversation } from '@switchboard/contracts';
import { type AnswerOf, Clock, Cursors, DomainError, type Page, type RequestOf } from '@switchboard/service-kit';
import { DataSource } from 'typeorm';
import { KnowledgeService } from '../knowledge/knowledge.service';
import { Prompt } from '../prompts/prompt.entity';
import { Conversation } from './conversation.entity';
import { Turn } from './turn.entity';

export class ConversationNotFound extends DomainError {
  constructor(conversationId: string) {
    super('chat-ai.conversation_not_found', 'There is no such conversation', 404, { conversationId });
  }
}

type Facts = AnswerOf<typeof ReadConversation>;
type TurnFacts = AnswerOf<typeof ListTurns>['data'][number];

/** What is known of conversations without anybody's words. */
@Injectable()
export class ConversationFactsService {
  constructor(
    private readonly db: DataSource,
    private readonly clock: Clock,
    private readonly cursors: Cursors,
    private readonly knowledge: KnowledgeService,
  ) {}

  /** The one that was active last first. */
  async list(request: RequestOf<typeof ListConversations>): Promise<Page<Facts>> {
    const query = this.db.manager.createQueryBuilder(Conversation, 'c');
    const { botId, chatId, userId, from, to, outcome, rating } = request.query;
    const { bots } = request.actor;
    if (bots) query.andWhere('c.botId = ANY(:bots)', { bots });
    if (botId) query.andWhere('c.botId = :botId', { botId });
    if (chatId) query.andWhere('c.chatId = :chatId', { chatId });
    if (userId) query.andWhere('c.userId = :userId', { userId });
    if (from) query.andWhere('c.activeAt >= :from', { from });
    if (to) query.andWhere('c.startedAt < :to', { to });
    if (outcome) query.andWhere(`EXISTS (${TURNS_OF_IT} AND t.outcome = :outcome)`, { outcome });
    if (rating) query.andWhere(`EXISTS (${TURNS_OF_IT} AND r.rating ${RATINGS[rating]})`);
    const { data, page } = await this.cursors.select(request, query, ['activeAt', 'id']);
    return { data: await this.withCounts(data), page };
  }

  /** @throws ConversationNotFound also when the actor may not see its bot */
  async find(conversationId: string, { bots }: Actor): Promise<Conversation> {
    const conversation = await this.db.manager.findOneBy(Conversation, { id: conversationId });
    if (!conversation || (bots && !bots.includes(conversation.botId))) throw new ConversationNotFound(conversationId);
    return conversation;
  }

  async read(conversationId: string, actor: Actor): Promise<Facts> {
    const [facts] = await this.withCounts([await this.find(conversationId, actor)]);
    return facts!;
  }

  /** The latest first. */
  async turns(request: RequestOf<typeof ListTurns>): Promise<Page<TurnFacts>> {
    const { id: conversationId } = await this.find(request.params.conversationId, request.actor);
    const query = this.db.manager
      .createQueryBuilder(Turn, 't')
      .leftJoinAndMapOne('t.prompt', Prompt, 'p', 'p.id = t.promptId')
      .where('t.conversationId = :conversationId', { conversationId });
    const found = await this.cursors.select(request, query, ['startedAt', 'id']);
    const rows = found.data as (Turn & { prompt: Prompt | null })[];
    const ids = rows.map(({ id }) => id);
    const [used, ratings, places] = await Promise.all([
      this.usedBy(ids),
      this.ratingsOf(ids),
      this.knowledge.places([...new Set(rows.flatMap(({ contextReport }) => idsIn(contextReport)))]),
    ]);
    const data = rows.map(({ prompt, ...turn }) => ({
      ...turn,
      ...NOTHING_USED,
      ...used.get(turn.id),
      prompt: prompt && { id: prompt.id, version: prompt.version },
      passages: places.filter(({ id }) => idsIn(turn.contextReport).includes(id)),
      ratings: ratings.filter(({ replyId }) => replyId === turn.id),
    }));
    return { data, page: found.page };
  }

  private async withCounts(rows: readonly Conversation[]): Promise<Facts[]> {
    const counted = await this.db.query<(Counts & { id: string })[]>(COUNTS, [rows.map(({ id }) => id)]);
    const counts = new Map(counted.map(({ id, ...count }) => [id, count]));
    const now = this.clock.now();
    return rows.map(({ handedOverUntil, ...row }) => {
      const isHandedOver = handedOverUntil !== null && handedOverUntil > now;
      return { ...row, ...counts.get(row.id)!, handedOverUntil: isHandedOver ? handedOverUntil : null };
    });
  }

  private async usedBy(turns: readonly string[]) {
    const rows = await this.db.query<(typeof NOTHING_USED & { id: string })[]>(
      `SELECT turn_id AS id, count(*)::int AS calls, sum(input_tokens)::int AS "inputTokens",
         sum(cached_input_tokens)::int AS "cachedInputTokens", sum(output_tokens)::int AS "outputTokens",
         sum(cost_micros)::float8 AS "costMicros"
       FROM usages WHERE turn_id = ANY($1) GROUP BY turn_id`,
      [turns],
    );
    return new Map(rows.map(({ id, ...used }) => [id, used]));
  }

  private ratingsOf(turns: readonly string[]) {
    return this.db.query<{ replyId: string; userId: string; rating: number }[]>(
      'SELECT reply_id AS "replyId", user_id AS "userId", rating FROM ratings WHERE reply_id = ANY($1) AND rating <> 0',
      [turns],
    );
  }
}

type Counts = Pick<Facts, 'messages' | 'turns' | 'outcomes' | 'good' | 'bad' | 'costMicros'>;

const NOTHING_USED = { calls: 0, inputTokens: 0, cachedInputTokens: 0, outputTokens: 0, costMicros: 0 };

const RATINGS = { good: '= 1', bad: '= -1', any: '<> 0' };

const TURNS_OF_IT = `SELECT FROM turns t LEFT JOIN ratings r ON r.reply_id = t.id WHERE t.conversation_id = c.id`;

const COUNTS = `
  SELECT c.id, (SELECT count(*)::int FROM messages m WHERE m.conversation_id = c.id) AS messages,
    coalesce(done.turns, 0)::int AS turns, coalesce(done.outcomes, '[]') AS outcomes,
    (SELECT count(*)::int FROM turns t JOIN ratings r ON r.reply_id = t.id WHERE t.conversation_id = c.id AND r.rating = 1) AS good,
    (SELECT count(*)::int FROM turns t JOIN ratings r ON r.reply_id = t.id WHERE t.conversation_id = c.id AND r.rating = -1) AS bad,
    (SELECT coalesce(sum(u.cost_micros), 0)::float8 FROM turns t JOIN usages u ON u.turn_id = t.id
     WHERE t.conversation_id = c.id) AS "costMicros"
  FROM conversations c LEFT JOIN LATERAL (
    SELECT sum(n) AS turns, json_agg(json_build_object('outcome', outcome, 'turns', n) ORDER BY n DESC, outcome) AS outcomes
    FROM (SELECT outcome, count(*) AS n FROM turns t WHERE t.conversation_id = c.id GROUP BY outcome) each
  ) done ON true
  WHERE c.id = ANY($1)`;

const idsIn = (report: Turn['contextReport']): string[] =>
  report ? [...report.kept, ...report.summarised, ...report.dropped] : [];
