import { Injectable } from '@nestjs/common';
import { Outbox } from '@switchboard/bus';
import {
  type Actor,
  type HandoverReason,
  type Locale,
  TicketChanged,
  TicketClosed,
  TicketOpened,
} from '@switchboard/contracts';
import { BotsRegistry, Clock, DomainError, type IfMatch } from '@switchboard/service-kit';
import { DataSource, type EntityManager, IsNull } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import type { z } from 'zod';
import type { Assistant } from '../assistants/assistant';
import { AssistantsService } from '../assistants/assistants.service';
import { nextOpening } from '../assistants/opening-hours';
import { Conversation } from '../conversations/conversation.entity';
import { ConversationNotFound } from '../conversations/conversation-facts.service';
import { HandoversService } from '../conversations/handovers.service';
import { DeskFeed, type DeskNews } from './desk-feed';
import { DeskStaffService, StaffNotOnDesk } from './desk-staff.service';
import { staffIdIfAny, staffIdOf } from './staff-id';
import { Ticket } from './ticket.entity';
import { moved, type TicketMove } from './ticket.states';

export class TicketNotFound extends DomainError {
  constructor(ticketId: string) {
    super('chat-ai.ticket_not_found', 'There is no such ticket', 404, { ticketId });
  }
}

class TicketIsClosed extends DomainError {
  constructor(ticketId: string) {
    super('chat-ai.ticket_closed', 'The ticket is closed', 409, { ticketId });
  }
}

class TakenByAnother extends DomainError {
  constructor(staffId: string) {
    super('chat-ai.taken_by_another', 'Somebody else has taken the conversation', 409, { staffId });
  }
}

class SnoozeOver extends DomainError {
  constructor() {
    super('chat-ai.snooze_over', 'The time is over already, or too far away', 422);
  }
}

/** A ticket and its conversation, both locked. */
export interface LockedTicket {
  readonly ticket: Ticket;
  readonly conversation: Conversation;
}

/** Which ticket, by whom, and what they have seen. */
export interface Changing {
  readonly ticketId: string;
  readonly actor: Actor;
  /** Without it whatever it is now. */
  readonly seen?: IfMatch;
}

export interface Assignment {
  readonly assignee?: string | null | undefined;
  readonly team?: string | null | undefined;
  readonly priority?: number | undefined;
  readonly byLoad?: boolean;
}

type Reason = z.output<typeof HandoverReason>;

const DAY_MS = 86_400_000;
const LONGEST_SNOOZE_MS = 90 * DAY_MS;
/** So long after the last word whoever was helped is not asked yet what it was worth: they may write again. */
export const ASK_AFTER_MS = 10 * 60_000;

/** How conversations come to staff, who answers them there, and how they go back. */
@Injectable()
export class TicketsService {
  constructor(
    private readonly db: DataSource,
    private readonly clock: Clock,
    private readonly outbox: Outbox,
    private readonly bots: BotsRegistry,
    private readonly assistants: AssistantsService,
    private readonly handovers: HandoversService,
    private readonly staff: DeskStaffService,
    private readonly feed: DeskFeed,
  ) {}

  /** The assistant hands over; staff are told once. */
  handOver(conversationId: string, reason: Reason): Promise<void> {
    return this.db.transaction(async (tx) => {
      const conversation = await this.lockConversation(tx, conversationId);
      if (!conversation) return;
      const { handoverHours: hours } = this.assistants.get(conversation.botId);
      const isNew = await this.handovers.begin(tx, conversationId, { reason, hours });
      if (isNew && conversation.userId !== null) await this.openOrReopen(tx, conversation, reason);
    });
  }

  /**
   * A member of staff takes a conversation over: the assistant is silent from the commit on.
   * @throws TicketNotFound, TicketIsClosed, TakenByAnother, HttpProblem 412
   */
  async take(tx: EntityManager, changing: Changing): Promise<Ticket> {
    const locked = await this.lock(tx, changing);
    const staffId = staffIdOf(changing.actor);
    // Before what they have seen: whoever comes second is told who was first.
    this.checkFree(locked.ticket, staffId);
    changing.seen?.check(locked.ticket.revision);
    return this.takeLocked(tx, locked, staffId);
  }

