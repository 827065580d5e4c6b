import { randomInt } from 'node:crypto';
import type { Upload } from '../kit/forms';
import { HttpError } from '../kit/http';
import type { Files, MediaFacts } from './files';
import { formattedText, MAX_CAPTION, MAX_TEXT } from './formatted-text';
import type { Messenger, NewMessage } from './messenger';
import { quoteOf } from './method';
import { type Feed } from './feed';
import {
  type Conversation,
  type Extra,
  type MediaKind,
  type Person,
  type StoredMessage,
  type TelegramState,
  unixNow,
} from './state';
import type { Contact, InlineKeyboardMarkup, Location, UpdateContent } from './wire';
import { chatFor, chatIdFor, messageFor, TELEGRAM, userById, userOfBot, userOfPerson } from './to-wire';

export interface QueryAnswer {
  text?: string;
  alert?: boolean;
  url?: string;
}

/** A phone stops waiting for a button's answer after this long. */
const PRESS_MS = 15_000;
/** How late a bot may still answer is not published; a minute is what the sandbox grants. */
const QUERY_LIFETIME_MS = 60_000;

export type Push = <K extends keyof UpdateContent>(
  bot: number,
  kind: K,
  content: UpdateContent[K],
  /** Where it happened. */
  chat: number,
) => void;

/** Questions to bots that wait for an answer: pressed buttons, inline queries, payments to be confirmed. */
export class OpenQueries<Answer> {
  private readonly open = new Map<string, { bot: number; settle: (answer: Answer) => void }>();

  constructor(
    /** How long somebody waits for the answer. */
    private readonly waitMs: number,
    /** How long an answer is still accepted, if only to be ignored; without it one answer is all. */
    private readonly lifetimeMs = waitMs,
  ) {}

  /** Undefined when no answer came in time, or the asking person's client hung up. */
  ask(id: string, bot: number, signal?: AbortSignal): Promise<Answer | undefined> {
    setTimeout(() => this.open.delete(id), this.lifetimeMs).unref();
    return new Promise((resolve) => {
      const settle = (answer?: Answer) => {
        clearTimeout(timer);
        if (this.lifetimeMs === this.waitMs) this.open.delete(id);
        resolve(answer);
      };
      const timer = setTimeout(settle, this.waitMs).unref();
      signal?.addEventListener('abort', () => settle(), { once: true });
      this.open.set(id, { bot, settle });
    });
  }

  /** False when the query is unknown, another bot's, or too old. */
  answer(bot: number, id: string, answer: Answer): boolean {
    const query = this.open.get(id);
    if (query?.bot !== bot) return false;
    query.settle(answer);
    return true;
  }
}

/** Where and how something is said. */
export interface Manner {
  replyTo?: number;
  /** A part of the message replied to, word for word. */
  quote?: string;
  threadId?: number;
}

/** Something else than text and files that a phone can send. */
export type Thing = { location: Location } | { contact: Omit<Contact, 'user_id'> } | { dice: string };

/** What people do with their phones. */
export class People {
  private readonly presses: OpenQueries<QueryAnswer>;

  constructor(
    private readonly state: TelegramState,
    private readonly messenger: Messenger,
    private readonly files: Files,
    private readonly feed: Feed,
    readonly push: Push,
    pace: number,
  ) {
    this.presses = new OpenQueries(PRESS_MS * pace, QUERY_LIFETIME_MS * pace);
  }

  person(id: number): Person {
    const person = this.state.people.get(id);
    if (!person) throw new HttpError(404, `nobody has the id ${id}`);
    return person;
  }

  /** `chatId` as the person sees it: a bot's user id, or a group's negative id. */
  conversation(person: Person, chatId: number): Conversation {
    if (chatId > 0 && this.state.bots.has(chatId)) return this.state.privateChat(person.id, chatId);
    const group = this.state.group(chatId);
    if (!group?.people.includes(person.id)) throw new HttpError(404, `${person.firstName} has no chat ${chatId}`);
    return group;
  }

  say(person: Person, conversation: Conversation, source: string, manner: Manner = {}): StoredMessage {
    const { text, entities } = formattedText(source, undefined);
    if (!text) throw new HttpError(400, 'a message needs some text');
    if (text.length > MAX_TEXT) throw new HttpError(400, `a message has at most ${MAX_TEXT} characters`);
    return this.post(person, conversation, { text, entities }, manner);
  }

