import { Injectable } from '@nestjs/common';
import { Outbox } from '@switchboard/bus';
import {
  type Actor,
  type AuditAction,
  AuditEntryAppendRequested,
  type DeskMessage as DeskMessageSchema,
  type ListTicketMessages,
  type ListTickets,
  type ReadTicket,
  type Ticket as TicketSchema,
} from '@switchboard/contracts';
import {
  type AnswerOf,
  auditEntry,
  BotsRegistry,
  Clock,
  Cursors,
  type Page,
  PersonalData,
  type RequestOf,
} from '@switchboard/service-kit';
import { LRUCache } from 'lru-cache';
import { DataSource, type EntityManager } from 'typeorm';
import type { z } from 'zod';
import { Conversation } from '../conversations/conversation.entity';
import { wordsOf } from '../conversations/message-content';
import { Message } from '../conversations/message.entity';
import { type ContentReader, MessageCipher } from '../conversations/message-cipher';
import { AnswersService } from './answers.service';
import { staffIdIfAny } from './staff-id';
import { Ticket } from './ticket.entity';
import { TicketNotFound } from './tickets.service';

export type TicketView = z.output<typeof TicketSchema>;
type DeskMessage = z.output<typeof DeskMessageSchema>;
type Details = AnswerOf<typeof ReadTicket>;
type Filter = RequestOf<typeof ListTickets>['query'];
type Seen = Ticket & { conversation: Conversation };

const VIEWS: Record<Filter['view'], string> = {
  open: `t.state = 'open'`,
  mine: `t.state IN ('open', 'waiting') AND t.assignee = $1`,
  unassigned: `t.state IN ('open', 'waiting') AND t.assignee IS NULL`,
  waiting: `t.state = 'waiting'`,
  snoozed: `t.state = 'snoozed'`,
  closed: `t.state = 'closed'`,
};

/** The highest priority first, then who has waited longest. */
const URGENCY = { columns: ['(3 - t.priority)', 'coalesce(t.waiting_since, t.opened_at)', 't.id'], rises: true };
const TICKETS = 'FROM desk_tickets t JOIN conversations c ON c.id = t.conversation_id';
const LATEST = { columns: ['t.closed_at', 't.id'], rises: false };

const OPENED: AuditAction = 'chat-ai.desk.read';
/** Whoever looks again within so long has it open still. */
const OPENED_MS = 30 * 60_000;

/** Tickets as those see them who work on them. */
@Injectable()
export class TicketViewsService {
  /** By whom which tickets were opened lately. */
  private readonly opened = new LRUCache<string, true>({ max: 10_000, ttl: OPENED_MS });

  constructor(
    private readonly db: DataSource,
    private readonly clock: Clock,
    private readonly cursors: Cursors,
    private readonly bots: BotsRegistry,
    private readonly cipher: MessageCipher,
    private readonly personal: PersonalData,
    private readonly answers: AnswersService,
    private readonly outbox: Outbox,
  ) {}

  async list(request: RequestOf<typeof ListTickets>): Promise<AnswerOf<typeof ListTickets>> {
    const { view, limit } = request.query;
    const { columns, rises } = view === 'closed' ? LATEST : URGENCY;
    const { where, parameter, parameters } = this.filter(request);
    const position = this.cursors.position(request);
    const isForward = rises !== (position?.direction === 'prev');
    const from = position
      ? `(${columns.join()}) ${isForward ? '>' : '<'} (${position.key.map(parameter).join()})`
      : 'true';
    const order = columns.map((column) => `${column} ${isForward ? 'ASC' : 'DESC'}`).join();
    const [found, [counts]] = await Promise.all([
      this.db.query<{ id: string }[]>(
        `SELECT t.id ${TICKETS} WHERE ${where} AND ${VIEWS[view]} AND ${from} ORDER BY ${order} LIMIT ${parameter(limit + 1)}`,
        parameters,
      ),
      this.counts(request),
    ]);
    const rows = await this.load(found.map(({ id }) => id));
    const page = this.cursors.page(request, rows, (row) =>
      view === 'closed'
        ? [row.closedAt!.toISOString(), row.id]
        : [3 - row.priority, (row.waitingSince ?? row.openedAt).toISOString(), row.id],
    );
    return { ...page, data: await this.shown(this.db.manager, page.data), counts: counts! };
  }

  /** @throws TicketNotFound also when the actor may not see its account */
  async find(tx: EntityManager, ticketId: string, actor: Actor): Promise<TicketView> {
    const [view] = await this.shown(tx, [await this.seen(tx, ticketId, actor)]);
    return view!;
  }