  /** The same with a conversation that waits for nobody. @throws ConversationNotFound, TakenByAnother */
  async takeConversation(tx: EntityManager, conversationId: string, actor: Actor): Promise<Ticket> {
    const conversation = await this.lockConversation(tx, conversationId);
    const isSeen = conversation && (!actor.bots || actor.bots.includes(conversation.botId));
    // In a group it is nobody in particular who would be answered.
    if (!isSeen || conversation.userId === null || conversation.closedAt)
      throw new ConversationNotFound(conversationId);
    const staffId = staffIdOf(actor);
    const known = await this.openOf(tx, conversationId);
    if (known) this.checkFree(known, staffId);
    const ticket = known ?? (await this.open(tx, conversation, { reason: 'staff', assignee: staffId }));
    return this.takeLocked(tx, { ticket, conversation }, staffId);
  }

  /** Somebody has answered in the app of the channel: whoever it was, the assistant is silent. */
  async takenElsewhere(tx: EntityManager, conversation: Conversation): Promise<LockedTicket | undefined> {
    const { handoverHours: hours } = this.assistants.get(conversation.botId);
    if (!(await this.handovers.takeOver(tx, conversation.id, { reason: 'foreign_reply', hours }))) return undefined;
    const known = await this.openOf(tx, conversation.id);
    const ticket = known ?? (await this.open(tx, conversation, { reason: 'foreign_reply', assignee: null }));
    return { ticket, conversation };
  }

  /** @throws TicketNotFound, TicketIsClosed, StaffNotOnDesk, HttpProblem 412 */
  async assign(tx: EntityManager, changing: Changing, assignment: Assignment): Promise<Ticket> {
    const locked = await this.lock(tx, changing);
    changing.seen?.check(locked.ticket.revision);
    const { ticket } = locked;
    const { byLoad, priority = ticket.priority, team = ticket.team } = assignment;
    const wanted = { brandId: ticket.brandId, team, language: ticket.language };
    const assignee = byLoad ? await this.staff.leastLoaded(tx, wanted) : (assignment.assignee ?? null);
    if (byLoad && assignee === null) throw new StaffNotOnDesk();
    if (!byLoad) await this.staff.check(tx, { ...wanted, team: assignment.team ?? null, assignee });
    const isNamed = byLoad || assignment.assignee !== undefined;
    return this.change(tx, locked, { priority, team, ...(isNamed && { assignee }) });
  }

  /** @throws TicketNotFound, TicketIsClosed, SnoozeOver, HttpProblem 412 */
  async snooze(tx: EntityManager, changing: Changing, until: Date): Promise<Ticket> {
    const locked = await this.lock(tx, changing);
    changing.seen?.check(locked.ticket.revision);
    const now = this.clock.now().getTime();
    if (until.getTime() <= now || until.getTime() > now + LONGEST_SNOOZE_MS) throw new SnoozeOver();
    return this.move(tx, locked, 'snoozed', { snoozedUntil: until });
  }

  /**
   * The assistant answers again, and only what is written from now on.
   * @param close whether nothing is left to do for staff
   * @param ask whether the person is asked what it was worth to them
   * @throws TicketNotFound, TicketIsClosed, HttpProblem 412
   */
  async handBack(
    tx: EntityManager,
    changing: Changing,
    { close, ask }: { close: boolean; ask: boolean },
  ): Promise<Ticket> {
    const locked = await this.lock(tx, changing);
    changing.seen?.check(locked.ticket.revision);
    await this.handovers.end(tx, { conversationId: locked.conversation.id }, 'staff');
    if (!close) return this.move(tx, locked, 'handedBack', { waitingSince: null, snoozedUntil: null });
    const askAt = ask ? new Date(this.clock.now().getTime() + ASK_AFTER_MS) : null;
    return this.close(tx, locked, { closedBy: staffIdOf(changing.actor), askAt });
  }

  /** A conversation is given back, whether or not there is a ticket. */
  async resume(tx: EntityManager, conversationId: string, actor: Actor): Promise<void> {
    await this.lockConversation(tx, conversationId);
    await this.handovers.end(tx, { conversationId }, 'staff');
    await this.over(tx, conversationId, staffIdIfAny(actor));
  }

  /** The person wants the assistant back, or has begun anew: staff have nothing left to do. */
  async over(tx: EntityManager, conversationId: string, closedBy: string | null = null): Promise<void> {
    const conversation = await this.lockConversation(tx, conversationId);
    const ticket = conversation && (await this.openOf(tx, conversationId));
    if (ticket) await this.close(tx, { ticket, conversation }, { closedBy, askAt: null });
  }

