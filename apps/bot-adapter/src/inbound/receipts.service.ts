import { Injectable } from '@nestjs/common';
import { Outbox } from '@switchboard/bus';
import { type Bot, MessageDeleted, MessageRead } from '@switchboard/contracts';
import { Clock } from '@switchboard/service-kit';
import type { EntityManager } from 'typeorm';
import type { InboundDeletion, InboundReaction, InboundStatus } from '../channels/channel';
import type { Chat } from '../contacts/chat.entity';
import { ContactsService } from '../contacts/contacts.service';
import { DeliveriesRepository, isAnnounced } from '../deliveries/deliveries.repository';
import { ProductRouter } from '../dialogs/product-router.service';
import { EchoesJobs } from './echoes.jobs';

/** What becomes of messages after they were sent: of ours, and of those of a person who takes one back. */
@Injectable()
export class ReceiptsService {
  constructor(
    private readonly outbox: Outbox,
    private readonly contacts: ContactsService,
    private readonly deliveries: DeliveriesRepository,
    private readonly router: ProductRouter,
    private readonly echoes: EchoesJobs,
    private readonly clock: Clock,
  ) {}

  async status(tx: EntityManager, chat: Chat, status: InboundStatus): Promise<void> {
    const { externalMessageId, key, state, failure, sentAt } = status;
    const delivery = externalMessageId && (await this.deliveries.findSent(tx, chat.id, externalMessageId));
    if (!delivery) {
      // Of a failed one the call is tried again all the same.
      if (externalMessageId && key !== undefined && state !== 'failed')
        await this.echoes.confirmed(tx, chat, { externalMessageId, key, sentAt });
      return;
    }
    if (state === 'failed') return this.deliveries.failedLater(tx, chat, delivery, failure);
    if (state !== 'read' || !isAnnounced(delivery.kind)) return;
    const { id: chatId, botId, channel } = chat;
    const { userId, causeId } = delivery;
    await this.outbox.add(
      tx,
      MessageRead({ chatId, botId, channel, userId, messageIds: [causeId], readAt: sentAt.toISOString() }),
    );
  }

  /** Of an answer of ours it is what the answer was worth to the person. */
  async reaction(
    tx: EntityManager,
    bot: Bot,
    chat: Chat,
    { externalMessageId, emoji }: InboundReaction,
  ): Promise<void> {
    const delivery = await this.deliveries.findSent(tx, chat.id, externalMessageId);
    if (delivery?.kind === 'text') await this.router.reacted(tx, bot, chat, { replyId: delivery.causeId, emoji });
  }

  async deleted(
    tx: EntityManager,
    bot: Bot,
    account: string,
    { chat, externalMessageId, sentAt }: InboundDeletion,
  ): Promise<void> {
    const known = await this.contacts.findMessage(tx, bot, account, chat.externalId, externalMessageId);
    if (!known) return;
    const { id: messageId, chatId, botId, userId } = known;
    const deletedAt = (sentAt ?? this.clock.now()).toISOString();
    await this.outbox.add(
      tx,
      MessageDeleted({ chatId, botId, channel: bot.channel.kind, userId, messageId, deletedAt }),
    );
  }
}
