import { Injectable } from '@nestjs/common';
import { Outbox } from '@switchboard/bus';
import {
  type Actor,
  type AddTicketNote,
  type AnswerTicket,
  type EventOf,
  type ForeignReplyNoticed,
  StaffMessageSent,
  TicketAnswerRefused,
  type TicketAnswerRequested,
  type WindowChanged,
} from '@switchboard/contracts';
import {
  type AnswerOf,
  Clock,
  DomainError,
  PersonalData,
  type RequestOf,
  unlessErased,
} from '@switchboard/service-kit';
import { type EntityManager, IsNull } from 'typeorm';
import { v5 as uuidv5, v7 as uuidv7 } from 'uuid';
import { Conversation } from '../conversations/conversation.entity';
import { openIn } from '../conversations/conversations.service';
import { Message } from '../conversations/message.entity';
import { MessageCipher } from '../conversations/message-cipher';
import { countTokens } from '../models/tokens';
import { staffIdOf } from './staff-id';
import { Ticket } from './ticket.entity';
import { type LockedTicket, TicketsService } from './tickets.service';

class ChatNotFound extends DomainError {
  constructor(chatId: string) {
    super('chat-ai.chat_not_found', 'The person does not write in such a chat', 404, { chatId });
  }
}

class StaffWindowClosed extends DomainError {
  constructor(until: Date | null, chatIds: readonly string[]) {
    super('chat-ai.window_closed', 'The channel takes no free text any more', 409, {
      until: until && until.toISOString(),
      chatIds,
    });
  }
}

class TagNotFound extends DomainError {
  constructor(tag: string) {
    super('chat-ai.tag_not_found', 'The shop has no such tag', 404, { tag });
  }
}

/** An account in which a person writes to a shop. */
export interface Account {
  readonly botId: string;
  readonly chatId: string;
  readonly lastAt: Date;
}

type Asked = RequestOf<typeof AnswerTicket>['body'];

interface Said {
  readonly id: string;
  readonly text: string;
  readonly author: 'staff' | 'group' | 'channel';
  readonly staffId: string | null;
  readonly clientId: string | null;
  readonly delivery: string | null;
  readonly sentAt: Date;
  readonly to: Pick<Account, 'botId' | 'chatId'>;
}

/** Any fixed UUID: it makes the ids of what staff write differ from all others that are made from a ticket's id. */
const ANSWERS = '2b7c0f0e-8d5f-4a1f-9a53-6c1a54d1f0b9';

/** What staff write: to the person, and to each other. */
@Injectable()
export class AnswersService {
  constructor(
    private readonly tickets: TicketsService,
    private readonly cipher: MessageCipher,
    private readonly personal: PersonalData,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
  ) {}

  /**
   * Answers a person. Whoever answers first has the ticket, and the assistant is silent.
   * @returns the id of the message, which the same answer asked for twice has as well
   * @throws TicketNotFound, TicketIsClosed, TakenByAnother, ChatNotFound, StaffWindowClosed
   */
  async answer(tx: EntityManager, ticketId: string, asked: Asked, actor: Actor): Promise<string> {
    const locked = await this.tickets.lock(tx, { ticketId, actor });
    const staffId = staffIdOf(actor);
    this.tickets.checkFree(locked.ticket, staffId);
    return this.send(tx, locked, { ...asked, staffId, author: 'staff' });
  }

  /** The same from the group of the staff, which may name nobody. Who has it in the console is not disturbed. */
  async answerFromGroup(tx: EntityManager, asked: EventOf<typeof TicketAnswerRequested>['data']): Promise<void> {
    const { ticketId, clientId, text, staffId = null } = asked;
    const known = await tx.findOneBy(Ticket, { id: ticketId, closedAt: IsNull() });
    const locked = known && (await this.tickets.lock(tx, { ticketId, actor: SERVICE }));
    const isFree = locked && (locked.ticket.assignee === null || locked.ticket.assignee === staffId);
    if (isFree) await this.send(tx, locked, { clientId, text, staffId, author: 'group' });
    else await this.outbox.add(tx, TicketAnswerRefused({ ticketId, clientId, reason: known ? 'taken' : 'closed' }));
  }

