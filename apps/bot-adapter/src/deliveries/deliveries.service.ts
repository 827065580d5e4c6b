import { Inject, Injectable } from '@nestjs/common';
import { PermanentError } from '@switchboard/bus';
import type { EventOf, StaffMessageSent } from '@switchboard/contracts';
import { Clock, LOG, type Log, PersonalData, unlessErased } from '@switchboard/service-kit';
import { DataSource, type EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import type { Button } from '../channels/channel';
import { ChannelsService } from '../channels/channels.service';
import { ConnectedAccounts } from '../channels/connected-accounts';
import { Chat } from '../contacts/chat.entity';
import { DeliveriesJobs } from './deliveries.jobs';
import { DeliveriesRepository } from './deliveries.repository';
import { Delivery, type DeliveryContent, type Place } from './delivery.entity';
import { MessageRenderer } from './message-renderer';
import { type Reply, ReplyDecorators } from './reply-decorators';

export interface NewDelivery {
  chatId: string;
  userId: string;
  /** The reply, speech or message because of which it is sent. */
  causeId: string;
  content: DeliveryContent;
  author?: Delivery['author'];
  /** One of many, to be sent after so long: see Delivery.bulk. */
  bulk?: { readonly inMs: number };
}

/** Queues what is to be sent; the jobs do the rest. */
@Injectable()
export class DeliveriesService {
  constructor(
    private readonly db: DataSource,
    private readonly jobs: DeliveriesJobs,
    private readonly repository: DeliveriesRepository,
    private readonly renderer: MessageRenderer,
    private readonly decorators: ReplyDecorators,
    private readonly channels: ChannelsService,
    private readonly personal: PersonalData,
    private readonly clock: Clock,
    accounts: ConnectedAccounts,
    @Inject(LOG) log: Log,
  ) {
    accounts.onChange((botId) => {
      this.connected(botId).catch((error: unknown) =>
        // It waits as long as it would have without us.
        log.warn({ err: error, bot: botId }, 'what waited for an account was not woken'),
      );
    });
  }

  /**
   * Queues a finished answer: in the topic of the question, and in a group as a reply to it; in the place of the one that it
   * replaces where the channel can change messages.
   */
  async deliverReply(tx: EntityManager, reply: Reply): Promise<void> {
    const { replyId, userId, locale, text, answers, replaces: replaced, suggestions = [] } = reply;
    const found = await this.repository.placeFor(tx, reply.chatId, answers.at(-1));
    if (!found) {
      if (await this.personal.isErased(tx, userId)) return;
      throw new PermanentError(`there is no chat ${reply.chatId}`);
    }
    const { chat, place } = found;
    const buttons: Button[][] = [];
    for (const decorate of [...this.decorators.get('sayNext'), ...this.decorators.get('finished')]) {
      buttons.push(...(await decorate(tx, chat, reply)));
    }
    const choices = this.offersChoices(chat) ? [] : suggestions.map((suggestion) => `- ${suggestion}`);
    const markdown = [text, choices.join('\n')].filter(Boolean).join('\n\n');
    const replaces = replaced && (await this.messagesOf(tx, chat, replaced));
    await this.queue(tx, {
      chatId: chat.id,
      userId,
      causeId: replyId,
      content: {
        kind: 'text',
        markdown,
        locale,
        ...(buttons.length > 0 && { buttons }),
        ...(replaces && { replaces }),
        ...(place && { place }),
      },
    });
  }

  /** Queues what a human has written: in the person's window, which may be longer than that of the bot. */
  async deliverStaffMessage(tx: EntityManager, message: EventOf<typeof StaffMessageSent>['data']): Promise<void> {
    const { messageId: causeId, userId, text: markdown } = message;
    const found = await this.repository.placeFor(tx, message.chatId, undefined);
    if (!found) {
      if (await this.personal.isErased(tx, userId)) return;
      throw new PermanentError(`there is no chat ${message.chatId}`);
    }
    const content = { kind: 'staff', markdown } as const;
    await this.queue(tx, { chatId: found.chat.id, userId, causeId, content, author: 'person' });
  }

  /**
   * A message came back that may be one of which we do not know whether it has arrived. True when it is: it will not be sent
   * again, and what comes behind it goes on.
   */
  async settle(
    chat: Chat,
    { externalMessageId, key, text }: { externalMessageId: string; key?: string; text?: string },
  ): Promise<boolean> {
    const { manager } = this.db;
    const channel = this.channels.get(chat.botId);
    for (const delivery of await this.repository.inDoubt(manager, chat.id)) {
      const { message, options, of } = await this.renderer.render(delivery, chat, channel);
      // A file alone has no words.
      const isSame = key === undefined ? message.text.trim() === (text ?? '').trim() : options.key === key;
      if (!isSame) continue;
      await this.repository.sent({ delivery, chat }, of, externalMessageId);
      await this.db.transaction(async (tx) => {
        // The pause was for this message.
        await tx.update(Chat, chat.id, { nextSendAt: null });
        await this.jobs.wake(tx, chat.id);
      });
      return true;
    }
    return false;
  }

  /** What waited for the account to be connected anew waits no longer. */
  private async connected(botId: string): Promise<void> {
    const chats = await this.repository.waitingIn(botId);
    for (const chatId of chats) {
      await this.db.transaction(async (tx) => {
        await tx.update(Chat, chatId, { nextSendAt: null });
        await this.jobs.wake(tx, chatId);
      });
    }
  }

  /** Somebody of the staff answers in the chat now, and the bot has said enough. */
  async takenOver(tx: EntityManager, chatId: string): Promise<void> {
    const found = await this.repository.placeFor(tx, chatId, undefined);
    if (found) await this.repository.takenOver(tx, found.chat);
  }

  /** False when the same cause was queued before, or the person was erased. */
  async queue(tx: EntityManager, { content, bulk, ...delivery }: NewDelivery): Promise<boolean> {
    const id = uuidv7();
    const sealed = await unlessErased(this.renderer.seal(tx, { id, userId: delivery.userId }, content));
    if (sealed === undefined) return false;
    const { raw } = await tx
      .createQueryBuilder()
      .insert()
      .into(Delivery)
      .values({
        ...delivery,
        id,
        kind: content.kind,
        content: sealed,
        bulk: bulk !== undefined,
        state: 'queued',
        queuedAt: this.clock.now(),
      })
      .orIgnore()
      .returning('id')
      .execute();
    if ((raw as unknown[]).length === 0) return false;
    // What the chat waits for besides is not to wait longer for it.
    const isAlone = bulk !== undefined && !(await this.repository.isAwaited(tx, delivery.chatId));
    await this.jobs.wake(tx, delivery.chatId, isAlone ? { ...bulk, yields: true } : {});
    return true;
  }

  /** Changes the buttons of a message that was sent, where the channel can; none takes them away. */
  async editButtons(
    tx: EntityManager,
    { id: chatId, botId, externalHash: chatHash }: Chat,
    { userId, externalMessageId, buttons }: { userId: string; externalMessageId: string; buttons: Button[][] },
  ): Promise<void> {
    if (!this.channels.find(botId)?.capabilities.edits) return;
    const content = { kind: 'buttons', edits: externalMessageId, buttons, place: { chatHash } } as const;
    await this.queue(tx, { chatId, userId, causeId: uuidv7(), content });
  }

  /** Whether answers have buttons. In groups those of one would be pressed by all; written out as numbers they would be longer than many an answer. */
  showsButtons({ kind, botId }: Chat): boolean {
    return kind === 'private' && this.channels.find(botId)?.capabilities.buttons === true;
  }

  /** Whether something can be picked below answers, by buttons or as the channel has it. They are few: see ChoicesCapability. */
  offersChoices(chat: Chat): boolean {
    const how = this.channels.find(chat.botId)?.capabilities.choices.how ?? 'none';
    return this.showsButtons(chat) || (chat.kind === 'private' && how !== 'none');
  }

  /** Those that show an answer; undefined where they cannot be changed. */
  private async messagesOf(tx: EntityManager, { id: chatId, botId, externalHash }: Chat, replyId: string) {
    if (!this.channels.find(botId)?.capabilities.edits) return undefined;
    const delivery = await tx.findOneBy(Delivery, { causeId: replyId, kind: 'text', chatId, state: 'sent' });
    if (!delivery) return undefined;
    const content = await this.renderer.contentOf(tx, delivery);
    return content && { chatHash: content.place?.chatHash ?? externalHash, messages: delivery.externalMessageIds };
  }

  /** Where something about a person's message belongs. */
  async placeOf(tx: EntityManager, { chatId, messageId }: { chatId: string; messageId: string }) {
    return (await this.repository.placeFor(tx, chatId, messageId))?.place;
  }

  /** Where a delivery was put; undefined once that cannot be read any more. */
  async placeIn(tx: EntityManager, delivery: Delivery): Promise<Place | undefined> {
    return (await this.renderer.contentOf(tx, delivery))?.place;
  }

  /** What was queued of an answer; undefined when it is not known (any more). */
  async answerOf(
    tx: EntityManager,
    replyId: string,
  ): Promise<{ chatId: string; userId: string; markdown: string; place?: Place | undefined } | undefined> {
    const delivery = await tx.findOneBy(Delivery, { causeId: replyId, kind: 'text' });
    const content = delivery && (await this.renderer.contentOf(tx, delivery));
    return content?.kind === 'text' ? { ...content, chatId: delivery!.chatId, userId: delivery!.userId } : undefined;
  }

  /** Has the chat's queue worked through: what waits may be sent now. */
  wake(tx: EntityManager, chatId: string): Promise<void> {
    return this.jobs.wake(tx, chatId);
  }
}
