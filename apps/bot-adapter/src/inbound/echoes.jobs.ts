import { Injectable } from '@nestjs/common';
import { Outbox } from '@switchboard/bus';
import { ForeignReplyNoticed } from '@switchboard/contracts';
import { defineJob, FieldCipher, Jobs, type PayloadOf, Runs } from '@switchboard/service-kit';
import { DataSource, type EntityManager } from 'typeorm';
import { v5 as uuidv5 } from 'uuid';
import { z } from 'zod';
import type { InboundEcho, InboundFile } from '../channels/channel';
import { ChannelsService } from '../channels/channels.service';
import type { Chat } from '../contacts/chat.entity';
import { ContactsService } from '../contacts/contacts.service';
import { DeliveriesRepository } from '../deliveries/deliveries.repository';
import { DeliveriesService } from '../deliveries/deliveries.service';
import { MediaService } from '../media/media.service';

/** Decides whose message came back: one of ours whose receipt we do not have, or somebody else's. */
export const JudgeEcho = defineJob(
  'judge-echo',
  z.object({ botId: z.string(), chatId: z.uuid(), echo: z.string().describe('Encrypted.') }),
);

interface Echo {
  readonly externalMessageId: string;
  readonly text?: string;
  readonly file?: InboundFile;
  readonly key?: string;
  /** The channel says so: then it may settle a doubt, and is never somebody else's. */
  readonly isOurs: boolean;
  readonly sentAt: string;
}

const ECHO = 'judge-echo.echo';
/** The channel may bring a message back before it has answered the call that sent it, and we have written that down. */
const RECEIPT_WITHIN_MS = 10_000;
/** One message of a chat that was noticed is one for whoever hears of it, however often it is said. */
const FOREIGN_REPLIES = '8d0c7e52-6a1f-5b7e-9c55-0d6f6f4f1a11';

/** What channels bring back of what was sent in the name of a bot. */
@Injectable()
export class EchoesJobs {
  constructor(
    private readonly db: DataSource,
    private readonly jobs: Jobs,
    private readonly outbox: Outbox,
    private readonly channels: ChannelsService,
    private readonly contacts: ContactsService,
    private readonly deliveries: DeliveriesService,
    private readonly deliveryRows: DeliveriesRepository,
    private readonly media: MediaService,
    private readonly cipher: FieldCipher,
  ) {}

  async received(tx: EntityManager, chat: Chat, echo: InboundEcho): Promise<void> {
    const { externalMessageId, text, file, key, author } = echo;
    if (await this.deliveryRows.isOurs(tx, chat.id, { externalMessageId })) return;
    // The private answer to a comment is no delivery of a chat.
    const said = this.channels.find(chat.botId)?.comments?.text;
    if (said !== undefined && text?.trim() === said.trim()) return;
    const kept: Echo = {
      externalMessageId,
      ...(text !== undefined && { text }),
      ...(file && { file }),
      ...(key !== undefined && { key }),
      isOurs: author === 'self',
      sentAt: echo.sentAt.toISOString(),
    };
    if (author === 'person') return this.notice(tx, chat, kept);
    await this.judgeLater(tx, chat, kept);
  }

  /** A message of ours has arrived, whether or not its call has ever been answered. */
  async confirmed(
    tx: EntityManager,
    chat: Chat,
    { sentAt, ...message }: { externalMessageId: string; key: string; sentAt: Date },
  ): Promise<void> {
    await this.judgeLater(tx, chat, { ...message, isOurs: true, sentAt: sentAt.toISOString() });
  }

  @Runs(JudgeEcho)
  async judge({ botId, chatId, echo: sealed }: PayloadOf<typeof JudgeEcho>): Promise<void> {
    const echo = JSON.parse(this.cipher.decrypt(sealed, ECHO, botId)) as Echo;
    const { manager } = this.db;
    const chat = await this.contacts.presentChat(manager, chatId);
    if (!chat) return;
    const { externalMessageId, key } = echo;
    if (await this.deliveryRows.isOurs(manager, chat.id, { externalMessageId })) return;
    if (await this.deliveries.settle(chat, echo)) return;
    const isOurs = key !== undefined && (await this.deliveryRows.isOurs(manager, chat.id, { externalMessageId, key }));
    if (echo.isOurs || isOurs) return;
    await this.db.transaction((tx) => this.notice(tx, chat, echo));
  }

  /** At once where a send waits to learn what became of it. */
  private async judgeLater(tx: EntityManager, chat: Chat, echo: Echo): Promise<void> {
    const doubts = await this.deliveryRows.inDoubt(tx, chat.id);
    if (echo.isOurs && doubts.length === 0) return;
    const isAwaited = doubts.some(({ state }) => state === 'queued');
    const payload = {
      botId: chat.botId,
      chatId: chat.id,
      echo: this.cipher.encrypt(JSON.stringify(echo), ECHO, chat.botId),
    };
    const key = `judge-echo:${chat.id}:${echo.externalMessageId}`;
    await this.jobs.add(tx, JudgeEcho, payload, { key, delayMs: isAwaited ? 0 : RECEIPT_WITHIN_MS });
  }

  /** Somebody has answered in our place. In a group it is nobody in particular who was answered. */
  private async notice(tx: EntityManager, chat: Chat, { externalMessageId, text, file, sentAt }: Echo): Promise<void> {
    const { id: chatId, botId, channel, userId } = chat;
    if (!userId) return;
    const media = file && (await this.media.remember(tx, { botId, chatId, userId }, file));
    await this.outbox.add(
      tx,
      ForeignReplyNoticed({
        ...{ chatId, botId, channel, userId, sentAt },
        messageId: uuidv5(`${chatId} ${externalMessageId}`, FOREIGN_REPLIES),
        by: 'channel',
        ...(text !== undefined && { text }),
        ...(media && { media }),
      }),
    );
  }
}
