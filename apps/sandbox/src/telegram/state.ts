import { randomBytes } from 'node:crypto';
import type { Entity, Update } from './wire';

export interface Webhook {
  url: string;
  secretToken?: string;
  maxConnections: number;
  ipAddress?: string;
  lastErrorDate?: number;
  lastErrorMessage?: string;
}

export interface PendingUpdate {
  update: Update;
  /** Updates of one lane are delivered one after the other: the chat they belong to. */
  lane: number;
  /** Milliseconds; not worth delivering afterwards. */
  expires: number;
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
  /** Message ids in private chats are counted per account, not per chat. */
  nextMessageId: number;
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

export type MediaKind = 'photo' | 'document' | 'voice' | 'audio';

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
  replyTo?: number;
  mediaGroupId?: string;
  replyMarkup?: object;
  /** A line only the phone shows; bots do not know of it. */
  service?: string;
}

export interface Conversation {
  kind: 'private' | 'group';
  /** Groups: the negative chat id. */
  groupId?: number;
  title?: string;
  people: number[];
  bots: number[];
  messages: Map<number, StoredMessage>;
  nextMessageId: number;
  /** Private chats: the person has written at least once, so the bot may write too. */
  started: boolean;
  blocked: boolean;
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
}

/** Past 32 bits on purpose: real user ids are, and a client that keeps them in an int should notice here. */
const FIRST_PERSON = 5_100_000_001;
const FIRST_GROUP = -1_001_000_000_001;

/** What the pretended Telegram remembers. */
export class TelegramState {
  readonly bots = new Map<number, Bot>();
  readonly people = new Map<number, Person>();
  readonly files = new Map<string, StoredFile>();
  readonly conversations = new Map<string, Conversation>();

  addBot(seed: BotSeed): Bot {
    const id = Number(seed.token.split(':')[0]);
    const known = this.bots.get(id);
    const username = seed.username ?? known?.username ?? `sandbox_${id}_bot`;
    const name = seed.name ?? known?.name ?? username.replace(/_?bot$/i, '').replaceAll('_', ' ');
    if (known) return Object.assign(known, { token: seed.token, username, name });
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
      nextUpdateId: Math.floor((Date.now() - Date.UTC(2026, 0)) / 100),
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

  addGroup(title: string, people: number[], bots: number[]): Conversation {
    const groups = [...this.conversations.values()].filter(({ kind }) => kind === 'group');
    const groupId = FIRST_GROUP - groups.length;
    const group: Conversation = { ...newConversation('group', people, bots), groupId, title, started: true };
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

  group(groupId: number): Conversation | undefined {
    return this.conversations.get(String(groupId));
  }

  nextMessageId(conversation: Conversation): number {
    if (conversation.kind === 'group') return conversation.nextMessageId++;
    return this.bots.get(conversation.bots[0]!)!.nextMessageId++;
  }

  /** Forgets what was said and who blocked whom; who there is, and the counters, stay. */
  forgetMessages(): void {
    this.files.clear();
    for (const bot of this.bots.values()) bot.pending = [];
    for (const conversation of this.conversations.values()) {
      conversation.messages.clear();
      conversation.blocked = false;
      conversation.started = conversation.kind === 'group';
    }
  }
}

/** An opaque id such as Telegram's file ids: clients may rely on nothing but its being one URL-safe word. */
export const opaqueId = (prefix: string, bytes = 24) => prefix + randomBytes(bytes).toString('base64url');

export const unixNow = () => Math.floor(Date.now() / 1000);

function newConversation(kind: Conversation['kind'], people: number[], bots: number[]): Conversation {
  return { kind, people, bots, messages: new Map(), nextMessageId: 1, started: false, blocked: false };
}