  /** The person has written in a conversation that has a ticket. Its row is locked. */
  async personWrote(tx: EntityManager, ticketId: string, messageId: string): Promise<void> {
    const locked = await this.lockOpen(tx, ticketId);
    if (!locked) return;
    const { ticket, conversation } = locked;
    await this.tell(tx, locked, { topic: 'message', messageId });
    const { handedOverUntil } = conversation;
    const now = this.clock.now();
    // What the assistant answers is nothing that staff are waited for.
    if (!handedOverUntil || handedOverUntil <= now) return;
    const isNews = ticket.state !== 'open' || ticket.waitingSince === null;
    if (isNews)
      await this.move(tx, locked, 'written', { waitingSince: ticket.waitingSince ?? now, snoozedUntil: null });
  }

  /** What staff have answered is on its way. @returns how long the person had waited, and until when the assistant stays silent */
  async answered(
    tx: EntityManager,
    { ticket, conversation }: LockedTicket,
    by: string | null,
  ): Promise<{ waitedMs: number | null; until: Date }> {
    const now = this.clock.now();
    const { handoverHours: hours } = this.assistants.get(conversation.botId);
    const until = await this.handovers.extend(tx, conversation.id, hours);
    const waitedMs = ticket.waitingSince && Math.max(0, now.getTime() - ticket.waitingSince.getTime());
    await this.move(tx, { ticket, conversation }, 'answered', {
      assignee: ticket.assignee ?? by,
      answers: ticket.answers + 1,
      firstAnswerMs: ticket.firstAnswerMs ?? waitedMs,
      waitingSince: null,
      snoozedUntil: null,
      promisedAt: null,
    });
    return { waitedMs, until };
  }

  /** Ends what was put aside until now. */
  async wake(tx: EntityManager, ticketId: string): Promise<void> {
    const locked = await this.lockOpen(tx, ticketId);
    if (!locked || locked.ticket.state !== 'snoozed' || locked.ticket.snoozedUntil! > this.clock.now()) return;
    await this.move(tx, locked, 'woken', { snoozedUntil: null });
  }

  /** For whoever does several things at once with it. @throws TicketNotFound, TicketIsClosed */
  async lock(tx: EntityManager, { ticketId, actor }: Changing): Promise<LockedTicket> {
    const [found] = await tx.query<{ conversationId: string; botId: string; isClosed: boolean }[]>(
      `SELECT t.conversation_id AS "conversationId", c.bot_id AS "botId", t.closed_at IS NOT NULL AS "isClosed"
       FROM desk_tickets t JOIN conversations c ON c.id = t.conversation_id WHERE t.id = $1`,
      [ticketId],
    );
    if (!found || (actor.bots && !actor.bots.includes(found.botId))) throw new TicketNotFound(ticketId);
    const locked = await this.lockOpen(tx, ticketId);
    if (!locked) throw new TicketIsClosed(ticketId);
    return locked;
  }

  /** @throws TakenByAnother */
  checkFree({ assignee }: Ticket, staffId: string | null): void {
    if (assignee !== null && assignee !== staffId) throw new TakenByAnother(assignee);
  }

  /** The assistant is silenced for whoever answers, and the ticket is theirs. */
  async takeLocked(tx: EntityManager, { ticket, conversation }: LockedTicket, staffId: string): Promise<Ticket> {
    const { waitingSince } = await this.silence(tx, { ticket, conversation }, staffId);
    await this.staff.seen(tx, ticket.brandId, staffId);
    const taken = { assignee: staffId, waitingSince, snoozedUntil: null, promisedAt: null };
    return this.move(tx, { ticket, conversation }, 'taken', taken);
  }

  /** Before whoever answers: where the assistant would still answer it is silenced. */
  async silence(tx: EntityManager, { ticket, conversation }: LockedTicket, by: string | null): Promise<Ticket> {
    const { handedOverUntil } = conversation;
    const isSilent = handedOverUntil !== null && handedOverUntil > this.clock.now();
    // What the assistant had begun to say before it handed over is not to come behind an answer of staff.
    if (isSilent && ticket.answers > 0) return ticket;
    const { handoverHours: hours } = this.assistants.get(conversation.botId);
    await this.handovers.takeOver(tx, conversation.id, { reason: 'staff', hours, ...(by && { by }) });
    return { ...ticket, waitingSince: ticket.waitingSince ?? (await this.askedAt(tx, conversation.id)) };
  }

