import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import type { Delivery } from '../kit/webhook-pusher';
import type { Entity, Message, Poll, Update } from './wire';

export interface Webhook {
  url: string;
  secretToken?: string;
  maxConnections: number;
  ipAddress?: string;
  lastErrorDate?: number;
  lastErrorMessage?: string;
}

export interface PendingUpdate extends Delivery {
  update: Update;
}

export interface BotCommand {
  command: string;
  description: string;
}

export interface Bot {
  id: number;
  token: string;
  username: string;
  name: string;
  /** Texts by `kind:language`, kinds being name, description, short_description. */
  texts: Record<string, string>;
  /** Command lists by `scope:language`. */
  commands: Record<string, BotCommand[]>;
  /** Menu buttons by chat id, or `default`. */
  menuButtons: Record<string, unknown>;
  pending: PendingUpdate[];
  nextUpdateId: number;
  /** Message ids in private chats and basic groups are counted per account, not per chat. */
  nextMessageId: number;
  /** Empty for what Telegram sends unless told. */
  allowedUpdates: string[];
  webhook?: Webhook;
}

export interface Person {
  id: number;
  firstName: string;
  lastName?: string;
  username?: string;
  languageCode: string;
  hue: number;
}

export const MEDIA_KINDS = [
  'photo',
  'document',
  'voice',
  'audio',
  'video',
  'animation',
  'video_note',
  'sticker',
] as const;
export type MediaKind = (typeof MEDIA_KINDS)[number];

export interface StoredFile {
  id: string;
  uniqueId: string;
  kind: MediaKind;
  /** As getFile gives it: `voice/file_7.oga`. */
  path: string;
  mimeType: string;
  name?: string;
  bytes: number;
  /** Seconds. */
  duration?: number;
  width?: number;
  height?: number;
}

/** What a message has beside text and file, in the Bot API's own words: a place, an invoice, a service message. */
export type Extra = Partial<
  Pick<
    Message,
    | 'location'
    | 'venue'
    | 'contact'
    | 'dice'
    | 'invoice'
    | 'rich_message'
    | 'forward_origin'
    | 'sender_chat'
    | 'is_automatic_forward'
    | 'quote'
    | 'via_bot'
    | 'web_app_data'
    | 'successful_payment'
    | 'refunded_payment'
    | 'migrate_to_chat_id'
    | 'migrate_from_chat_id'
    | 'forum_topic_created'
    | 'forum_topic_edited'
    | 'forum_topic_closed'
    | 'forum_topic_reopened'
  >
>;

export interface StoredMessage {
  id: number;
  /** Unix seconds. */
  date: number;
  /** Milliseconds, for measuring. */
  storedAt: number;
  editDate?: number;
  from: number;
  text?: string;
  entities?: Entity[];
  caption?: string;
  captionEntities?: Entity[];
  fileId?: string;
  /** The poll's id; what stands in it changes after the message was sent. */
  pollId?: string;
  extra?: Extra;
  replyTo?: number;
  /** The forum topic it stands in. */
  threadId?: number;
  mediaGroupId?: string;
  replyMarkup?: object;
  reactions?: { from: number; emoji: string }[];
  /** The message that was pinned, of which this one tells. */
  pinned?: number;
  /** A line in the middle of the chat. Bots hear of it only when `extra` or `pinned` says what it is. */
  service?: string;
}

export interface Topic {
  id: number;
  name: string;
  iconColor: number;
  closed: boolean;
}

export interface Conversation {
  kind: 'private' | 'group';
  /** Groups: the negative chat id. */
  groupId?: number;
  title?: string;
  /** Of a public one. */
  username?: string;
  /** A basic group, which may become a supergroup with another id; others are supergroups from the start. */
  basic?: boolean;
  /** The supergroup that this basic group has become. */
  migratedTo?: number;
  /** Bots with rights, who hear everything. */
  admins: number[];
  forum: boolean;
  topics: Topic[];
  people: number[];
  /** Who was there and has left. */
  left: number[];
  bots: number[];
  messages: Map<number, StoredMessage>;
  nextMessageId: number;
  /** Private chats: the person has written at least once, so the bot may write too. */
  started: boolean;
  blocked: boolean;
  pinned: number[];
  /** The keyboard under the field, as the bot last set it. */
  replyKeyboard?: object;
}

