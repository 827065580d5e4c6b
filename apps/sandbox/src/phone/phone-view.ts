import type { Happening } from '../telegram/feed';
import { commandsFor } from '../telegram/profile.methods';
import type { Conversation, Person, StoredMessage, TelegramState } from '../telegram/state';
import { userById } from '../telegram/wire-views';
import type { InlineKeyboardMarkup } from '../telegram/wire';
import type { Chat, InlineButton, Message, PhoneEvent } from './phone.api';

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
  const text = message.text ?? (message.caption || undefined);
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
      replyTo: { id: replied.id, text: replied.text ?? replied.caption ?? '', name: author(state, replied.from).name },
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
    ...keyboardOf(message),
    ...(message.service && { service: message.service }),
  };
}

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

function author(state: TelegramState, id: number) {
  const { first_name, last_name, is_bot } = userById(state, id);
  return { id, name: last_name ? `${first_name} ${last_name}` : first_name, isBot: is_bot };
}

function keyboardOf({ replyMarkup }: StoredMessage): { keyboard?: InlineButton[][] } {
  const rows = (replyMarkup as Partial<InlineKeyboardMarkup> | undefined)?.inline_keyboard;
  if (!rows) return {};
  return {
    keyboard: rows.map((row) =>
      row.map(({ text, callback_data, url, copy_text, style }) => ({
        text,
        callbackData: callback_data,
        url,
        copyText: copy_text?.text,
        style,
      })),
    ),
  };
}