  /** Of a ticket that was just changed, by whoever might. */
  async of(tx: EntityManager, { id }: Pick<Ticket, 'id'>): Promise<TicketView> {
    const [view] = await this.shown(tx, [(await joined(tx).where('t.id = :id', { id }).getOneOrFail()) as Seen]);
    return view!;
  }

  async read(ticketId: string, actor: Actor): Promise<Details> {
    const { manager } = this.db;
    const ticket = await this.seen(manager, ticketId, actor);
    const [view] = await this.shown(manager, [ticket]);
    const [accounts, notes, [{ earlier }]] = await Promise.all([
      this.answers.accountsOf(manager, ticket.conversation),
      this.notes(ticket),
      this.db.query<[{ earlier: number }]>(
        `SELECT count(*)::int AS earlier FROM desk_tickets WHERE user_id = $1 AND brand_id = $2 AND opened_at < $3`,
        [ticket.userId, ticket.brandId, ticket.openedAt],
      ),
    ]);
    const named = accounts.map((account) => ({ ...account, channel: this.channelOf(account.botId) }));
    return { ...view!, accounts: named, notes, earlier };
  }

  /** The latest first. Being on the desk is the reason to read them: the audit log is told once, before they are shown. */
  async messages(request: RequestOf<typeof ListTicketMessages>): Promise<Page<DeskMessage>> {
    const { id, conversation } = await this.seen(this.db.manager, request.params.ticketId, request.actor);
    await this.tellAuditLog(request, { id, botId: conversation.botId });
    const position = this.cursors.position(request);
    const isRising = position?.direction === 'prev';
    const query = this.db.manager
      .createQueryBuilder(Message, 'm')
      .where('m.conversationId = :id', { id: conversation.id });
    if (position) query.andWhere(`m.position ${isRising ? '>' : '<'} :from`, { from: position.key[0] });
    const rows = await query
      .orderBy('m.position', isRising ? 'ASC' : 'DESC')
      .limit(request.query.limit + 1)
      .getMany();
    const { data, page } = this.cursors.page(request, rows, ({ position }) => [position]);
    return { data: await this.readable(this.db.manager, data, conversation), page };
  }

  async message(tx: EntityManager, messageId: string): Promise<DeskMessage> {
    const message = await tx.findOneByOrFail(Message, { id: messageId });
    const conversation = await tx.findOneByOrFail(Conversation, { id: message.conversationId });
    const [readable] = await this.readable(tx, [message], conversation);
    return readable!;
  }

  private async tellAuditLog(
    { actor }: Pick<RequestOf<typeof ListTicketMessages>, 'actor'>,
    { id: resourceId, botId }: { id: string; botId: string },
  ): Promise<void> {
    const opened = `${actor.kind} ${actor.id} ${resourceId}`;
    if (this.opened.has(opened)) return;
    const entry = auditEntry(actor, { id: OPENED }, { resourceType: 'ticket', resourceId, botId });
    await this.db.transaction((tx) => this.outbox.add(tx, AuditEntryAppendRequested(entry)));
    this.opened.set(opened, true);
  }

  private async readable(
    tx: EntityManager,
    rows: readonly Message[],
    conversation: Conversation,
  ): Promise<DeskMessage[]> {
    const read = await this.cipher.reader(tx, rows);
    const turns = rows.flatMap(({ role, turnId }) => (role === 'assistant' && turnId ? [turnId] : []));
    const ratings = await tx.query<{ replyId: string; rating: number }[]>(
      'SELECT reply_id AS "replyId", rating FROM ratings WHERE reply_id = ANY ($1) AND rating <> 0',
      [turns],
    );
    return rows.map((row) => {
      const rating = ratings.find(({ replyId }) => row.role === 'assistant' && replyId === row.turnId)?.rating ?? null;
      return { ...this.shownMessage(row, read, conversation), rating };
    });
  }

  private shownMessage(row: Message, read: ContentReader, conversation: Conversation): Omit<DeskMessage, 'rating'> {
    const content = read(row);
    const { id, role, author, staffId, clientId, delivery, deliveryReason, sentAt, editedAt } = row;
    const botId = row.botId ?? conversation.botId;
    return {
      ...{ id, author, staffId, clientId, sentAt, editedAt, botId },
      role: role === 'user' ? 'person' : role,
      ...{ text: content ? wordsOf(content) : null, quoted: content?.quoted ?? null },
      ...{ channel: this.channelOf(botId), chatId: row.chatId ?? conversation.chatId },
      delivery: delivery === null ? null : { state: delivery, reason: deliveryReason },
    };
  }