  /** That there is something new about a ticket, for those who look at the desk. */
  tell(
    tx: EntityManager,
    { ticket, conversation }: LockedTicket,
    news: Pick<DeskNews, 'topic' | 'messageId' | 'staffId' | 'revision'>,
  ): Promise<void> {
    const { id: ticketId, brandId, conversationId } = ticket;
    return this.feed.add(tx, { brandId, botId: conversation.botId, ticketId, conversationId, ...news });
  }

  /** Of a ticket about which something is new that is not written in its row alone. */
  async retell(tx: EntityManager, ticketId: string): Promise<void> {
    const ticket = await tx.findOneBy(Ticket, { id: ticketId });
    const conversation = ticket && (await tx.findOneBy(Conversation, { id: ticket.conversationId }));
    if (conversation) await this.tell(tx, { ticket, conversation }, { topic: 'ticket', revision: ticket.revision });
  }

  /** Before everything of a person is erased: who looks at their tickets is to look again. */
  async forget(tx: EntityManager, userId: string): Promise<void> {
    const tickets = await tx.find(Ticket, { where: { userId, closedAt: IsNull() }, order: { id: 'ASC' } });
    for (const ticket of tickets) {
      const conversation = await tx.findOneByOrFail(Conversation, { id: ticket.conversationId });
      const closed = { ...ticket, state: 'closed' as const };
      await this.outbox.add(tx, TicketClosed(this.about({ ticket: closed, conversation })));
      await this.tell(tx, { ticket, conversation }, { topic: 'ticket' });
    }
  }

  /** The conversation is locked before its ticket, as everywhere. Undefined for one that is closed. */
  private async lockOpen(tx: EntityManager, ticketId: string): Promise<LockedTicket | undefined> {
    const known = await tx.findOneBy(Ticket, { id: ticketId });
    const conversation = known && (await this.lockConversation(tx, known.conversationId));
    const lock = { mode: 'pessimistic_write' } as const;
    const ticket = conversation && (await tx.findOne(Ticket, { where: { id: ticketId, closedAt: IsNull() }, lock }));
    return ticket ? { ticket, conversation } : undefined;
  }

  private lockConversation(tx: EntityManager, id: string): Promise<Conversation | null> {
    return tx.findOne(Conversation, { where: { id }, lock: { mode: 'pessimistic_write' } });
  }

  private openOf(tx: EntityManager, conversationId: string): Promise<Ticket | null> {
    const lock = { mode: 'pessimistic_write' } as const;
    return tx.findOne(Ticket, { where: { conversationId, closedAt: IsNull() }, lock });
  }

  private async openOrReopen(tx: EntityManager, conversation: Conversation, reason: Reason): Promise<void> {
    const known = await this.openOf(tx, conversation.id);
    const waitingSince = known?.waitingSince ?? this.clock.now();
    if (known) await this.move(tx, { ticket: known, conversation }, 'written', { waitingSince, snoozedUntil: null });
    else await this.open(tx, conversation, { reason, assignee: null });
  }

  private async open(
    tx: EntityManager,
    conversation: Conversation,
    { reason, assignee }: { reason: Reason; assignee: string | null },
  ): Promise<Ticket> {
    const now = this.clock.now();
    const { botId: brandId, ...assistant } = this.assistants.get(conversation.botId);
    const language = await this.languageOf(tx, conversation.id);
    const isAsked = assignee === null && reason !== 'foreign_reply';
    const ticket: Ticket = {
      ...{ id: uuidv7(), conversationId: conversation.id, brandId, userId: conversation.userId!, reason, language },
      ...{ state: reason === 'foreign_reply' ? 'waiting' : 'open', priority: 0, team: null, answers: 0, revision: 1 },
      assignee: assignee ?? (isAsked ? await this.staff.leastLoaded(tx, { brandId, team: null, language }) : null),
      ...{ openedAt: now, waitingSince: isAsked ? now : null, firstAnswerMs: null, snoozedUntil: null },
      ...{ closedAt: null, closedBy: null, askAt: null, surveyId: null, score: null },
      promisedAt: isAsked ? promiseFrom(now, assistant) : null,
    };
    await tx.insert(Ticket, ticket);
    const locked = { ticket, conversation };
    await this.outbox.add(tx, TicketOpened(this.about(locked)));
    await this.tell(tx, locked, { topic: 'ticket', revision: 1 });
    return ticket;
  }

