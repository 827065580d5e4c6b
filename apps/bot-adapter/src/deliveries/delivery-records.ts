import { Injectable } from '@nestjs/common';
import { Outbox } from '@switchboard/bus';
import { MessageDelivered, MessageUndeliverable } from '@switchboard/contracts';
import { Clock } from '@switchboard/service-kit';
import { DataSource, type EntityManager, In } from 'typeorm';
import { Chat } from '../contacts/chat.entity';
import { ContactsService } from '../contacts/contacts.service';
import { Deliveries } from './deliveries.service';
import { DeliveryMetrics } from './delivery-metrics';
import { Delivery } from './delivery.entity';

export type UndeliverableReason = 'blocked' | 'chat_gone' | 'rejected' | 'gave_up';

/** The next delivery of a chat, and the chat. */
export interface Waiting {
  readonly delivery: Delivery;
  readonly chat: Chat;
}

const OPEN = In(['queued', 'sending']);

/** What is written down before and after each call to a channel. */
@Injectable()
export class DeliveryRecords {
  constructor(
    private readonly db: DataSource,
    private readonly outbox: Outbox,
    private readonly contacts: ContactsService,
    private readonly deliveries: Deliveries,
    private readonly metrics: DeliveryMetrics,
    private readonly clock: Clock,
  ) {}

  async next(chatId: string): Promise<Waiting | undefined> {
    const delivery = (await this.db.manager
      .createQueryBuilder(Delivery, 'delivery')
      .innerJoinAndMapOne('delivery.chat', Chat, 'chat', 'chat.id = delivery.chatId')
      .where({ chatId, state: OPEN })
      .orderBy('delivery.seq')
      .limit(1)
      .getOne()) as (Delivery & { chat: Chat }) | null;
    return delivery ? { delivery, chat: delivery.chat } : undefined;
  }

  /** Written right before the call. False when another process was faster, which happens after a frozen one wakes up. */
  async begin({ id, state, tries, nextPart }: Delivery): Promise<boolean> {
    const { affected } = await this.db.manager.update(
      Delivery,
      { id, state, tries, nextPart },
      { state: 'sending', tries: tries + 1 },
    );
    return affected === 1;
  }

  /** Written right after the call. */
  async accepted({ delivery, chat }: Waiting, of: number, externalMessageId: string): Promise<void> {
    const nextPart = delivery.nextPart + 1;
    const isLast = nextPart === of;
    const externalMessageIds = [...delivery.externalMessageIds, externalMessageId];
    const now = this.clock.now();
    await this.db.transaction(async (tx) => {
      await tx.update(Delivery, delivery.id, {
        state: isLast ? 'sent' : 'queued',
        nextPart,
        tries: 0,
        externalMessageIds,
        ...(isLast && { finishedAt: now }),
      });
      if (!isLast || delivery.kind === 'notice') return;
      const { kind } = delivery;
      await this.outbox.add(
        tx,
        MessageDelivered({ ...about(chat, delivery), kind, parts: of, deliveredAt: now.toISOString() }),
      );
    });
    if (!isLast) return;
    this.metrics.finished.inc({ bot: chat.botId, kind: delivery.kind, outcome: 'sent' });
    this.metrics.seconds.observe({ kind: delivery.kind }, (now.getTime() - delivery.queuedAt.getTime()) / 1000);
  }

  /** To be tried again. A refused try that cannot have been sent does not count. */
  async postpone({ id, tries }: Delivery, { counts }: { counts: boolean }): Promise<void> {
    // `begin` has counted one more than this row, read before it, knows of.
    await this.db.manager.update(Delivery, id, { state: 'queued', tries: counts ? tries + 1 : tries });
  }

  /** Nothing goes to this chat before. */
  async restChat(chatId: string, seconds: number): Promise<void> {
    // The real clock and not the service's: the job that comes back is started by real time.
    await this.db.manager.update(Chat, chatId, { nextSendAt: new Date(Date.now() + seconds * 1000) });
  }

  async giveUp({ delivery, chat }: Waiting, reason: UndeliverableReason): Promise<void> {
    await this.db.transaction((tx) => this.fail(tx, chat, [delivery], reason));
  }

  /** Nobody reads there any more: everything that waits for the chat is given up. */
  async chatUnreachable(chat: Chat, reason: 'blocked' | 'chat_gone'): Promise<void> {
    await this.db.transaction(async (tx) => {
      await this.contacts.block(tx, chat);
      await this.fail(tx, chat, await tx.findBy(Delivery, { chatId: chat.id, state: OPEN }), reason);
    });
  }

  /** The chat has a new id; what waits follows it. */
  async chatMoved(chat: Chat, to: string): Promise<void> {
    await this.db.transaction(async (tx) => {
      const goesOn = await this.contacts.move(tx, chat.botId, chat.externalId, to);
      if (!goesOn || goesOn.id === chat.id) return;
      await tx.update(Delivery, { chatId: chat.id, state: OPEN }, { chatId: goesOn.id, state: 'queued' });
      await this.deliveries.wake(tx, goesOn.id);
    });
  }

  private async fail(
    tx: EntityManager,
    chat: Chat,
    deliveries: Delivery[],
    reason: UndeliverableReason,
  ): Promise<void> {
    const ids = deliveries.map(({ id }) => id);
    await tx.update(Delivery, { id: In(ids) }, { state: 'failed', reason, finishedAt: this.clock.now() });
    const said = deliveries.filter(({ kind }) => kind !== 'notice');
    await this.outbox.add(tx, ...said.map((delivery) => MessageUndeliverable({ ...about(chat, delivery), reason })));
    for (const { kind } of deliveries) this.metrics.finished.inc({ bot: chat.botId, kind, outcome: reason });
  }
}

const about = ({ id: chatId, botId, channel }: Chat, { id: deliveryId, userId, causeId }: Delivery) => ({
  chatId,
  botId,
  channel,
  userId,
  deliveryId,
  causeId,
});
