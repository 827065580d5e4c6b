import { Injectable } from '@nestjs/common';
import { Outbox } from '@switchboard/bus';
import { ContactBlocked, ContactStarted, ContactUnblocked } from '@switchboard/contracts';
import { Clock, FieldCipher } from '@switchboard/service-kit';
import type { EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import type { Bot } from '../bots/bots';
import type { InboundChat, InboundPerson } from '../channels/channel';
import { Chat } from './chat.entity';
import { Contact } from './contact.entity';

/** Someone wrote: who, and where. */
export interface Encounter {
  readonly bot: Bot;
  readonly chat: Chat;
  readonly contact: Contact;
  readonly person: InboundPerson;
}

/** What every event about a chat carries. */
export const inChat = ({ chat, contact }: Pick<Encounter, 'chat' | 'contact'>) => ({
  chatId: chat.id,
  botId: chat.botId,
  channel: chat.channel,
  userId: contact.userId,
});

const PROFILE = 'contacts.profile';

@Injectable()
export class Contacts {
  constructor(
    private readonly outbox: Outbox,
    private readonly cipher: FieldCipher,
    private readonly clock: Clock,
  ) {}

  /**
   * The chat and the contact, made at the first encounter. Holds the chat's row until `tx` ends, so that what
   * happens in one chat is said in the order in which it happened.
   */
  async meet(
    tx: EntityManager,
    bot: Bot,
    by: { chat: InboundChat; from: InboundPerson },
    deepLink?: string,
  ): Promise<Encounter> {
    const contact = await this.contact(tx, bot, by.from);
    const chat = await this.chat(tx, bot, by, contact.found);
    const encounter = { bot, chat, contact: contact.found, person: by.from };
    if (contact.isNew) {
      const { id: contactId } = contact.found;
      await this.outbox.add(
        tx,
        ContactStarted({ ...inChat(encounter), contactId, locale: chat.locale, ...(deepLink && { deepLink }) }),
      );
    } else {
      await this.rememberProfile(tx, encounter);
    }
    return encounter;
  }

  /** The person closed the door, or the channel says that they did. */
  async block(tx: EntityManager, chat: Chat): Promise<void> {
    const { affected } = await tx
      .createQueryBuilder()
      .update(Chat)
      .set({ blockedAt: this.clock.now() })
      .where('id = :id AND blocked_at IS NULL', chat)
      .execute();
    if (affected) await this.sayToBus(tx, ContactBlocked, chat);
  }

  async unblock(tx: EntityManager, chat: Chat): Promise<void> {
    if (!chat.blockedAt) return;
    await tx.update(Chat, chat.id, { blockedAt: null });
    chat.blockedAt = null;
    await this.sayToBus(tx, ContactUnblocked, chat);
  }

  /**
   * A group got a new id. When the new one was met already, what waits for the old one is for that chat.
   * Returns the chat that goes on, or undefined for a group never met.
   */
  async move(tx: EntityManager, botId: string, from: string, to: string): Promise<Chat | undefined> {
    const [old, known] = await Promise.all([
      tx.findOneBy(Chat, { botId, externalId: from }),
      tx.findOneBy(Chat, { botId, externalId: to }),
    ]);
    if (!old || known) return known ?? undefined;
    await tx.update(Chat, old.id, { externalId: to });
    return { ...old, externalId: to };
  }

  /** Groups have no single person whose door it is. */
  private async sayToBus(
    tx: EntityManager,
    event: typeof ContactBlocked | typeof ContactUnblocked,
    chat: Chat,
  ): Promise<void> {
    if (!chat.userId) return;
    const contact = await tx.findOneBy(Contact, { botId: chat.botId, userId: chat.userId });
    if (contact) await this.outbox.add(tx, event({ ...inChat({ chat, contact }), contactId: contact.id }));
  }

  private async contact(
    tx: EntityManager,
    bot: Bot,
    person: InboundPerson,
  ): Promise<{ found: Contact; isNew: boolean }> {
    const key = { botId: bot.id, externalId: person.externalId };
    const known = await tx.findOneBy(Contact, key);
    if (known) return { found: known, isNew: false };
    const made = tx.create(Contact, {
      ...key,
      id: uuidv7(),
      userId: await this.userId(tx, bot.channel, person.externalId),
      profile: this.cipher.encrypt(profileOf(person), PROFILE),
      startedAt: this.clock.now(),
    });
    const { raw } = await tx
      .createQueryBuilder()
      .insert()
      .into(Contact)
      .values(made)
      .orIgnore()
      .returning('id')
      .execute();
    // Another update of the same person may have come first through another connection.
    if ((raw as unknown[]).length === 0) return { found: await tx.findOneByOrFail(Contact, key), isNew: false };
    return { found: made, isNew: true };
  }

  private async userId(tx: EntityManager, channel: string, externalId: string): Promise<string> {
    const [row] = await tx.query<{ user_id: string }[]>(
      // The update changes nothing: without it a conflict returns no row.
      `INSERT INTO people (channel, external_id, user_id) VALUES ($1, $2, $3)
       ON CONFLICT (channel, external_id) DO UPDATE SET user_id = people.user_id RETURNING user_id`,
      [channel, externalId, uuidv7()],
    );
    return row!.user_id;
  }

  private async chat(
    tx: EntityManager,
    bot: Bot,
    by: { chat: InboundChat; from: InboundPerson },
    contact: Contact,
  ): Promise<Chat> {
    const key = { botId: bot.id, externalId: by.chat.externalId };
    const lock = { mode: 'pessimistic_write' } as const;
    const known = await tx.findOne(Chat, { where: key, lock });
    if (known) return this.keepLocale(tx, known, by.from);
    const made: Chat = {
      ...key,
      id: uuidv7(),
      channel: bot.channel,
      kind: by.chat.kind,
      userId: by.chat.kind === 'private' ? contact.userId : null,
      locale: by.from.locale,
      localeChosen: false,
      voiceMode: bot.voice.mode,
      blockedAt: null,
      nextSendAt: null,
    };
    await tx.createQueryBuilder().insert().into(Chat).values(made).orIgnore().execute();
    return tx.findOneOrFail(Chat, { where: key, lock });
  }

  /** People change the language of their client; in a group everyone has their own. */
  private async keepLocale(tx: EntityManager, chat: Chat, { locale }: InboundPerson): Promise<Chat> {
    if (chat.localeChosen || chat.locale === locale || chat.kind === 'group') return chat;
    await tx.update(Chat, chat.id, { locale });
    return { ...chat, locale };
  }

  private async rememberProfile(tx: EntityManager, { contact, person }: Encounter): Promise<void> {
    const profile = profileOf(person);
    if (this.cipher.tryDecrypt(contact.profile, PROFILE) === profile) return;
    await tx.update(Contact, contact.id, { profile: this.cipher.encrypt(profile, PROFILE) });
  }
}

const profileOf = ({ name, username }: InboundPerson) => JSON.stringify({ name, ...(username && { username }) });