  /** As a deep link does, or the START button; a blocked bot is unblocked by it. */
  start(person: Person, conversation: Conversation, payload?: string): StoredMessage {
    if (payload !== undefined && !/^[\w-]{0,64}$/.test(payload)) {
      throw new HttpError(400, 'a start payload has at most 64 of the characters A-Z a-z 0-9 _ -');
    }
    if (conversation.blocked) this.setBlocked(person, conversation, false);
    return this.say(person, conversation, payload ? `/start ${payload}` : '/start');
  }

  async sendFile(
    person: Person,
    conversation: Conversation,
    file: { kind: MediaKind; upload: Upload; caption?: string } & MediaFacts & Manner,
  ): Promise<StoredMessage> {
    this.mayWrite(conversation);
    const { text: caption, entities: captionEntities } = formattedText(file.caption ?? '', undefined);
    if (caption.length > MAX_CAPTION) throw new HttpError(400, `a caption has at most ${MAX_CAPTION} characters`);
    const { id: fileId } = await this.files.add(file.kind, file.upload, file);
    return this.post(person, conversation, { fileId, ...(caption && { caption, captionEntities }) }, file);
  }

  send(person: Person, conversation: Conversation, thing: Thing, manner: Manner = {}): StoredMessage {
    return this.post(person, conversation, { extra: extraOf(person, thing, conversation.nextMessageId) }, manner);
  }

  /** What a Mini App opened from the reply keyboard gives to its bot when it closes. */
  sendWebAppData(person: Person, conversation: Conversation, data: string, buttonText: string): StoredMessage {
    return this.post(person, conversation, {
      extra: { web_app_data: { data, button_text: buttonText } },
      service: `${person.firstName}: ${buttonText}`,
    });
  }

  forward(person: Person, from: Conversation, messageId: number, to: Conversation): StoredMessage {
    const message = this.message(from, messageId);
    return this.post(person, to, forwarded(this.state, message));
  }

  edit(person: Person, conversation: Conversation, messageId: number, source: string): StoredMessage {
    const message = this.message(conversation, messageId);
    if (message.from !== person.id || message.text === undefined)
      throw new HttpError(403, 'only own texts can be edited');
    const { text, entities } = formattedText(source, undefined);
    if (!text || text.length > MAX_TEXT) throw new HttpError(400, `a message has 1 to ${MAX_TEXT} characters`);
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
    if (!button) throw new HttpError(404, 'there is no such button');
    const url = button.url ?? button.web_app?.url;
    if (url) return Promise.resolve({ url });
    if (button.callback_data === undefined) return Promise.resolve({});
    this.mayWrite(conversation);
    const data = button.callback_data;
    const id = `${person.id}${randomInt(1e9)}`;
    const answered = this.presses.ask(id, message.from, signal);
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
    return this.presses.answer(botId, id, answer);
  }

  /** Sets a person's reactions to a message; none takes them away. */
  react(person: Person, conversation: Conversation, messageId: number, emoji: string[]): StoredMessage {
    const message = this.message(conversation, messageId);
    const own = ({ from }: { from: number }) => from === person.id;
    const before = (message.reactions ?? []).filter(own).map(reactionOf);
    message.reactions = [
      ...(message.reactions ?? []).filter((reaction) => !own(reaction)),
      ...emoji.map((one) => ({ from: person.id, emoji: one })),
    ];
    this.feed.tell({ type: 'edited', conversation, message });
    for (const bot of conversation.bots) {
      // In groups bots hear of reactions only with rights.
      if (conversation.kind === 'group' && !conversation.admins.includes(bot)) continue;
      const content = {
        chat: chatFor(this.state, conversation),
        message_id: messageId,
        user: userOfPerson(person),
        date: unixNow(),
        old_reaction: before,
        new_reaction: emoji.map((one) => reactionOf({ emoji: one })),
      };
      this.push(bot, 'message_reaction', content, chatIdFor(conversation));
    }
    return message;
  }

  /** Votes in a poll; no option takes the vote back. */
  vote(person: Person, conversation: Conversation, messageId: number, options: number[]): StoredMessage {
    const message = this.message(conversation, messageId);
    const stored = this.state.polls.get(message.pollId ?? '');
    if (!stored || stored.poll.is_closed) throw new HttpError(400, 'there is no poll to vote in');
    const { poll, votes } = stored;
    if (options.some((option) => !poll.options[option])) throw new HttpError(400, 'there is no such option');
    if (options.length > 1 && !poll.allows_multiple_answers) throw new HttpError(400, 'one option only');
    votes[person.id] = options;
    const all = Object.values(votes);
    poll.options.forEach((option, i) => (option.voter_count = all.filter((chosen) => chosen.includes(i)).length));
    poll.total_voter_count = all.filter((chosen) => chosen.length > 0).length;
    this.feed.tell({ type: 'edited', conversation, message });
    const lane = chatIdFor(conversation);
    if (!poll.is_anonymous) {
      const answer = { poll_id: poll.id, user: userOfPerson(person), option_ids: options };
      this.push(stored.bot, 'poll_answer', answer, lane);
    }
    this.push(stored.bot, 'poll', structuredClone(poll), lane);
    return message;
  }

