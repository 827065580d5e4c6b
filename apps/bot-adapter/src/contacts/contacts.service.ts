import { Injectable } from '@nestjs/common';
import { Outbox } from '@switchboard/bus';
import {
  type Bot,
  ContactBlocked,
  ContactStarted,
  ContactUnblocked,
  LinkFollowed,
  WindowChanged,
} from '@switchboard/contracts';
import {
  BlindIndex,
  BotsRegistry,
  Clock,
  PersonalData,
  type WrappedKey,
  wrappedKeysOf,
} from '@switchboard/service-kit';
import { ArrayContains, type EntityManager, IsNull } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { AccessSection } from '../bots/bot-sections';
import type { ChatAddress, Inbound, InboundChat, InboundPerson } from '../channels/channel';
import { ChannelsService } from '../channels/channels.service';
import { nearestLanguage, shared } from '../texts/catalogue';
import { ChatAddresses } from './chat-addresses';
import { Chat } from './chat.entity';
import { Contact } from './contact.entity';
import { InboundMessageRow } from './inbound-message.entity';
import { nameHash, profileRowOf, readProfile, startHash, usernameHash, writtenProfile } from './profile';
import { type Restriction, RESTRICTED_UNTIL, restrictionOf } from './restrictions.service';

/** Someone wrote: who, and where. */
export interface ChatContext {
  readonly bot: Bot;
  readonly chat: Chat;
  readonly contact: Contact;
  readonly person: InboundPerson;
  /** The chat, and the topic in which it was written. */
  readonly address: ChatAddress;
  /** In what ids of messages count. */
  readonly idSpace: Pick<InboundMessageRow, 'account' | 'externalChatHash'>;
  /** Present of somebody who is not listened to. */
  readonly restriction?: Restriction | undefined;
}

/** What somebody did, as far as it says who and where, and counts. */
export interface Deed {
  readonly kind: Inbound['kind'];
  readonly chat: InboundChat;
  readonly from: InboundPerson;
  /** When, where the channel tells it. */
  readonly sentAt?: Date;
  /** Files that were sent together are one deed. */
  readonly mediaGroup?: string;
}

/** A person who writes faster than the bot allows is not answered for so long. */
export interface TooFast {
  readonly context: ChatContext;
  readonly waitSeconds: number;
  /** False when the person was told a moment ago. */
  readonly isToBeTold: boolean;
}

/** What every event about a chat carries. */
export const inChat = ({ chat, contact }: Pick<ChatContext, 'chat' | 'contact'>) => ({
  chatId: chat.id,
  botId: chat.botId,
  channel: chat.channel,
  userId: contact.userId,
});

/** The languages a bot speaks. */
export const languagesOf = (bot: Bot): readonly string[] => bot.languages ?? shared.languages;

/** So long nobody is listened to in a group in which the bot may not write, unless the channel says that it may. */
const MUTED_FOR_MS = 3_600_000;
const TELL_AGAIN_AFTER_MS = 60_000;
/** Of somebody who follows one link after the other the latest are remembered. */
const LINKS_REMEMBERED = 20;
const WROTE_LATER = 'SELECT FROM contacts WHERE bot_id = :botId AND user_id = :userId AND flood_at > :at';
/** Older than what was counted last by so much: it was held up on its way, and how fast it was written nobody can tell any more. */
const HELD_UP_SECONDS = 60;
/**
 * One at a time writes in a chat. Others may meanwhile add what refers to it: what is passed on between two chats, to and fro, would wait
 * for each other else.
 */
const LOCKED = { lock: { mode: 'for_no_key_update' } } as const;
/** What a contact is read with, by the statement that counts and by the one that makes it. */
const CONTACT = `id, user_id, profile, started_at, flood_level, flood_told_at, ${wrappedKeysOf('contacts.user_id')} AS keys,
  ${RESTRICTED_UNTIL}`;

@Injectable()
export class ContactsService {
  constructor(
    private readonly bots: BotsRegistry,
    private readonly channels: ChannelsService,
    private readonly outbox: Outbox,
    private readonly personal: PersonalData,
    private readonly addresses: ChatAddresses,
    private readonly index: BlindIndex,
    private readonly clock: Clock,
  ) {}

  /** Whether the bot talks to this person at all. */
  access(bot: Bot, { externalId, username }: InboundPerson): 'allowed' | 'blocked' | 'not_invited' {
    const { allow, block } = this.accessOf(bot);
    const names = [externalId, ...(username ? [username, `@${username}`] : [])].map((name) => name.toLowerCase());
    const isIn = (list: string[]) => list.some((entry) => names.includes(entry.toLowerCase()));
    if (isIn(block)) return 'blocked';
    return !allow || isIn(allow) ? 'allowed' : 'not_invited';
  }

