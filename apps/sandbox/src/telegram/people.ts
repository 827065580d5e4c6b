import { randomInt } from 'node:crypto';
import type { Feed } from './feed';
import type { Files } from './files';
import { formattedText, MAX_CAPTION, MAX_TEXT } from './formatted-text';
import type { Messenger, NewMessage } from './messenger';
import type { Upload } from './read-call';
import {
  type Conversation,
  type MediaKind,
  type Person,
  type StoredMessage,
  type TelegramState,
  unixNow,
} from './state';
import type { InlineKeyboardMarkup, UpdateContent } from './wire';
import { chatFor, chatIdFor, messageFor, userOfBot, userOfPerson } from './wire-views';

/** Something a person cannot do; the status is an HTTP one. */
export class Refusal extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

export interface QueryAnswer {
  text?: string;
  alert?: boolean;
  url?: string;
}

interface Query {
  bot: number;
  answer: (answer: QueryAnswer) => void;
}

/** A phone stops waiting for a button's answer after this long. */
const PRESS_MS = 15_000;
/** How late a bot may still answer is not published; a minute is what the sandbox grants. */
const QUERY_LIFETIME_MS = 60_000;

export type Push = <K extends keyof UpdateContent>(
  bot: number,
  kind: K,
  content: UpdateContent[K],
  lane: number,
) => void;

/** What people do with their phones. */
export class People {
  private readonly queries = new Map<string, Query>();

  constructor(
    private readonly state: TelegramState,
    private readonly messenger: Messenger,
    private readonly files: Files,
    private readonly feed: Feed,
    private readonly push: Push,
    private readonly pace: number,
  ) {}

  person(id: number): Person {
    const person = this.state.people.get(id);
    if (!person) throw new Refusal(404, `nobody has the id ${id}`);
    return person;
  }

  /** `chatId` as the person sees it: a bot's user id, or a group's negative id. */
  conversation(person: Person, chatId: number): Conversation {
    if (chatId > 0 && this.state.bots.has(chatId)) return this.state.privateChat(person.id, chatId);
    const group = this.state.group(chatId);
    if (!group?.people.includes(person.id)) throw new Refusal(404, `${person.firstName} has no chat ${chatId}`);
    return group;
  }

  say(person: Person, conversation: Conversation, source: string, replyTo?: number): StoredMessage {
    const { text, entities } = formattedText(source, undefined);
    if (!text) throw new Refusal(400, 'a message needs some text');
    if (text.length > MAX_TEXT) throw new Refusal(400, `a message has at most ${MAX_TEXT} characters`);
    if (replyTo !== undefined && !conversation.messages.has(replyTo)) throw new Refusal(404, 'no message to reply to');
    return this.post(person, conversation, { text, entities, replyTo });
  }

  /** As a deep link does, or the START button; a blocked bot is unblocked by it. */
  start(person: Person, conversation: Conversation, payload?: string): StoredMessage {
    if (payload !== undefined && !/^[\w-]{0,64}$/.test(payload)) {
      throw new Refusal(400, 'a start payload has at most 64 of the characters A-Z a-z 0-9 _ -');
    }
    if (conversation.blocked) this.setBlocked(person, conversation, false);
    return this.say(person, conversation, payload ? `/start ${payload}` : '/start');
  }

  async sendFile(
    person: Person,
    conversation: Conversation,
    {
      kind,
      upload,
      caption: source = '',
      duration,
    }: { kind: MediaKind; upload: Upload; caption?: string; duration?: number },
  ): Promise<StoredMessage> {
    this.mayWrite(conversation);
    const { text: caption, entities: captionEntities } = formattedText(source, undefined);
    if (caption.length > MAX_CAPTION) throw new Refusal(400, `a caption has at most ${MAX_CAPTION} characters`);
    const file = await this.files.add(kind, upload, duration);
    return this.post(person, conversation, { fileId: file.id, ...(caption && { caption, captionEntities }) });
  }

  edit(person: Person, conversation: Conversation, messageId: number, source: string): StoredMessage {
    const message = this.message(conversation, messageId);
    if (message.from !== person.id || message.text === undefined)
      throw new Refusal(403, 'only own texts can be edited');
    const { text, entities } = formattedText(source, undefined);
    if (!text || text.length > MAX_TEXT) throw new Refusal(400, `a message has 1 to ${MAX_TEXT} characters`);
    if (text === message.text) return message;
    Object.assign(message, { text, entities, editDate: unixNow() });
    this.feed.tell({ type: 'edited', conversation, message });
    this.tellBots('edited_message', conversation, message);
    return message;
  }