  private async seen(tx: EntityManager, ticketId: string, { bots }: Actor): Promise<Seen> {
    const ticket = (await joined(tx).where('t.id = :ticketId', { ticketId }).getOne()) as Seen | null;
    if (!ticket || (bots && !bots.includes(ticket.conversation.botId))) throw new TicketNotFound(ticketId);
    return ticket;
  }

  /** In this order; what was erased meanwhile is left out. */
  private async load(ids: readonly string[]): Promise<Seen[]> {
    const rows = (await joined(this.db.manager).where('t.id = ANY(:ids)', { ids }).getMany()) as Seen[];
    return ids.flatMap((id) => rows.find((row) => row.id === id) ?? []);
  }

  private filter({ query, actor }: Pick<RequestOf<typeof ListTickets>, 'query' | 'actor'>) {
    const { brandId, botId, userId, assignee, team, tag, language, channel } = query;
    const parameters: unknown[] = [staffIdIfAny(actor)];
    const parameter = (value: unknown) => `$${parameters.push(value)}`;
    const among = channel && this.bots.all().filter((bot) => channel.includes(bot.channel.kind));
    const conditions = [
      // Of whoever is no member of staff nothing is "mine".
      '($1::uuid IS NULL OR true)',
      actor.bots && `c.bot_id = ANY (${parameter(actor.bots)})`,
      brandId && `t.brand_id = ${parameter(brandId)}`,
      botId && `c.bot_id = ${parameter(botId)}`,
      userId && `t.user_id = ${parameter(userId)}`,
      assignee && `t.assignee = ${parameter(assignee)}`,
      team && `t.team = ${parameter(team)}`,
      language && `t.language = ${parameter(language)}`,
      among && `c.bot_id = ANY (${parameter(among.map(({ id }) => id))})`,
      ...(tag ?? []).map(
        (each) =>
          `EXISTS (SELECT FROM conversation_tags g WHERE g.conversation_id = c.id AND g.tag = ${parameter(each)})`,
      ),
    ];
    return { where: conditions.filter(Boolean).join(' AND '), parameter, parameters };
  }

  /** By view. */
  private counts(request: RequestOf<typeof ListTickets>): Promise<Record<string, number>[]> {
    const { where, parameters } = this.filter(request);
    const counts = Object.entries(VIEWS).map(([view, is]) => `(count(*) FILTER (WHERE ${is}))::int AS "${view}"`);
    return this.db.query(`SELECT ${counts.join()} ${TICKETS} WHERE ${where}`, parameters);
  }

  private async shown(tx: EntityManager, tickets: readonly Seen[]): Promise<TicketView[]> {
    const conversations = tickets.map(({ conversationId }) => conversationId);
    const chats = tickets.map(({ conversation }) => conversation.chatId);
    const [tags, windows] = await Promise.all([
      tx.query<{ id: string; tag: string }[]>(
        'SELECT conversation_id AS id, tag FROM conversation_tags WHERE conversation_id = ANY ($1) ORDER BY tag',
        [conversations],
      ),
      tx.query<{ chatId: string; staffUntil: Date | null }[]>(
        'SELECT chat_id AS "chatId", staff_until AS "staffUntil" FROM desk_windows WHERE chat_id = ANY ($1)',
        [chats],
      ),
    ]);
    const now = this.clock.now();
    return tickets.map(({ conversation, ...ticket }) => {
      const { botId, chatId, handedOverUntil } = conversation;
      const window = windows.find((each) => each.chatId === chatId);
      return {
        ...ticket,
        ...{ botId, channel: this.channelOf(botId) },
        tags: tags.filter(({ id }) => id === ticket.conversationId).map(({ tag }) => tag),
        window: window ? { staffUntil: window.staffUntil } : null,
        handedOverUntil: handedOverUntil && handedOverUntil > now ? handedOverUntil : null,
      };
    });
  }

  private async notes({ conversationId, userId }: Ticket): Promise<Details['notes']> {
    const rows = await this.db.query<{ id: string; author: string; text: string; at: Date }[]>(
      'SELECT id, author, text, at FROM desk_notes WHERE conversation_id = $1 ORDER BY at DESC, id DESC LIMIT 200',
      [conversationId],
    );
    const sealed = rows.map(({ id, text }) => ({ row: { table: 'desk_notes', id, userId }, values: { text } }));
    const read = await this.personal.decryptAll(this.db.manager, sealed);
    return rows.map((row, i) => ({ ...row, text: read[i]?.text ?? null }));
  }

  private channelOf(botId: string): string {
    return this.bots.find(botId)?.channel.kind ?? 'unknown';
  }
}

const joined = (tx: EntityManager) =>
  tx.createQueryBuilder(Ticket, 't').innerJoinAndMapOne('t.conversation', Conversation, 'c', 'c.id = t.conversationId');