  /**
   * The chat and the contact, made when they are first met. Holds the chat's row until `tx` ends, so that what happens in one
   * chat is said in the order in which it happened.
   * @param account of the channel, by which it came
   * @param how `isReplay`: it counts nothing, because it waited for us and not for the person
   */
  async resolveContact(
    tx: EntityManager,
    bot: Bot,
    account: string,
    by: Deed,
    { deepLink, isReplay = false }: { deepLink?: string | undefined; isReplay?: boolean } = {},
  ): Promise<ChatContext | TooFast> {
    const { contact, isNew, restriction } = await this.upsertContact(tx, bot, by, isReplay);
    const chat = await this.lockChat(tx, bot, by, contact);
    const idSpace = { account, externalChatHash: this.addresses.hash(bot.channel.kind, by.chat.externalId) };
    const context = { bot, chat, contact, person: by.from, address: by.chat, idSpace, restriction };
    if (isNew) {
      await this.outbox.add(
        tx,
        ContactStarted({
          ...inChat(context),
          contactId: contact.id,
          externalId: by.from.externalId,
          locale: chat.locale,
          ...(deepLink && { deepLink }),
        }),
      );
    } else {
      await this.updateProfile(tx, context);
    }
    // Whoever writes can be written to, whatever we heard before; but not in a group in which the bot may not write. There the
    // channel says when it may again, and in case that was lost it is tried now and then.
    const { mutedUntil } = chat;
    const isMuted = chat.kind === 'group' && mutedUntil !== null && mutedUntil > this.clock.now();
    if (!isMuted) await this.unblock(tx, chat);
    await this.openWindow(tx, chat, by);
    const { burst, perMinute } = this.accessOf(bot).flood;
    const over = contact.floodLevel - burst;
    if (over <= 0 || isReplay) return context;
    const { floodToldAt } = contact;
    const now = this.clock.now();
    const isToBeTold = !floodToldAt || now.getTime() - floodToldAt.getTime() > TELL_AGAIN_AFTER_MS;
    if (isToBeTold) await tx.update(Contact, contact.id, { floodToldAt: now });
    return { context, waitSeconds: Math.ceil((over * 60) / perMinute), isToBeTold };
  }

  /** From now on the chat is spoken to in this language, whatever that of the person's client is. */
  async chooseLanguage(tx: EntityManager, chat: Chat, locale: string): Promise<void> {
    const choice = { locale, localeChosen: true };
    await tx.update(Chat, chat.id, choice);
    // What is shown next is already said in it.
    Object.assign(chat, choice);
  }

  /**
   * The same without anything having happened, for what is said later; undefined when one of them is gone.
   * @param isLocked holds the chat's row until `tx` ends
   */
  async recall(
    tx: EntityManager,
    { chatId, userId, threadId }: { chatId: string; userId: string; threadId?: string },
    isLocked = false,
  ): Promise<ChatContext | undefined> {
    const chat = await this.presentChat(tx, chatId, isLocked);
    const bot = chat && this.bots.find(chat.botId);
    const contact = bot && (await tx.findOneBy(Contact, { botId: bot.id, userId }));
    if (!chat || !bot || !contact) return undefined;
    const { profile } = await this.personal.tryDecrypt(tx, profileRowOf(contact), { profile: contact.profile });
    const address = { externalId: await this.addresses.decrypt(tx, chat), ...(threadId && { threadId }) };
    const person = { externalId: '', name: '', ...readProfile(profile) };
    const idSpace = { account: '', externalChatHash: chat.externalHash };
    return { bot, chat, contact, person, address, idSpace };
  }

  /** The person came by a link that says something to the bot. */
  async followed(tx: EntityManager, context: Pick<ChatContext, 'chat' | 'contact'>, deepLink: string): Promise<void> {
    await tx.query(
      `UPDATE contacts SET start_hashes = (array_prepend($2, array_remove(start_hashes, $2)))[:${LINKS_REMEMBERED}] WHERE id = $1`,
      [context.contact.id, startHash(this.index, deepLink)],
    );
    const followedAt = this.clock.now().toISOString();
    await this.outbox.add(tx, LinkFollowed({ ...inChat(context), deepLink, followedAt }));
  }