export interface StoredPoll {
  bot: number;
  poll: Poll;
  /** By person, the indexes they chose. */
  votes: Record<number, number[]>;
}

/** Something to pay in Stars, as its bot has described it. */
export interface StoredInvoice {
  bot: number;
  title: string;
  description: string;
  payload: string;
  currency: string;
  amount: number;
  /** Seconds; a subscription that renews itself. */
  subscriptionPeriod?: number;
}

export interface Charge {
  id: string;
  bot: number;
  person: number;
  invoice: StoredInvoice;
  date: number;
  refundedAt?: number;
  /** Renewals of a subscription point to its first charge. */
  renews?: string;
  canceled?: boolean;
}

export interface PersonSeed {
  firstName: string;
  lastName?: string;
  username?: string;
  languageCode: string;
}

export interface BotSeed {
  token: string;
  username?: string;
  name?: string;
  /** Of the next update. After a week without any, Telegram goes on with a random one. */
  nextUpdateId?: number;
}

/** Past 32 bits on purpose: real user ids are, and a client that keeps them in an int should notice here. */
const FIRST_PERSON = 5_100_000_001;
const FIRST_GROUP = -1_001_000_000_001;
/** Basic groups have short ids. */
const FIRST_BASIC_GROUP = -4_200_000_001;
/** A killed process may have lost its last moments; skipping ahead keeps it from giving ids a second time. */
const SKIPPED_IDS = 1000;

/** The sandbox wrote this itself, so only its outline is checked. */
const Saved = z.object({
  bots: z.array(z.custom<Bot>()),
  people: z.array(z.custom<Person>()),
  files: z.array(z.custom<StoredFile>()),
  polls: z.array(z.custom<StoredPoll>()).default([]),
  invoices: z.array(z.tuple([z.string(), z.custom<StoredInvoice>()])).default([]),
  charges: z.array(z.custom<Charge>()).default([]),
  conversations: z.array(
    z.tuple([z.string(), z.custom<Omit<Conversation, 'messages'> & { messages: StoredMessage[] }>()]),
  ),
});

/** What the sandbox's Telegram remembers. */
/** What a bot is called to which nobody has given a name. */
const nameFrom = (username: string) => username.replace(/_?bot$/i, '').replaceAll('_', ' ');

export class TelegramState {
  readonly bots = new Map<number, Bot>();
  readonly people = new Map<number, Person>();
  readonly files = new Map<string, StoredFile>();
  readonly polls = new Map<string, StoredPoll>();
  /** By the slug of their link. */
  readonly invoices = new Map<string, StoredInvoice>();
  readonly charges = new Map<string, Charge>();
  readonly conversations = new Map<string, Conversation>();

  addBot(seed: BotSeed): Bot {
    const id = Number(seed.token.split(':')[0]);
    const known = this.bots.get(id);
    const username = seed.username ?? known?.username ?? `sandbox_${id}_bot`;
    const named = known && known.name !== nameFrom(known.username) ? known.name : undefined;
    const name = seed.name ?? named ?? nameFrom(username);
    const { nextUpdateId } = seed;
    if (known)
      return Object.assign(known, { token: seed.token, username, name, ...(nextUpdateId && { nextUpdateId }) });
    const bot: Bot = {
      id,
      token: seed.token,
      username,
      name,
      texts: {},
      commands: {},
      menuButtons: {},
      pending: [],
      // A sandbox that forgot everything must not repeat ids that its clients remember: ten per second since 2026.
      nextUpdateId: nextUpdateId ?? Math.floor((Date.now() - Date.UTC(2026, 0)) / 100),
      nextMessageId: 1,
      allowedUpdates: [],
    };
    this.bots.set(id, bot);
    return bot;
  }

  botByToken(token: string): Bot | undefined {
    const bot = this.bots.get(Number(token.split(':')[0]));
    return bot?.token === token ? bot : undefined;
  }

  addPerson(seed: PersonSeed): Person {
    const index = this.people.size;
    // The golden angle keeps neighbours' colours apart.
    const person = { id: FIRST_PERSON + index, hue: Math.round(index * 137.5) % 360, ...seed };
    this.people.set(person.id, person);
    return person;
  }