  private async close(
    tx: EntityManager,
    locked: LockedTicket,
    { closedBy, askAt }: { closedBy: string | null; askAt: Date | null },
  ): Promise<Ticket> {
    const closedAt = this.clock.now();
    const ended = { closedAt, closedBy, askAt, waitingSince: null, snoozedUntil: null, promisedAt: null };
    const ticket = await this.write(tx, locked, { ...ended, state: this.stateAfter(locked.ticket, 'closed') });
    const closed = { ...this.about({ ...locked, ticket }), ...(closedBy && { closedBy }) };
    await this.outbox.add(tx, TicketClosed(closed));
    await this.tell(tx, locked, { topic: 'ticket', revision: ticket.revision });
    return ticket;
  }

  private move(tx: EntityManager, locked: LockedTicket, move: TicketMove, change: Partial<Ticket>): Promise<Ticket> {
    return this.change(tx, locked, { ...change, state: this.stateAfter(locked.ticket, move) });
  }

  private async change(tx: EntityManager, locked: LockedTicket, change: Partial<Ticket>): Promise<Ticket> {
    const ticket = await this.write(tx, locked, change);
    await this.outbox.add(tx, TicketChanged(this.about({ ...locked, ticket })));
    await this.tell(tx, locked, { topic: 'ticket', revision: ticket.revision });
    return ticket;
  }

  private async write(tx: EntityManager, { ticket }: LockedTicket, change: Partial<Ticket>): Promise<Ticket> {
    const changed = { ...change, revision: ticket.revision + 1 };
    await tx.update(Ticket, ticket.id, changed);
    return { ...ticket, ...changed };
  }

  private stateAfter({ id, state }: Ticket, move: TicketMove): Ticket['state'] {
    const next = moved(state, move);
    if (!next) throw new TicketIsClosed(id);
    return next;
  }

  private async languageOf(tx: EntityManager, conversationId: string): Promise<Locale> {
    const [last] = await tx.query<{ locale: Locale }[]>(
      `SELECT locale FROM messages WHERE conversation_id = $1 AND role = 'user' ORDER BY position DESC LIMIT 1`,
      [conversationId],
    );
    return last?.locale ?? 'en';
  }

  /** Since when the person has waited for what staff are to answer now. */
  private async askedAt(tx: EntityManager, conversationId: string): Promise<Date | null> {
    const [{ at }] = await tx.query<[{ at: Date | null }]>(
      `SELECT min(sent_at) AS at FROM messages WHERE conversation_id = $1 AND state = 'handed_over' AND position > coalesce((
         SELECT max(position) FROM messages WHERE conversation_id = $1 AND role IN ('assistant', 'staff')), 0)`,
      [conversationId],
    );
    return at;
  }

  private about({ ticket, conversation }: LockedTicket) {
    const { id: ticketId, brandId, userId, state, assignee, team, reason, language, answers, firstAnswerMs } = ticket;
    return {
      ...{ ticketId, conversationId: conversation.id, brandId, userId, state, reason, language, answers },
      ...{ chatId: conversation.chatId, botId: conversation.botId, channel: this.channelOf(conversation.botId) },
      ...(assignee && { assignee }),
      ...(team && { team }),
      ...(firstAnswerMs !== null && { waitedMs: firstAnswerMs }),
      at: this.clock.now().toISOString(),
    };
  }

  channelOf(botId: string): string {
    return this.bots.find(botId)?.channel.kind ?? 'unknown';
  }
}

/** When somebody is to have taken what is asked now. Undefined opening hours are always open. */
function promiseFrom(
  now: Date,
  { promiseMinutes, timeZone, hours }: Pick<Assistant, 'promiseMinutes' | 'timeZone' | 'hours'>,
) {
  const begins = nextOpening(now, timeZone, hours);
  const ends = begins && new Date(begins.getTime() + promiseMinutes * 60_000);
  return (ends && nextOpening(ends, timeZone, hours)) ?? null;
}
