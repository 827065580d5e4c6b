import { Injectable } from '@nestjs/common';
import { Outbox } from '@switchboard/bus';
import {
  type EventOf,
  TicketAnswerRequested,
  type TicketAnswerRefused,
  type TicketChanged,
  type TicketOpened,
} from '@switchboard/contracts';
import { BotsRegistry, Clock } from '@switchboard/service-kit';
import { join } from 'node:path';
import { type EntityManager, IsNull } from 'typeorm';
import { v5 as uuidv5, v7 as uuidv7 } from 'uuid';
import { TextsSection } from '../../bots/bot-sections';
import type { InboundMessage } from '../../channels/channel';
import type { Chat } from '../../contacts/chat.entity';
import { ContactsService } from '../../contacts/contacts.service';
import { HandoversService } from '../../contacts/handovers.service';
import { DeliveriesService } from '../../deliveries/deliveries.service';
import { Delivery } from '../../deliveries/delivery.entity';
import type { Conversation } from '../../dialogs/conversation';
import type { Product } from '../../dialogs/product';
import { ProductRouter } from '../../dialogs/product-router.service';
import { shorten } from '../../rich-text/cut-points';
import { Catalogue, type Values } from '../../texts/catalogue';
import { StaffGroupPost, StaffGroupTicket } from './staff-group-ticket.entity';
import { StaffGroupsService } from './staff-groups.service';

type Told = EventOf<typeof TicketOpened>['data'] | EventOf<typeof TicketChanged>['data'];

/** So that it fits into one message. */
const LONGEST_QUESTION = 3000;
const POSTS = '8b7a5f0a-2f5e-4b0e-9d43-0c2f6f6a3f11';

/** Staff answer people out of their group as well: what is said there in reply to a question goes to the desk, which sends it. */
@Injectable()
export class StaffGroupProduct implements Product {
  readonly name = 'staff-group';
  readonly everywhere = true;
  readonly texts = new Catalogue(this.name, join(__dirname, 'texts'));
  readonly commands = {};

  constructor(
    private readonly groups: StaffGroupsService,
    private readonly bots: BotsRegistry,
    private readonly contacts: ContactsService,
    private readonly handovers: HandoversService,
    private readonly deliveries: DeliveriesService,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
    router: ProductRouter,
  ) {
    router.register(this);
  }

  /** A human is to answer. Who has taken it in the console, or has answered elsewhere, need not be told. */
  async opened(tx: EntityManager, told: EventOf<typeof TicketOpened>['data']): Promise<void> {
    if (!this.groups.botWithGroup(told.botId)) return;
    await this.remember(tx, told);
    if (told.assignee || told.reason === 'staff' || told.reason === 'foreign_reply') return;
    const name = await this.nameOf(tx, told);
    await this.post(tx, told, told.ticketId, (say, bot) =>
      say([`opened.${told.reason}`, 'opened.other'], { name, bot }),
    );
  }

  /** Somebody has taken it in the console, or leaves it. */
  async changed(tx: EntityManager, told: EventOf<typeof TicketChanged>['data']): Promise<void> {
    const known = await tx.findOneBy(StaffGroupTicket, { ticketId: told.ticketId });
    if (!known) return;
    await this.remember(tx, told);
    if (known.assignee === null && told.assignee)
      await this.post(
        tx,
        told,
        `${told.ticketId} taken ${told.assignee}`,
        (say, bot) => say('taken', { bot }),
        'taken',
      );
  }

  async closed(tx: EntityManager, ticketId: string): Promise<void> {
    await tx.update(StaffGroupTicket, { ticketId }, { closedAt: this.clock.now() });
  }

  /** Somebody was faster, or it is closed. */
  async refused(tx: EntityManager, told: EventOf<typeof TicketAnswerRefused>['data']): Promise<void> {
    const ticket = await tx.findOneBy(StaffGroupTicket, { ticketId: told.ticketId });
    if (ticket)
      await this.post(tx, ticket, told.clientId, (say, bot) =>
        say([`refused.${told.reason}`, 'refused.closed'], { bot }),
      );
  }

  /** In the group what is an answer to a question; in a chat of a person what staff are waited for. The assistant reads that as well. */
  async message(conversation: Conversation, message: InboundMessage): Promise<boolean> {
    const { tx, chat } = conversation;
    if (chat.kind === 'group') return this.answer(conversation, message);
    if (this.handovers.isHandedOver(chat)) await this.passOn(tx, conversation, message);
    return false;
  }