  /** Presses an inline button; undefined when the bot did not answer in time, or the person's client hung up. */
  press(
    person: Person,
    conversation: Conversation,
    messageId: number,
    { row, column }: { row: number; column: number },
    signal?: AbortSignal,
  ): Promise<QueryAnswer | undefined> {
    const message = this.message(conversation, messageId);
    const { inline_keyboard: rows } = (message.replyMarkup ?? {}) as Partial<InlineKeyboardMarkup>;
    const button = rows?.[row]?.[column];
    if (!button) throw new Refusal(404, 'there is no such button');
    if (button.url) return Promise.resolve({ url: button.url });
    if (button.callback_data === undefined) return Promise.resolve({});
    this.mayWrite(conversation);
    const data = button.callback_data;
    const id = `${person.id}${randomInt(1e9)}`;
    const answered = this.awaitAnswer(id, message.from, signal);
    const lane = chatIdFor(conversation);
    const query = {
      id,
      from: userOfPerson(person),
      message: messageFor(this.state, conversation, message),
      chat_instance: `${-lane}${message.from}`,
      data,
    };
    this.push(message.from, 'callback_query', query, lane);
    return answered;
  }

  /** False when the query is unknown, another bot's, or too old. */
  answerQuery(botId: number, id: string, answer: QueryAnswer): boolean {
    const query = this.queries.get(id);
    if (query?.bot !== botId) return false;
    query.answer(answer);
    return true;
  }

  setBlocked(person: Person, conversation: Conversation, blocked: boolean): void {
    if (conversation.kind !== 'private') throw new Refusal(400, 'only a private chat can be blocked');
    if (conversation.blocked === blocked) return;
    conversation.blocked = blocked;
    const bot = this.state.bots.get(conversation.bots[0]!)!;
    const service = `${person.firstName} ${blocked ? 'blocked' : 'unblocked'} ${bot.name}`;
    this.messenger.store(conversation, person.id, { service });
    this.feed.tell({ type: 'chat', conversation });
    const user = userOfBot(bot);
    const member = { user, status: 'member' } as const;
    const kicked = { user, status: 'kicked', until_date: 0 } as const;
    const update = {
      chat: chatFor(this.state, conversation),
      from: userOfPerson(person),
      date: unixNow(),
      old_chat_member: blocked ? member : kicked,
      new_chat_member: blocked ? kicked : member,
    };
    this.push(bot.id, 'my_chat_member', update, chatIdFor(conversation));
  }

  private post(person: Person, conversation: Conversation, content: NewMessage): StoredMessage {
    this.mayWrite(conversation);
    conversation.started = true;
    const message = this.messenger.store(conversation, person.id, content);
    this.tellBots('message', conversation, message);
    return message;
  }

  private mayWrite(conversation: Conversation): void {
    if (conversation.blocked) throw new Refusal(403, 'unblock the bot first');
  }

  private message(conversation: Conversation, id: number): StoredMessage {
    const message = conversation.messages.get(id);
    if (!message) throw new Refusal(404, `there is no message ${id}`);
    return message;
  }

  private tellBots(kind: 'message' | 'edited_message', conversation: Conversation, message: StoredMessage): void {
    for (const id of conversation.bots) {
      if (conversation.kind === 'group' && !this.concerns(id, conversation, message)) continue;
      this.push(id, kind, messageFor(this.state, conversation, message), chatIdFor(conversation));
    }
  }

  /** Privacy mode: of a group a bot hears commands not meant for others, its own name, and replies to it. */
  private concerns(botId: number, conversation: Conversation, message: StoredMessage): boolean {
    if (message.replyTo && conversation.messages.get(message.replyTo)?.from === botId) return true;
    const own = `@${this.state.bots.get(botId)!.username}`.toLowerCase();
    const text = message.text ?? message.caption ?? '';
    return (message.entities ?? message.captionEntities ?? []).some(({ type, offset, length }) => {
      const word = text.slice(offset, offset + length).toLowerCase();
      if (type === 'mention') return word === own;
      return type === 'bot_command' && (!word.includes('@') || word.endsWith(own));
    });
  }

  private awaitAnswer(id: string, bot: number, signal?: AbortSignal): Promise<QueryAnswer | undefined> {
    setTimeout(() => this.queries.delete(id), QUERY_LIFETIME_MS * this.pace).unref();
    return new Promise((resolve) => {
      const settle = (answer?: QueryAnswer) => {
        clearTimeout(timer);
        resolve(answer);
      };
      const timer = setTimeout(settle, PRESS_MS * this.pace).unref();
      signal?.addEventListener('abort', () => settle(), { once: true });
      this.queries.set(id, { bot, answer: settle });
    });
  }
}