  /** What somebody has answered in the app of the channel: it belongs to the talk, and the assistant is silent. */
  async foreignReply(tx: EntityManager, reply: EventOf<typeof ForeignReplyNoticed>['data']): Promise<void> {
    const { chatId, botId, userId, messageId, text = '', sentAt } = reply;
    const conversation = await tx
      .createQueryBuilder(Conversation, 'conversations')
      .where(openIn(':chatId', ':userId'), { chatId, userId })
      .setLock('pessimistic_write')
      .getOne();
    // Nobody has written to the assistant there: there is nothing to be silent about.
    if (!conversation || conversation.userId === null) return;
    const locked = await this.tickets.takenElsewhere(tx, conversation);
    if (!locked) return;
    const to = { chatId, botId };
    const said = { id: messageId, text, author: 'channel', staffId: null, clientId: null, delivery: null, to } as const;
    if (!(await this.keep(tx, locked, { ...said, sentAt: new Date(sentAt) }))) return;
    await this.tickets.answered(tx, locked, null);
    await this.tickets.tell(tx, locked, { topic: 'message', messageId });
  }

  /** What the channel has made of a message of staff. */
  async delivered(
    tx: EntityManager,
    messageIds: readonly string[],
    delivery: 'sent' | 'read' | 'failed',
    reason: string | null = null,
  ): Promise<void> {
    const [rows] = await tx.query<[{ id: string; conversationId: string }[], number]>(
      `UPDATE messages SET delivery = $2, delivery_reason = $3
       WHERE id = ANY ($1) AND role = 'staff' AND delivery IS DISTINCT FROM $2 AND delivery IS DISTINCT FROM 'read'
       RETURNING id, conversation_id AS "conversationId"`,
      [messageIds, delivery, reason],
    );
    for (const { id, conversationId } of rows) {
      const ticket = await tx.findOne(Ticket, { where: { conversationId }, order: { openedAt: 'DESC' } });
      const conversation = ticket && (await tx.findOneBy(Conversation, { id: conversationId }));
      if (conversation) await this.tickets.tell(tx, { ticket, conversation }, { topic: 'delivery', messageId: id });
    }
  }

  /** Until when staff may write in a chat. */
  async windowChanged(tx: EntityManager, { chatId, userId, forPersonUntil }: EventOf<typeof WindowChanged>['data']) {
    await tx.query(
      `INSERT INTO desk_windows (chat_id, user_id, staff_until) VALUES ($1, $2, $3)
       ON CONFLICT (chat_id) DO UPDATE SET staff_until = excluded.staff_until`,
      [chatId, userId, forPersonUntil ?? null],
    );
    const [open] = await tx.query<{ id: string }[]>(
      `SELECT t.id FROM desk_tickets t JOIN conversations c ON c.id = t.conversation_id WHERE c.chat_id = $1 AND t.closed_at IS NULL`,
      [chatId],
    );
    if (open) await this.tickets.retell(tx, open.id);
  }

  /** What the person says it was worth to them. */
  async scored(tx: EntityManager, surveyId: string, score: number): Promise<void> {
    const [rows] = await tx.query<[{ id: string }[], number]>(
      'UPDATE desk_tickets SET score = $2, revision = revision + 1 WHERE survey_id = $1 AND $2 BETWEEN 1 AND 5 RETURNING id',
      [surveyId, score],
    );
    for (const { id } of rows) await this.tickets.retell(tx, id);
  }

  /** @throws TicketNotFound */
  async note(
    tx: EntityManager,
    { ticket, conversation }: LockedTicket,
    text: string,
    actor: Actor,
  ): Promise<AnswerOf<typeof AddTicketNote>> {
    const { userId, conversationId } = ticket;
    const [id, at, author] = [uuidv7(), this.clock.now(), staffIdOf(actor)];
    const sealed = await this.personal.encrypt(tx, { table: 'desk_notes', id, userId }, { text });
    await tx.query(
      'INSERT INTO desk_notes (id, conversation_id, user_id, author, text, at) VALUES ($1, $2, $3, $4, $5, $6)',
      [id, conversationId, userId, author, sealed.text, at],
    );
    await this.tickets.tell(tx, { ticket, conversation }, { topic: 'note', staffId: author });
    return { id, at };
  }

  /** @throws TagNotFound */
  async setTags(tx: EntityManager, locked: LockedTicket, wanted: readonly string[]): Promise<string[]> {
    const { brandId, conversationId, revision } = locked.ticket;
    const known = await tx.query<{ name: string }[]>('SELECT name FROM desk_tags WHERE brand_id = $1', [brandId]);
    const tags = [...new Set(wanted)];
    this.checkTags(tags, known);
    await tx.query('DELETE FROM conversation_tags WHERE conversation_id = $1 AND tag <> ALL ($2)', [
      conversationId,
      tags,
    ]);
    await tx.query(
      `INSERT INTO conversation_tags (conversation_id, tag) SELECT $1, unnest($2::text[]) ON CONFLICT DO NOTHING`,
      [conversationId, tags],
    );
    await this.tickets.tell(tx, locked, { topic: 'ticket', revision });
    return tags;
  }