  /**
   * The person closed the door, or the channel says that they did.
   * @param at when, where the channel tells it. It may be told late: a person who wrote after that has opened it again.
   */
  async block(tx: EntityManager, chat: Chat, at?: Date): Promise<void> {
    const { affected } = await tx
      .createQueryBuilder()
      .update(Chat)
      .set({ blockedAt: this.clock.now() })
      .where('id = :id AND blocked_at IS NULL', chat)
      .andWhere(at ? `NOT EXISTS (${WROTE_LATER})` : 'TRUE', { ...chat, at })
      .execute();
    if (affected) await this.announce(tx, ContactBlocked, chat);
  }

  /** The bot is there and may not write. */
  async mute(tx: EntityManager, chat: Chat): Promise<void> {
    await this.block(tx, chat);
    await tx.update(Chat, chat.id, { mutedUntil: new Date(this.clock.now().getTime() + MUTED_FOR_MS) });
  }

  async unblock(tx: EntityManager, chat: Chat): Promise<void> {
    if (!chat.blockedAt) return;
    const open = { blockedAt: null, mutedUntil: null };
    await tx.update(Chat, chat.id, open);
    Object.assign(chat, open);
    await this.announce(tx, ContactUnblocked, chat);
  }

  /** The chat that is known under the channel's id now, or was known under it before it moved. */
  async findChat(tx: EntityManager, bot: Bot, externalId: string, isLocked = false): Promise<Chat | null> {
    const hash = this.addresses.hash(bot.channel.kind, externalId);
    const present = { botId: bot.id, movedTo: IsNull() };
    const lock = isLocked ? LOCKED : {};
    return (
      (await tx.findOne(Chat, { where: { ...present, externalHash: hash }, ...lock })) ??
      (await tx.findOne(Chat, { where: { ...present, formerHashes: ArrayContains([hash]) }, ...lock }))
    );
  }

  /** Our id of a message that was taken earlier. */
  findMessage(
    tx: EntityManager,
    bot: Bot,
    account: string,
    externalChatId: string,
    externalMessageId: string,
  ): Promise<InboundMessageRow | null> {
    const externalChatHash = this.addresses.hash(bot.channel.kind, externalChatId);
    return tx.findOneBy(InboundMessageRow, { botId: bot.id, account, externalChatHash, externalMessageId });
  }

  /** The chat itself, or the one that goes on in its place; null for one that was never met. */
  async presentChat(tx: EntityManager, id: string, isLocked = false): Promise<Chat | null> {
    const find = (one: string) => tx.findOne(Chat, { where: { id: one }, ...(isLocked && LOCKED) });
    const chat = await find(id);
    return chat?.movedTo ? find(chat.movedTo) : chat;
  }

  /**
   * A chat goes on under a new id, and stays known by the old one, of which something may still come. When it was met under
   * both there are two rows: the one that was met first goes on, with the conversation it has, and the other one points to it.
   * Returns the chat that goes on, and the one that does not; undefined for one that has moved already.
   */
  async move(
    tx: EntityManager,
    { botId, channel, externalHash: from }: Chat,
    to: string,
  ): Promise<{ chat: Chat; superseded?: Chat } | undefined> {
    const externalHash = this.addresses.hash(channel, to);
    if (from === externalHash) return undefined;
    const found = await tx.find(Chat, {
      where: [from, externalHash].map((hash) => ({ botId, externalHash: hash, movedTo: IsNull() })),
      // Ids ascend with the time at which they were given.
      order: { id: 'ASC' },
      lock: { mode: 'pessimistic_write' },
    });
    const [first, superseded] = found;
    if (!first || !found.some((chat) => chat.externalHash === from)) return undefined;
    if (superseded) {
      await tx.update(Chat, { movedTo: superseded.id }, { movedTo: first.id });
      await tx.update(Chat, superseded.id, { movedTo: first.id });
    }
    const known = found.flatMap((chat) => [chat.externalHash, ...chat.formerHashes]);
    // What was heard under the new id is newer.
    const { blockedAt, mutedUntil } = found.find((chat) => chat.externalHash === externalHash) ?? first;
    const change = {
      ...{ blockedAt, mutedUntil },
      externalId: await this.addresses.encrypt(tx, first, to),
      externalHash,
      formerHashes: [...new Set(known)].filter((hash) => hash !== externalHash),
    };
    await tx.update(Chat, first.id, change);
    return { chat: { ...first, ...change }, ...(superseded && { superseded }) };
  }

  private accessOf({ id }: Bot): AccessSection {
    return this.bots.section(id, 'access', AccessSection) ?? AccessSection.parse(undefined);
  }