  /** Presses Stop on a preview that allows it. */
  stopDraft(conversation: Conversation): void {
    const draft = this.messenger.draftIn(conversation);
    if (!draft?.canStop) throw new HttpError(400, 'there is nothing to stop');
    const content = { chat: chatFor(this.state, conversation), draft_id: draft.id };
    this.push(conversation.bots[0]!, 'stopped_message_generation', content, chatIdFor(conversation));
  }

  setBlocked(person: Person, conversation: Conversation, blocked: boolean): void {
    if (conversation.kind !== 'private') throw new HttpError(400, 'only a private chat can be blocked');
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

  /** Somebody joins a group or leaves it; bots with rights there hear of it. */
  setMember(person: Person, group: Conversation, isMember: boolean): void {
    if (group.people.includes(person.id) === isMember) return;
    const others = (ids: number[]) => ids.filter((id) => id !== person.id);
    group.people = isMember ? [...group.people, person.id] : others(group.people);
    group.left = isMember ? others(group.left) : [...group.left, person.id];
    this.messenger.store(group, person.id, { service: `${person.firstName} ${isMember ? 'joined' : 'left'}` });
    this.feed.tell({ type: 'chat', conversation: group });
    const user = userOfPerson(person);
    const [present, gone] = [{ user, status: 'member' } as const, { user, status: 'left' } as const];
    const update = {
      chat: chatFor(this.state, group),
      from: user,
      date: unixNow(),
      old_chat_member: isMember ? gone : present,
      new_chat_member: isMember ? present : gone,
    };
    for (const bot of group.admins) this.push(bot, 'chat_member', update, chatIdFor(group));
  }

  /** A basic group becomes a supergroup: another id, and message ids begin anew. Both sides say so. */
  migrate(conversation: Conversation): Conversation {
    if (!conversation.basic || conversation.migratedTo !== undefined) {
      throw new HttpError(400, 'only a basic group can become a supergroup, once');
    }
    const { title = '', people, bots, admins, groupId } = conversation;
    const supergroup = this.state.addGroup(title, people, bots, { admins });
    conversation.migratedTo = supergroup.groupId!;
    const owner = people[0]!;
    const left = { migrate_to_chat_id: supergroup.groupId! };
    const begun = { migrate_from_chat_id: groupId! };
    const service = 'The group became a supergroup';
    this.tellAll(conversation, this.messenger.store(conversation, owner, { extra: left, service }));
    this.tellAll(supergroup, this.messenger.store(supergroup, owner, { extra: begun, service }));
    for (const one of [conversation, supergroup]) this.feed.tell({ type: 'chat', conversation: one });
    return supergroup;
  }

  /** The channel whose discussion group this is posts something, and Telegram forwards it to the group. */
  postInChannel(group: Conversation, title: string, source: string): StoredMessage {
    const { text, entities } = formattedText(source, undefined);
    if (!text || text.length > MAX_TEXT) throw new HttpError(400, `a post has 1 to ${MAX_TEXT} characters`);
    const chat = { id: group.groupId! - 1_000_000, type: 'channel' as const, title };
    const origin = { type: 'channel' as const, date: unixNow(), chat, message_id: group.nextMessageId };
    const extra = { sender_chat: chat, is_automatic_forward: true as const, forward_origin: origin };
    const message = this.messenger.store(group, TELEGRAM.id, { text, entities, extra });
    this.tellBots('message', group, message);
    return message;
  }

  post(person: Person, conversation: Conversation, content: NewMessage, manner: Manner = {}): StoredMessage {
    this.mayWrite(conversation);
    const { replyTo, quote, threadId } = manner;
    const replied = replyTo === undefined ? undefined : conversation.messages.get(replyTo);
    if (replyTo !== undefined && !replied) throw new HttpError(404, 'no message to reply to');
    if (threadId !== undefined && !conversation.topics.some(({ id }) => id === threadId)) {
      throw new HttpError(404, 'there is no such topic');
    }
    const quoted = quote && replied ? { quote: quoteOf(replied.text ?? replied.caption ?? '', { quote }) } : undefined;
    conversation.started = true;
    // A keyboard for one use goes when something was sent.
    if ((conversation.replyKeyboard as { one_time_keyboard?: boolean } | undefined)?.one_time_keyboard) {
      this.messenger.setReplyKeyboard(conversation, { remove_keyboard: true });
    }
    const message = this.messenger.store(conversation, person.id, {
      ...content,
      ...(replyTo !== undefined && { replyTo }),
      ...(threadId !== undefined && { threadId }),
      ...((content.extra || quoted) && { extra: { ...content.extra, ...quoted } }),
    });
    this.tellBots('message', conversation, message);
    return message;
  }

  private mayWrite(conversation: Conversation): void {
    if (conversation.blocked) throw new HttpError(403, 'unblock the bot first');
    if (conversation.migratedTo !== undefined) throw new HttpError(403, 'the group became a supergroup');
  }

  message(conversation: Conversation, id: number): StoredMessage {
    const message = conversation.messages.get(id);
    if (!message) throw new HttpError(404, `there is no message ${id}`);
    return message;
  }

  private tellBots(kind: 'message' | 'edited_message', conversation: Conversation, message: StoredMessage): void {
    for (const id of conversation.bots) {
      if (conversation.kind === 'group' && !this.concerns(id, conversation, message)) continue;
      this.push(id, kind, messageFor(this.state, conversation, message), chatIdFor(conversation));
    }
  }

  /** Service messages are heard by every bot. */
  tellAll(conversation: Conversation, message: StoredMessage): void {
    const content = messageFor(this.state, conversation, message);
    conversation.bots.forEach((bot) => this.push(bot, 'message', content, chatIdFor(conversation)));
  }

  /** Privacy mode: of a group a bot hears commands not meant for others, its own name, and replies to it. */
  private concerns(botId: number, conversation: Conversation, message: StoredMessage): boolean {
    if (conversation.admins.includes(botId)) return true;
    if (message.replyTo && conversation.messages.get(message.replyTo)?.from === botId) return true;
    const own = `@${this.state.bots.get(botId)!.username}`.toLowerCase();
    const text = message.text ?? message.caption ?? '';
    return (message.entities ?? message.captionEntities ?? []).some(({ type, offset, length }) => {
      const word = text.slice(offset, offset + length).toLowerCase();
      if (type === 'mention') return word === own;
      return type === 'bot_command' && (!word.includes('@') || word.endsWith(own));
    });
  }
}

export const reactionOf = ({ emoji }: { emoji: string }) => ({ type: 'emoji' as const, emoji });

/** The content of a message, as it stands when somebody has forwarded it. */
export function forwarded(state: TelegramState, message: StoredMessage): NewMessage {
  const origin = message.extra?.forward_origin ?? {
    type: 'user' as const,
    date: message.date,
    sender_user: userById(state, message.from),
  };
  return { ...copied(message), extra: { ...copied(message).extra, forward_origin: origin } };
}

/** The content of a message without who wrote it, what it answered and its keyboard. */
export function copied({ text, entities, caption, captionEntities, fileId, pollId, extra }: StoredMessage): NewMessage {
  const {
    quote: _quote,
    forward_origin: _origin,
    sender_chat: _sender,
    is_automatic_forward: _own,
    ...kept
  } = extra ?? {};
  const content = { text, entities, caption, captionEntities, fileId, pollId };
  const given = Object.fromEntries(Object.entries(content).filter(([, value]) => value !== undefined)) as NewMessage;
  return Object.keys(kept).length > 0 ? { ...given, extra: kept } : given;
}

/** How many faces each of these has. */
const DICE: Record<string, number> = { '🎲': 6, '🎯': 6, '🎳': 6, '🏀': 5, '⚽': 5, '🎰': 64 };

/** A throw; `seed` decides it, so that a test sees the same again. Undefined for what is no die. */
export function throwDice(emoji: string, seed: number): { emoji: string; value: number } | undefined {
  const faces = DICE[emoji];
  return faces ? { emoji, value: ((Math.imul(seed, 2_654_435_761) >>> 8) % faces) + 1 } : undefined;
}

function extraOf(person: Person, thing: Thing, seed: number): Extra {
  if ('contact' in thing) {
    const { phone_number: number, first_name: name } = thing.contact;
    // Only one's own number comes with one's id: that is how bots know that it is not somebody else's.
    return { contact: name === person.firstName && number ? { ...thing.contact, user_id: person.id } : thing.contact };
  }
  if ('location' in thing) return { location: thing.location };
  const dice = throwDice(thing.dice, seed);
  if (!dice) throw new HttpError(400, `${thing.dice} is no die`);
  return { dice };
}