  /** @throws TagNotFound */
  checkTags(tags: readonly string[], known: readonly { readonly name: string }[]): void {
    const strange = tags.find((tag) => !known.some(({ name }) => name === tag));
    if (strange !== undefined) throw new TagNotFound(strange);
  }

  /** In which a person writes to the shop, the latest first. */
  accountsOf(tx: EntityManager, { id, chatId, botId }: Conversation): Promise<Account[]> {
    return tx.query<Account[]>(
      `SELECT coalesce(bot_id, $3) AS "botId", coalesce(chat_id, $2) AS "chatId", max(sent_at) AS "lastAt"
       FROM messages WHERE conversation_id = $1 AND role = 'user' GROUP BY 1, 2 ORDER BY 3 DESC`,
      [id, chatId, botId],
    );
  }

  async send(
    tx: EntityManager,
    locked: LockedTicket,
    asked: {
      readonly clientId: string;
      readonly text: string;
      readonly chatId?: string | undefined;
      readonly staffId: string | null;
      readonly author: 'staff' | 'group';
    },
  ): Promise<string> {
    const { conversation } = locked;
    const { clientId, text, staffId, author } = asked;
    const id = uuidv5(`${locked.ticket.id} ${clientId}`, ANSWERS);
    if (await tx.existsBy(Message, { id })) return id;
    const to = await this.placeFor(tx, conversation, asked.chatId);
    const now = this.clock.now();
    const ticket = await this.tickets.silence(tx, locked, staffId);
    const said = { id, text, author, staffId, clientId, delivery: 'queued', sentAt: now, to };
    await this.keep(tx, { ticket, conversation }, said);
    const { waitedMs, until } = await this.tickets.answered(tx, { ticket, conversation }, staffId);
    await this.outbox.add(
      tx,
      StaffMessageSent({
        ...{ messageId: id, conversationId: conversation.id, ticketId: ticket.id, userId: ticket.userId, ...to },
        ...{ channel: this.tickets.channelOf(to.botId), author, text, locale: ticket.language, at: now.toISOString() },
        until: until.toISOString(),
        ...(staffId && { staffId }),
        ...(waitedMs !== null && { waitedMs }),
      }),
    );
    await this.tickets.tell(tx, { ticket, conversation }, { topic: 'message', messageId: id });
    return id;
  }

  /** Where the person wrote last, or in the chat that is named, if it may be written in. */
  private async placeFor(
    tx: EntityManager,
    conversation: Conversation,
    chatId: string | undefined,
  ): Promise<Pick<Account, 'botId' | 'chatId'>> {
    const accounts = await this.accountsOf(tx, conversation);
    const wanted = chatId ?? conversation.chatId;
    const account = accounts.find((each) => each.chatId === wanted);
    if (!account && chatId !== undefined) throw new ChatNotFound(chatId);
    const windows = await tx.query<{ chatId: string; staffUntil: Date | null }[]>(
      'SELECT chat_id AS "chatId", staff_until AS "staffUntil" FROM desk_windows WHERE chat_id = ANY ($1)',
      [accounts.map((each) => each.chatId)],
    );
    const now = this.clock.now();
    const closed = windows.filter(({ staffUntil }) => staffUntil === null || staffUntil <= now);
    const window = closed.find((each) => each.chatId === wanted);
    if (window) {
      const others = accounts.filter((each) => !closed.some((other) => other.chatId === each.chatId));
      throw new StaffWindowClosed(
        window.staffUntil,
        others.map((each) => each.chatId),
      );
    }
    return { chatId: wanted, botId: account?.botId ?? conversation.botId };
  }

  /** False for a person who was erased, and for what is known already. */
  private async keep(
    tx: EntityManager,
    { ticket: { userId, language }, conversation }: LockedTicket,
    { text, to, ...said }: Said,
  ): Promise<boolean> {
    const content = { text, transcript: null, quoted: null, senderName: null };
    const sealed = await unlessErased(this.cipher.seal(tx, { id: said.id, userId }, content));
    if (!sealed) return false;
    const [kept] = await tx.query<unknown[]>(
      `INSERT INTO messages (id, conversation_id, role, state, user_id, locale, text, tokens, sent_at, chat_id, bot_id, author, staff_id,
         client_id, delivery)
       VALUES ($1, $2, 'staff', 'answered', $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) ON CONFLICT (id) DO NOTHING RETURNING id`,
      [
        ...[said.id, conversation.id, userId, language, sealed.text, countTokens(text), said.sentAt],
        ...[to.chatId, to.botId, said.author, said.staffId, said.clientId, said.delivery],
      ],
    );
    return kept !== undefined;
  }
}

/** The group of the staff sees what the shop has. */
const SERVICE: Actor = { kind: 'service', id: 'bot-adapter', roles: [], scopes: [] };