  /** Groups have no single person whose door it is. */
  private async announce(
    tx: EntityManager,
    event: typeof ContactBlocked | typeof ContactUnblocked,
    chat: Chat,
  ): Promise<void> {
    if (!chat.userId) return;
    const contact = await tx.findOneBy(Contact, { botId: chat.botId, userId: chat.userId });
    if (contact) await this.outbox.add(tx, event({ ...inChat({ chat, contact }), contactId: contact.id }));
  }

  /**
   * Counts what the person does, in a bucket that leaks `perMinute`, in the statement that finds them: a message costs no
   * statement more for it, and replicas count together. It leaks by the time at which they did it: after an outage the channel
   * brings at once what was written in hours.
   */
  private async upsertContact(
    tx: EntityManager,
    bot: Bot,
    { from: person, sentAt, mediaGroup }: Deed,
    isReplay: boolean,
  ): Promise<{ contact: Contact; isNew: boolean; restriction: Restriction | undefined }> {
    const { burst, perMinute } = this.accessOf(bot).flood;
    const now = this.clock.now();
    const at = sentAt && sentAt < now ? sentAt : now;
    const externalHash = this.addresses.hash(bot.channel.kind, person.externalId);
    const key = [bot.id, externalHash];
    const counted = await tx.query<[ContactRow[], number]>(
      `UPDATE contacts SET
         flood_level = least($4::float8, greatest(0, flood_level - greatest(0, extract(epoch FROM $3::timestamptz - flood_at)) * $5 / 60))
           + CASE WHEN $7 OR flood_group = $6 OR flood_at - $3 > interval '${HELD_UP_SECONDS} s' THEN 0 ELSE 1 END,
         flood_at = greatest(flood_at, $3),
         flood_group = coalesce($6::text, flood_group)
       WHERE bot_id = $1 AND external_hash = $2
       RETURNING ${CONTACT}`,
      // Who goes on for long waits no longer than who stops.
      [...key, at, burst + 2 * perMinute, perMinute, mediaGroup ?? null, isReplay],
    );
    const [known] = counted[0];
    if (known) {
      this.personal.remember(tx, known.keys);
      return { ...foundIn(bot, externalHash, known, now), isNew: false };
    }
    const userId = await this.userId(tx, bot.channel.kind, externalHash);
    const id = uuidv7();
    const { profile, nameHash, usernameHash } = await this.sealed(tx, { id, userId }, person);
    const [made] = await tx.query<ContactRow[]>(
      `INSERT INTO contacts (id, bot_id, external_hash, user_id, profile, name_hash, username_hash, started_at, flood_level,
         flood_at, flood_group)
       VALUES ($3, $1, $2, $4, $5, $9, $10, $6, 1, $7, $8) ON CONFLICT (bot_id, external_hash) DO NOTHING
       RETURNING ${CONTACT}`,
      [...key, id, userId, profile, now, at, mediaGroup ?? null, nameHash, usernameHash],
    );
    if (made) return { ...foundIn(bot, externalHash, made, now), isNew: true };
    // Another update of the same person came first through another connection.
    const [other] = await tx.query<ContactRow[]>(
      `SELECT ${CONTACT} FROM contacts WHERE bot_id = $1 AND external_hash = $2`,
      key,
    );
    return { ...foundIn(bot, externalHash, other!, now), isNew: false };
  }

  private async userId(tx: EntityManager, channel: string, externalHash: string): Promise<string> {
    const [row] = await tx.query<{ user_id: string }[]>(
      // The update changes nothing: without it a conflict returns no row.
      `INSERT INTO people (channel, external_hash, user_id) VALUES ($1, $2, $3)
       ON CONFLICT (channel, external_hash) DO UPDATE SET user_id = people.user_id RETURNING user_id`,
      [channel, externalHash, uuidv7()],
    );
    return row!.user_id;
  }

