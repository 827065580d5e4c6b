import { Controller } from '@nestjs/common';
import { Signals } from '@switchboard/bus';
import {
  AddTicketNote,
  AnswerTicket,
  ApplyMacro,
  AssignTicket,
  CloseTicket,
  FollowDesk,
  HandBackTicket,
  ListTicketMessages,
  ListTickets,
  ReadTicket,
  ResumeConversation,
  SetTicketTags,
  ShowTyping,
  SnoozeTicket,
  StaffTyping,
  TakeConversation,
  TakeTicket,
} from '@switchboard/contracts';
import { type AnswerOf, BotsRegistry, Clock, Implements, type RequestOf } from '@switchboard/service-kit';
import { DataSource, type EntityManager } from 'typeorm';
import { BotNotFound } from '../assistants/assistants.service';
import { ConversationFactsService } from '../conversations/conversation-facts.service';
import { AnswersService } from './answers.service';
import { DeskFeed } from './desk-feed';
import { DeskToolsService } from './desk-tools.service';
import { staffIdOf } from './staff-id';
import type { Ticket } from './ticket.entity';
import { type Changing, TicketsService } from './tickets.service';
import { type TicketView, TicketViewsService } from './ticket-views.service';

/** Longer than between two keys; the console says it again while somebody goes on typing. */
const TYPING_SHOWN_MS = 6000;

/** Conversations that wait for a human, and what staff do with them. */
@Controller()
export class DeskController {
  constructor(
    private readonly db: DataSource,
    private readonly tickets: TicketsService,
    private readonly views: TicketViewsService,
    private readonly answers: AnswersService,
    private readonly tools: DeskToolsService,
    private readonly facts: ConversationFactsService,
    private readonly feed: DeskFeed,
    private readonly bots: BotsRegistry,
    private readonly signals: Signals,
    private readonly clock: Clock,
  ) {}

  @Implements(ListTickets)
  list(request: RequestOf<typeof ListTickets>): Promise<AnswerOf<typeof ListTickets>> {
    return this.views.list(request);
  }

  @Implements(ReadTicket)
  read({ params, actor }: RequestOf<typeof ReadTicket>): Promise<AnswerOf<typeof ReadTicket>> {
    return this.views.read(params.ticketId, actor);
  }

  @Implements(ListTicketMessages)
  messages(request: RequestOf<typeof ListTicketMessages>): Promise<AnswerOf<typeof ListTicketMessages>> {
    return this.views.messages(request);
  }

  @Implements(TakeTicket)
  take(request: RequestOf<typeof TakeTicket>): Promise<AnswerOf<typeof TakeTicket>> {
    return this.changed((tx) => this.tickets.take(tx, changing(request)));
  }

  @Implements(TakeConversation)
  takeConversation({ params, actor }: RequestOf<typeof TakeConversation>): Promise<AnswerOf<typeof TakeConversation>> {
    return this.changed((tx) => this.tickets.takeConversation(tx, params.conversationId, actor));
  }

  @Implements(AssignTicket)
  assign(request: RequestOf<typeof AssignTicket>): Promise<AnswerOf<typeof AssignTicket>> {
    return this.changed((tx) => this.tickets.assign(tx, changing(request), request.body));
  }

  @Implements(SnoozeTicket)
  snooze(request: RequestOf<typeof SnoozeTicket>): Promise<AnswerOf<typeof SnoozeTicket>> {
    return this.changed((tx) => this.tickets.snooze(tx, changing(request), request.body.until));
  }

  @Implements(CloseTicket)
  close(request: RequestOf<typeof CloseTicket>): Promise<AnswerOf<typeof CloseTicket>> {
    return this.changed((tx) => this.tickets.handBack(tx, changing(request), { ...request.body, close: true }));
  }

  @Implements(HandBackTicket)
  handBack(request: RequestOf<typeof HandBackTicket>): Promise<AnswerOf<typeof HandBackTicket>> {
    return this.changed((tx) => this.tickets.handBack(tx, changing(request), request.body));
  }

  @Implements(ResumeConversation)
  async resume({ params, actor }: RequestOf<typeof ResumeConversation>): Promise<void> {
    const { id } = await this.facts.find(params.conversationId, actor);
    await this.db.transaction((tx) => this.tickets.resume(tx, id, actor));
  }

  @Implements(AnswerTicket)
  async answer(
    { params, body, actor }: RequestOf<typeof AnswerTicket>,
    tx: EntityManager,
  ): Promise<AnswerOf<typeof AnswerTicket>> {
    return this.views.message(tx, await this.answers.answer(tx, params.ticketId, body, actor));
  }

  @Implements(AddTicketNote)
  async note(
    { params, body, actor }: RequestOf<typeof AddTicketNote>,
    tx: EntityManager,
  ): Promise<AnswerOf<typeof AddTicketNote>> {
    return this.answers.note(tx, await this.tickets.lock(tx, { ...params, actor }), body.text, actor);
  }

  @Implements(SetTicketTags)
  setTags({ params, body, actor }: RequestOf<typeof SetTicketTags>): Promise<AnswerOf<typeof SetTicketTags>> {
    return this.db.transaction(async (tx) => {
      const locked = await this.tickets.lock(tx, { ...params, actor });
      return { tags: await this.answers.setTags(tx, locked, body.tags) };
    });
  }

  @Implements(ApplyMacro)
  applyMacro(request: RequestOf<typeof ApplyMacro>): Promise<AnswerOf<typeof ApplyMacro>> {
    const { macroId, clientId } = request.body;
    return this.changed((tx) => this.tools.apply(tx, changing(request), macroId, clientId));
  }

  @Implements(ShowTyping)
  async showTyping({ params, body, actor }: RequestOf<typeof ShowTyping>): Promise<void> {
    const { id: ticketId, brandId, botId } = await this.views.find(this.db.manager, params.ticketId, actor);
    const until = new Date(this.clock.now().getTime() + (body.on ? TYPING_SHOWN_MS : 0)).toISOString();
    this.signals.send(StaffTyping, { ticketId, brandId, botId, staffId: staffIdOf(actor), until });
  }

  @Implements(FollowDesk)
  follow({ query, headers, actor, signal }: RequestOf<typeof FollowDesk>): AnswerOf<typeof FollowDesk> {
    const { brandId } = query;
    const { bots } = actor;
    const accounts = this.bots.accountsOf(brandId);
    const isSeen = accounts.some(({ id }) => !bots || bots.includes(id));
    if (!isSeen) throw new BotNotFound(brandId);
    return this.feed.follow({ brandId, bots, lastEventId: headers['last-event-id'], signal });
  }

  private changed(work: (tx: EntityManager) => Promise<Pick<Ticket, 'id'>>): Promise<TicketView> {
    return this.db.transaction(async (tx) => this.views.of(tx, await work(tx)));
  }
}

const changing = (request: {
  readonly params: { readonly ticketId: string };
  readonly actor: Changing['actor'];
  readonly ifMatch: NonNullable<Changing['seen']>;
}): Changing => ({ ticketId: request.params.ticketId, actor: request.actor, seen: request.ifMatch });
