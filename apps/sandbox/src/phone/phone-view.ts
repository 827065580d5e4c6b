import { commandsFor } from '../telegram/profile.methods';
import { richText } from '../telegram/rich-message';
import type { Happening } from '../telegram/feed';
import type { Charge, Conversation, Person, StoredInvoice, StoredMessage, TelegramState } from '../telegram/state';
import { userById } from '../telegram/to-wire';
import type { InlineKeyboardMarkup, MessageOrigin, ReplyKeyboardMarkup } from '../telegram/wire';
import type { Chat, InlineButton, Invoice, Message, PhoneEvent, ReplyButton, Subscription, Thing } from './phone.api';

/** What is remembered, as one person's phone shows it. */

export function chatIdOnPhone(conversation: Conversation): number {
  return conversation.groupId ?? conversation.bots[0]!;
}

export function chatOnPhone(state: TelegramState, person: Person, conversation: Conversation): Chat {
  const bot = state.bots.get(conversation.bots[0] ?? 0);
  const last = [...conversation.messages.values()].at(-1);
  const members = [...conversation.people, ...conversation.bots].map((id) => author(state, id));
  return {
    id: chatIdOnPhone(conversation),
    kind: conversation.kind,
    title: conversation.title ?? members.find(({ isBot }) => isBot)?.name ?? '',
    ...(bot && { bot: { id: bot.id, username: bot.username, name: author(state, bot.id).name } }),
    ...(conversation.kind === 'group' && { members }),
    blocked: conversation.blocked,
    fresh: !conversation.started,
    ...(last && { lastMessage: messageOnPhone(state, person, conversation, last) }),
    ...(conversation.forum && { topics: conversation.topics.map(({ id, name }) => ({ id, name })) }),
    ...pinnedIn(state, conversation),
    ...replyKeyboardOf(conversation),
    commands: commandsFor(state, conversation, person.id),
  };
}

export function messageOnPhone(
  state: TelegramState,
  person: Person,
  conversation: Conversation,
  message: StoredMessage,
): Message {
  const file = message.fileId ? state.files.get(message.fileId) : undefined;
  const replied = message.replyTo ? conversation.messages.get(message.replyTo) : undefined;
  const { extra = {} } = message;
  const rich = extra.rich_message && richText(extra.rich_message);
  const text = message.text ?? rich ?? (message.caption || undefined);
  const topic = conversation.topics.find(({ id }) => id === message.threadId);
  const entities = message.entities ?? message.captionEntities;
  return {
    id: message.id,
    chatId: chatIdOnPhone(conversation),
    from: author(state, message.from),
    own: message.from === person.id,
    date: message.date,
    ...(message.editDate && { editDate: message.editDate }),
    ...(text !== undefined && { text }),
    ...(entities?.length && {
      entities: entities.map(({ type, offset, length, url, language }) => ({ type, offset, length, url, language })),
    }),
    ...(replied && {
      replyTo: {
        id: replied.id,
        text: extra.quote?.text ?? summaryOf(state, replied),
        name: author(state, replied.from).name,
      },
    }),
    ...(file && {
      file: {
        id: file.id,
        kind: file.kind,
        mimeType: file.mimeType,
        name: file.name,
        bytes: file.bytes,
        duration: file.duration,
        width: file.width,
        height: file.height,
      },
    }),
    ...(extra.forward_origin && { forwardedFrom: nameOf(state, extra.forward_origin) }),
    ...(extra.via_bot && { via: `@${extra.via_bot.username}` }),
    ...(topic && { topic: { id: topic.id, name: topic.name } }),
    ...thingOf(state, person, message),
    ...reactionsTo(message, person),
    ...keyboardOf(message),
    ...(message.service && { service: message.service }),
  };
}

export function invoiceOnPhone(state: TelegramState, invoice: StoredInvoice): Invoice {
  const { title, description, amount, bot, subscriptionPeriod } = invoice;
  return {
    title,
    description,
    price: stars(amount),
    bot: author(state, bot).name,
    monthly: Boolean(subscriptionPeriod),
  };
}

export const subscriptionOnPhone = ({ id, invoice, canceled = false }: Charge): Subscription => ({
  ...{ id, title: invoice.title, price: stars(invoice.amount), canceled },
});

const stars = (amount: number) => `⭐ ${amount}`;

/** Undefined when the happening is none of this person's business. */
export function eventOnPhone(state: TelegramState, person: Person, happening: Happening): PhoneEvent | undefined {
  const { conversation } = happening;
  if (!conversation.people.includes(person.id)) return undefined;
  const chatId = chatIdOnPhone(conversation);
  switch (happening.type) {
    case 'message':
    case 'edited':
      return { type: happening.type, message: messageOnPhone(state, person, conversation, happening.message) };
    case 'deleted':
      return { type: 'deleted', chatId, messageId: happening.messageId };
    case 'draft':
      return { type: 'draft', chatId, draft: happening.draft };
    case 'action':
      return { type: 'action', chatId, action: happening.action };
    case 'chat':
      return { type: 'chat', chat: chatOnPhone(state, person, conversation) };
  }
}