  private async answer(conversation: Conversation, { replyToId, text }: InboundMessage): Promise<boolean> {
    const { tx, chat } = conversation;
    if (replyToId === undefined || !text?.trim() || !(await this.groups.isOf(conversation))) return false;
    const ticket = await this.ticketBehind(tx, chat, replyToId);
    if (!ticket) return false;
    if (ticket.closedAt || ticket.assignee) {
      await conversation.show({ text: conversation.say(ticket.closedAt ? 'refused.closed' : 'refused.taken') });
      return true;
    }
    const asked = { ticketId: ticket.ticketId, clientId: uuidv7(), author: 'group', text: text.trim() };
    await this.outbox.add(tx, TicketAnswerRequested(asked));
    await conversation.show({ text: conversation.say('passedOn') });
    return true;
  }

  private async passOn(
    tx: EntityManager,
    { bot, person, place: { userId } }: Conversation,
    { text = '', file, externalMessageId }: InboundMessage,
  ): Promise<void> {
    const brandId = this.bots.brandOf(bot.id);
    const ticket = await tx.findOneBy(StaffGroupTicket, { userId, brandId, closedAt: IsNull() });
    if (!ticket || ticket.assignee) return;
    if (ticket.botId !== bot.id) await tx.update(StaffGroupTicket, ticket.ticketId, { botId: bot.id });
    const question = shorten(text.trim(), LONGEST_QUESTION);
    const cause = `${ticket.ticketId} ${bot.id} ${externalMessageId}`;
    await this.post(tx, { ...ticket, botId: bot.id }, cause, (say, name) => {
      const words = [question, file && say('file')].filter(Boolean).join('\n\n');
      return say('question', { name: person.name, text: words, bot: name });
    });
  }

  private async remember(tx: EntityManager, { ticketId, userId, brandId, botId, assignee }: Told): Promise<void> {
    const ticket = { ticketId, userId, brandId, botId, assignee: assignee ?? null, closedAt: null };
    await tx.upsert(StaffGroupTicket, ticket, ['ticketId']);
  }

  private async nameOf(tx: EntityManager, { chatId, userId }: Told): Promise<string> {
    return (await this.contacts.recall(tx, { chatId, userId }))?.person.name ?? '';
  }

  /** Once for each cause. What is no question of a person is no place to answer. */
  private async post(
    tx: EntityManager,
    { ticketId, userId, botId }: Pick<StaffGroupTicket, 'ticketId' | 'userId' | 'botId'>,
    cause: string,
    words: (say: (key: string | readonly string[], values?: Values) => string, botName: string) => string,
    kind: 'question' | 'taken' = 'question',
  ): Promise<void> {
    const bot = this.groups.botWithGroup(botId);
    const chat = bot && (await this.groups.reachedGroupOf(tx, bot));
    if (!chat) return;
    const causeId = uuidv5(`${cause} ${chat.id}`, POSTS);
    const own = this.bots.section(bot.id, 'texts', TextsSection);
    const say = (key: string | readonly string[], values?: Values) => this.texts.say(chat.locale, key, values, own);
    const name = this.bots.find(botId)?.name ?? bot.name;
    const text = [words(say, name), ...(kind === 'question' ? [say('answerHere')] : [])].join('\n\n');
    const threadId = this.groups.sectionOf(bot.id)?.topics.support;
    const place = { chatHash: chat.externalHash, ...(threadId !== undefined && { threadId }) };
    const isNew = await this.deliveries.queue(tx, {
      ...{ chatId: chat.id, userId, causeId },
      content: { kind: 'notice', text, place },
    });
    if (isNew) await tx.insert(StaffGroupPost, { causeId, ticketId, userId, postedAt: this.clock.now() });
  }

  /** Ids of messages begin anew when a group moves: what was asked before is told apart by the place in which it was. */
  private async ticketBehind(
    tx: EntityManager,
    { id: chatId, externalHash }: Chat,
    messageId: string,
  ): Promise<StaffGroupTicket | undefined> {
    const posts = (await tx
      .createQueryBuilder(StaffGroupPost, 'post')
      .innerJoinAndMapOne(
        'post.delivery',
        Delivery,
        'delivery',
        `delivery.causeId = post.causeId AND delivery.kind = 'notice'`,
      )
      .innerJoinAndMapOne('post.ticket', StaffGroupTicket, 'ticket', 'ticket.ticketId = post.ticketId')
      .where('delivery.chatId = :chatId', { chatId })
      .andWhere(':messageId = ANY (delivery.externalMessageIds)', { messageId })
      .orderBy('delivery.seq', 'DESC')
      .getMany()) as (StaffGroupPost & { delivery: Delivery; ticket: StaffGroupTicket })[];
    for (const { delivery, ticket } of posts) {
      if ((await this.deliveries.placeIn(tx, delivery))?.chatHash === externalHash) return ticket;
    }
    return undefined;
  }
}