  addGroup(
    title: string,
    people: number[],
    bots: number[],
    {
      basic = false,
      forum = false,
      admins = [],
      username,
    }: { basic?: boolean; forum?: boolean; admins?: number[]; username?: string | undefined } = {},
  ): Conversation {
    const alike = [...this.conversations.values()].filter((one) => one.kind === 'group' && !!one.basic === basic);
    const groupId = (basic ? FIRST_BASIC_GROUP : FIRST_GROUP) - alike.length;
    const about = {
      groupId,
      title,
      started: true,
      forum,
      admins,
      ...(basic && { basic }),
      ...(username && { username }),
    };
    const group: Conversation = { ...newConversation('group', people, bots), ...about };
    this.conversations.set(String(groupId), group);
    return group;
  }

  privateChat(personId: number, botId: number): Conversation {
    const key = `${personId}:${botId}`;
    const known = this.conversations.get(key);
    if (known) return known;
    const chat = newConversation('private', [personId], [botId]);
    this.conversations.set(key, chat);
    return chat;
  }

  group(groupId: number | string): Conversation | undefined {
    if (typeof groupId === 'number') return this.conversations.get(String(groupId));
    const name = groupId.replace(/^@/, '').toLowerCase();
    return [...this.conversations.values()].find(({ username }) => username?.toLowerCase() === name);
  }

  nextMessageId(conversation: Conversation): number {
    const bot = this.bots.get(conversation.bots[0] ?? 0);
    if ((conversation.kind === 'group' && !conversation.basic) || !bot) return conversation.nextMessageId++;
    return bot.nextMessageId++;
  }

  /** Forgets what was said and who blocked whom; who there is, and the counters, stay. */
  forgetMessages(): void {
    for (const map of [this.files, this.polls, this.invoices, this.charges]) map.clear();
    for (const bot of this.bots.values()) bot.pending = [];
    for (const conversation of this.conversations.values()) {
      conversation.messages.clear();
      conversation.pinned = [];
      conversation.topics = [];
      conversation.replyKeyboard = undefined;
      conversation.blocked = false;
      conversation.started = conversation.kind === 'group';
    }
  }

  save(): object {
    const { bots, people, files, polls, invoices, charges, conversations } = this;
    return {
      bots: [...bots.values()],
      people: [...people.values()],
      files: [...files.values()],
      polls: [...polls.values()],
      invoices: [...invoices],
      charges: [...charges.values()],
      conversations: [...conversations].map(([key, conversation]) => [
        key,
        { ...conversation, messages: [...conversation.messages.values()] },
      ]),
    };
  }

  restore(source: unknown): void {
    const saved = Saved.parse(source);
    for (const bot of saved.bots) {
      bot.nextUpdateId += SKIPPED_IDS;
      bot.nextMessageId += SKIPPED_IDS;
      this.bots.set(bot.id, bot);
    }
    saved.people.forEach((person) => this.people.set(person.id, person));
    saved.files.forEach((file) => this.files.set(file.id, file));
    saved.polls.forEach((stored) => this.polls.set(stored.poll.id, stored));
    saved.invoices.forEach(([slug, invoice]) => this.invoices.set(slug, invoice));
    saved.charges.forEach((charge) => this.charges.set(charge.id, charge));
    for (const [key, conversation] of saved.conversations) {
      const messages = new Map(conversation.messages.map((message) => [message.id, message]));
      const nextMessageId = conversation.nextMessageId + SKIPPED_IDS;
      this.conversations.set(key, {
        ...newConversation(conversation.kind, [], []),
        ...conversation,
        messages,
        nextMessageId,
      });
    }
  }
}

/** An opaque id such as Telegram's file ids: clients may rely on nothing but its being one URL-safe word. */
export const opaqueId = (prefix: string, bytes = 24) => prefix + randomBytes(bytes).toString('base64url');

export const unixNow = () => Math.floor(Date.now() / 1000);

function newConversation(kind: Conversation['kind'], people: number[], bots: number[]): Conversation {
  return {
    kind,
    people,
    left: [],
    bots,
    admins: [],
    forum: false,
    topics: [],
    messages: new Map(),
    nextMessageId: 1,
    started: false,
    blocked: false,
    pinned: [],
  };
}