function nameOf(state: TelegramState, origin: MessageOrigin): string {
  if (origin.type === 'user') return author(state, origin.sender_user.id).name;
  return origin.type === 'channel' ? (origin.chat.title ?? '') : origin.sender_user_name;
}

function author(state: TelegramState, id: number) {
  const { first_name, last_name, is_bot } = userById(state, id);
  return { id, name: last_name ? `${first_name} ${last_name}` : first_name, isBot: is_bot };
}

function keyboardOf({ replyMarkup }: StoredMessage): { keyboard?: InlineButton[][] } {
  const rows = (replyMarkup as Partial<InlineKeyboardMarkup> | undefined)?.inline_keyboard;
  if (!rows) return {};
  return {
    keyboard: rows.map((row) =>
      row.map(({ text, callback_data, url, web_app, copy_text, pay, style }) => ({
        text,
        callbackData: callback_data,
        url: url ?? web_app?.url,
        copyText: copy_text?.text,
        pay,
        style,
      })),
    ),
  };
}

function replyKeyboardOf({ replyKeyboard }: Conversation): { replyKeyboard?: ReplyButton[][] } {
  const rows = (replyKeyboard as ReplyKeyboardMarkup | undefined)?.keyboard;
  if (!rows) return {};
  return {
    replyKeyboard: rows.map((row) =>
      row.map((button) => {
        if (typeof button === 'string') return { text: button };
        const { text, request_contact, request_location, web_app } = button;
        const request = request_contact ? ('contact' as const) : request_location ? ('location' as const) : undefined;
        return { text, ...(request && { request }), ...(web_app && { url: web_app.url }) };
      }),
    ),
  };
}

function pinnedIn(state: TelegramState, { pinned, messages }: Conversation): { pinned?: Chat['pinned'] } {
  const message = messages.get(pinned.at(-1) ?? 0);
  return message ? { pinned: { id: message.id, text: summaryOf(state, message) } } : {};
}

/** A few words for what stands above a reply. */
function summaryOf(state: TelegramState, { text, caption, fileId, pollId, extra = {} }: StoredMessage): string {
  const { invoice, dice, contact, venue, location, rich_message: rich } = extra;
  const poll = pollId ? state.polls.get(pollId)?.poll.question : undefined;
  const name = fileId ? state.files.get(fileId)?.name : undefined;
  const things = [poll, invoice?.title, dice?.emoji, contact?.first_name, venue?.title, location && '📍', name];
  return text ?? (rich ? richText(rich) : undefined) ?? (caption || undefined) ?? things.find(Boolean) ?? '';
}

function thingOf(state: TelegramState, person: Person, { pollId, extra = {} }: StoredMessage): { thing?: Thing } {
  const stored = pollId ? state.polls.get(pollId) : undefined;
  if (stored) {
    const { question, options, total_voter_count: total, is_closed: closed, is_anonymous: anonymous } = stored.poll;
    const own = stored.votes[person.id] ?? [];
    return {
      thing: {
        kind: 'poll',
        question,
        options: options.map(({ text, voter_count: votes }, i) => ({ text, votes, chosen: own.includes(i) })),
        total,
        closed,
        multiple: stored.poll.allows_multiple_answers,
        anonymous,
      },
    };
  }
  const { location, venue, contact, dice, invoice } = extra;
  if (location) {
    const { latitude, longitude, live_period } = location;
    const named = venue && { title: venue.title, address: venue.address };
    return { thing: { kind: 'location', latitude, longitude, live: !!live_period, ...named } };
  }
  if (contact) {
    const name = [contact.first_name, contact.last_name].filter(Boolean).join(' ');
    return { thing: { kind: 'contact', name, phone: contact.phone_number } };
  }
  if (dice) return { thing: { kind: 'dice', ...dice } };
  if (!invoice) return {};
  const { title, description, total_amount } = invoice;
  return { thing: { kind: 'invoice', title, description, price: stars(total_amount) } };
}

function reactionsTo({ reactions = [] }: StoredMessage, person: Person): { reactions?: Message['reactions'] } {
  if (reactions.length === 0) return {};
  const kinds = [...new Set(reactions.map(({ emoji }) => emoji))];
  return {
    reactions: kinds.map((emoji) => {
      const alike = reactions.filter((reaction) => reaction.emoji === emoji);
      return { emoji, count: alike.length, own: alike.some(({ from }) => from === person.id) };
    }),
  };
}