  private async lockChat(
    tx: EntityManager,
    bot: Bot,
    by: { chat: InboundChat; from: InboundPerson },
    contact: Contact,
  ): Promise<Chat> {
    const key = { botId: bot.id, externalHash: this.addresses.hash(bot.channel.kind, by.chat.externalId) };
    const language = nearestLanguage(languagesOf(bot), by.from.language);
    const known = await this.findChat(tx, bot, by.chat.externalId, true);
    if (known) return this.updateLocale(tx, known, language);
    const { kind } = by.chat;
    const identity = { id: uuidv7(), kind, userId: kind === 'private' ? contact.userId : null };
    const made: Chat = {
      ...key,
      ...identity,
      externalId: await this.addresses.encrypt(tx, identity, by.chat.externalId),
      channel: bot.channel.kind,
      locale: language,
      localeChosen: false,
      voiceMode: bot.voice.mode,
      blockedAt: null,
      mutedUntil: null,
      restToldAt: null,
      nextSendAt: null,
      windowUntil: null,
      personWindowUntil: null,
      handedOverUntil: null,
      movedTo: null,
      formerHashes: [],
    };
    await tx.createQueryBuilder().insert().into(Chat).values(made).orIgnore().execute();
    return tx.findOneOrFail(Chat, { where: { ...key, movedTo: IsNull() }, ...LOCKED });
  }

  /** What the person did lets the bot write for a while, where the channel has it so. It may have been brought late. */
  private async openWindow(tx: EntityManager, chat: Chat, { kind, sentAt }: Deed): Promise<void> {
    const window = this.channels.find(chat.botId)?.capabilities.window;
    if (!window?.opens.includes(kind)) return;
    const now = this.clock.now().getTime();
    const at = Math.min(sentAt?.getTime() ?? now, now);
    const open = {
      windowUntil: later(chat.windowUntil, at + window.forBotMs),
      personWindowUntil: later(chat.personWindowUntil, at + (window.forPersonMs ?? window.forBotMs)),
    };
    await tx.update(Chat, chat.id, open);
    Object.assign(chat, open);
    if (chat.handedOverUntil !== null && chat.handedOverUntil.getTime() > now) await this.tellWindow(tx, chat);
  }

  /** Until when a chat may be written in, where the channel ends that. */
  async tellWindow(tx: EntityManager, chat: Chat): Promise<void> {
    const { id: chatId, botId, channel, userId, windowUntil, personWindowUntil } = chat;
    if (!userId || !this.channels.find(botId)?.capabilities.window) return;
    const now = this.clock.now();
    const open = (until: Date | null) => (until && until > now ? until.toISOString() : undefined);
    const [forBotUntil, forPersonUntil] = [open(windowUntil), open(personWindowUntil)];
    const until = { ...(forBotUntil && { forBotUntil }), ...(forPersonUntil && { forPersonUntil }) };
    await this.outbox.add(tx, WindowChanged({ chatId, botId, channel, userId, ...until }));
  }

  /** People change the language of their client; in a group everyone has their own. */
  private async updateLocale(tx: EntityManager, chat: Chat, locale: string): Promise<Chat> {
    if (chat.localeChosen || chat.locale === locale || chat.kind === 'group') return chat;
    await tx.update(Chat, chat.id, { locale });
    return { ...chat, locale };
  }

  /** A profile that cannot be read here is written anew: the message matters more, and brings the name along. */
  private async updateProfile(tx: EntityManager, { contact, person }: ChatContext): Promise<void> {
    const read = await this.personal.tryDecrypt(tx, profileRowOf(contact), { profile: contact.profile });
    if (read.profile === writtenProfile(person)) return;
    await tx.update(Contact, contact.id, await this.sealed(tx, contact, person));
  }

  /** A profile as it is kept, with the hashes by which staff find its person. */
  private async sealed(tx: EntityManager, contact: Pick<Contact, 'id' | 'userId'>, person: InboundPerson) {
    const { profile } = await this.personal.encrypt(tx, profileRowOf(contact), { profile: writtenProfile(person) });
    const { name, username } = person;
    return {
      profile,
      nameHash: nameHash(this.index, name),
      usernameHash: username ? usernameHash(this.index, username) : null,
    };
  }
}

const later = (one: Date | null, other: number) => new Date(Math.max(one?.getTime() ?? 0, other));

interface ContactRow {
  id: string;
  user_id: string;
  profile: string;
  started_at: Date;
  flood_level: number;
  flood_told_at: Date | null;
  /** Of the person, brought along. */
  keys: WrappedKey[] | null;
  restricted_until: Date | number | null;
}

const foundIn = (bot: Bot, externalHash: string, row: ContactRow, now: Date) => ({
  contact: contactOf(bot, externalHash, row),
  restriction: restrictionOf(row.restricted_until, now),
});

const contactOf = (bot: Bot, externalHash: string, row: ContactRow): Contact => ({
  id: row.id,
  botId: bot.id,
  externalHash,
  userId: row.user_id,
  profile: row.profile,
  startedAt: row.started_at,
  floodLevel: row.flood_level,
  floodToldAt: row.flood_told_at,
});
