import { Inject, Injectable } from '@nestjs/common';
import { isInfrastructureError, Outbox } from '@switchboard/bus';
import { MessageEdited, MessageReceived } from '@switchboard/contracts';
import { Clock, FieldCipher, LOG, type Log } from '@switchboard/service-kit';
import { Counter, Registry } from 'prom-client';
import { DataSource, type EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import type { Bot } from '../bots/bots.service';
import type { Inbound, InboundMessage } from '../channels/channel';
import { UnreadableUpdate } from '../channels/channel-errors';
import { ChannelsService } from '../channels/channels.service';
import { Chat } from '../contacts/chat.entity';
import { ContactsService, type ChatContext, inChat } from '../contacts/contacts.service';
import { DeliveriesService } from '../deliveries/deliveries.service';
import { MediaService } from '../media/media.service';
import { Assistant } from '../products/assistant/assistant';
import { localeOf } from '../texts/texts';
import { InboundMessageRow } from '../contacts/inbound-message.entity';
import { InboundUpdate } from './inbound-update.entity';

const CONTENT = 'inbound_updates.content';

/** Takes what channels bring: each update once, with everything it leads to, in one transaction. */
@Injectable()
export class InboundUpdatesService {
  private readonly updates: Counter<'bot' | 'kind'>;

  constructor(
    private readonly db: DataSource,
    private readonly channels: ChannelsService,
    private readonly contacts: ContactsService,
    private readonly media: MediaService,
    private readonly deliveries: DeliveriesService,
    private readonly assistant: Assistant,
    private readonly outbox: Outbox,
    private readonly cipher: FieldCipher,
    private readonly clock: Clock,
    registry: Registry,
    @Inject(LOG) private readonly log: Log,
  ) {
    this.updates = new Counter({
      name: 'updates_total',
      help: 'Updates taken from channels, by what they were.',
      labelNames: ['bot', 'kind'],
      registers: [registry],
    });
  }

  /** Returns the update's id when it is committed. Throws UnreadableUpdate, or whatever kept us from taking it just now. */
  async process(bot: Bot, raw: unknown): Promise<string> {
    const { id, inbound } = await this.channels.find(bot.id)!.parse(raw);
    try {
      const fresh = await this.db.transaction(async (tx) => {
        if (!(await this.isFirst(tx, bot, id))) return false;
        for (const each of inbound) await this.apply(tx, bot, each);
        return true;
      });
      this.updates.inc({ bot: bot.id, kind: fresh ? (inbound[0]?.kind ?? 'ignored') : 'duplicate' });
    } catch (error) {
      if (isInfrastructureError(error)) throw error;
      // Taking it again would fail again, and all later ones would wait behind it.
      await this.quarantine(bot, id, raw, error);
    }
    return id;
  }

  /** As `take`, but sets aside what cannot be read as well: a poll cannot refuse a single update. */
  async processPolled(bot: Bot, raw: unknown): Promise<string> {
    try {
      return await this.process(bot, raw);
    } catch (error) {
      const id = (raw as { update_id?: unknown } | null)?.update_id;
      if (!(error instanceof UnreadableUpdate) || typeof id !== 'number') throw error;
      await this.quarantine(bot, String(id), raw, error);
      return String(id);
    }
  }

  private async isFirst(tx: EntityManager, { id: botId }: Bot, updateId: string): Promise<boolean> {
    const row = { botId, updateId, receivedAt: this.clock.now() };
    const { raw } = await tx
      .createQueryBuilder()
      .insert()
      .into(InboundUpdate)
      .values(row)
      .orIgnore()
      .returning('update_id')
      .execute();
    return (raw as unknown[]).length > 0;
  }

  private async quarantine(bot: Bot, updateId: string, raw: unknown, error: unknown): Promise<void> {
    this.log.error({ err: error, bot: bot.id, updateId }, 'an update could not be processed and was set aside');
    this.updates.inc({ bot: bot.id, kind: 'failed' });
    const content = this.cipher.encrypt(JSON.stringify(raw), CONTENT);
    const failure = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    const row = { botId: bot.id, updateId, receivedAt: this.clock.now(), failure, content };
    await this.db.createQueryBuilder().insert().into(InboundUpdate).values(row).orIgnore().execute();
  }

  private async apply(tx: EntityManager, bot: Bot, inbound: Inbound): Promise<void> {
    switch (inbound.kind) {
      case 'moved': {
        const chat = await this.contacts.move(tx, bot.id, inbound.from, inbound.to);
        return chat && this.deliveries.wake(tx, chat.id);
      }
      case 'blocked':
      case 'unblocked': {
        // Blocked by someone never met: nobody to tell of.
        const chat = await tx.findOneBy(Chat, { botId: bot.id, externalId: inbound.chat.externalId });
        if (!chat) return;
        return inbound.kind === 'blocked' ? this.contacts.block(tx, chat) : this.contacts.unblock(tx, chat);
      }
      case 'command': {
        const deepLink = inbound.name === 'start' ? inbound.argument.slice(0, 64) : undefined;
        return this.assistant.command(tx, await this.resolveContact(tx, bot, inbound, deepLink), inbound);
      }
      case 'press':
        return this.assistant.press(tx, await this.resolveContact(tx, bot, inbound), inbound);
      case 'unsupported':
        return this.assistant.unsupported(tx, await this.resolveContact(tx, bot, inbound));
      case 'edited':
        return this.edited(tx, await this.resolveContact(tx, bot, inbound), inbound);
      case 'message':
        return this.message(tx, await this.resolveContact(tx, bot, inbound), inbound);
    }
  }

  private async resolveContact(
    tx: EntityManager,
    bot: Bot,
    by: Exclude<Inbound, { kind: 'moved' }>,
    deepLink?: string,
  ): Promise<ChatContext> {
    const context = await this.contacts.resolveContact(tx, bot, by, deepLink);
    // Whoever writes can be written to, whatever we heard before.
    await this.contacts.unblock(tx, context.chat);
    return context;
  }

  private async message(tx: EntityManager, context: ChatContext, message: InboundMessage): Promise<void> {
    const { bot, chat, person } = context;
    const messageId = uuidv7();
    const { externalMessageId, text, file, mediaGroup, replyToText } = message;
    await tx.insert(InboundMessageRow, {
      id: messageId,
      chatId: chat.id,
      botId: bot.id,
      externalChatId: message.chat.externalId,
      externalThreadId: message.chat.threadId ?? null,
      externalMessageId,
      receivedAt: this.clock.now(),
    });
    const media = file && (await this.media.remember(tx, bot.id, chat.id, file));
    const inGroup = chat.kind === 'group';
    await this.outbox.add(
      tx,
      MessageReceived({
        ...inChat(context),
        messageId,
        locale: inGroup && !chat.localeChosen ? localeOf(person.language) : chat.locale,
        kind: file ? (file.kind === 'audio' ? 'document' : file.kind) : 'text',
        inGroup,
        sentAt: message.sentAt.toISOString(),
        ...(inGroup && person.name && { senderName: person.name }),
        ...(text && { text }),
        ...(media && { media }),
        ...(mediaGroup && { mediaGroup }),
        ...(replyToText && { replyToText }),
      }),
    );
  }

  private async edited(
    tx: EntityManager,
    context: ChatContext,
    { externalMessageId, text, sentAt }: Inbound & { kind: 'edited' },
  ): Promise<void> {
    const known = await tx.findOneBy(InboundMessageRow, {
      botId: context.bot.id,
      externalChatId: context.chat.externalId,
      externalMessageId,
    });
    // Of a group we know only what was addressed to us.
    if (!known) return;
    await this.outbox.add(
      tx,
      MessageEdited({ ...inChat(context), messageId: known.id, text, sentAt: sentAt.toISOString() }),
    );
  }
}
