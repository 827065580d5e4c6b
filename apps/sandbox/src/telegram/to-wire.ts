import type { Bot, Conversation, Person, StoredMessage, TelegramState } from './state';
import type { User, Chat, InlineKeyboardMarkup, Message } from './wire';

/* What is remembered, as the Bot API shows it to one bot. */

export function userOfPerson(person: Person): User {
  return {
    id: person.id,
    is_bot: false,
    first_name: person.firstName,
    ...(person.lastName && { last_name: person.lastName }),
    ...(person.username && { username: person.username }),
    language_code: person.languageCode,
  };
}

export const userOfBot = (bot: Bot): User => ({
  id: bot.id,
  is_bot: true,
  first_name: bot.texts['name:'] ?? bot.name,
  username: bot.username,
});

/** In whose name Telegram itself writes: what it forwards from a channel to its discussion group. */
export const TELEGRAM: User = { id: 777_000, is_bot: false, first_name: 'Telegram' };

export function userById(state: TelegramState, id: number): User {
  if (id === TELEGRAM.id) return TELEGRAM;
  const bot = state.bots.get(id);
  return bot ? userOfBot(bot) : userOfPerson(state.people.get(id)!);
}

/** A private chat has the person's id for the bot; the phone sees the same chat under the bot's id. */
export function chatFor(state: TelegramState, conversation: Conversation): Chat {
  if (conversation.kind === 'group') {
    const { groupId, title, basic, forum, username } = conversation;
    const type = basic ? 'group' : 'supergroup';
    return { id: groupId!, type, title, ...(username && { username }), ...(forum && { is_forum: true }) };
  }
  const { id, first_name, last_name, username } = userById(state, conversation.people[0]!);
  return { id, type: 'private', first_name, ...(last_name && { last_name }), ...(username && { username }) };
}

export const chatIdFor = (conversation: Conversation) => conversation.groupId ?? conversation.people[0]!;

/** Lines that say no more than what the phone shows are no messages to a bot. */
export function visibleToBots({ service, extra, pinned }: StoredMessage): boolean {
  return service === undefined || extra !== undefined || pinned !== undefined;
}

export function messageFor(
  state: TelegramState,
  conversation: Conversation,
  message: StoredMessage,
  { withReply = true } = {},
): Message {
  // Telegram nests one level only: the message replied to does not carry its own reply.
  const told = (id: number | undefined) => (withReply && id ? conversation.messages.get(id) : undefined);
  const replied = told(message.replyTo);
  const pinned = told(message.pinned);
  const poll = message.pollId ? state.polls.get(message.pollId)?.poll : undefined;
  return {
    message_id: message.id,
    from: userById(state, message.from),
    chat: chatFor(state, conversation),
    date: message.date,
    ...(message.threadId && { message_thread_id: message.threadId, is_topic_message: true }),
    ...(message.editDate && { edit_date: message.editDate }),
    ...(replied && { reply_to_message: messageFor(state, conversation, replied, { withReply: false }) }),
    ...(pinned && { pinned_message: messageFor(state, conversation, pinned, { withReply: false }) }),
    ...(message.mediaGroupId && { media_group_id: message.mediaGroupId }),
    ...mediaOf(state, message),
    ...(poll && { poll }),
    ...message.extra,
    ...(message.text !== undefined && { text: message.text }),
    ...(message.entities?.length && { entities: message.entities }),
    ...(message.caption && { caption: message.caption }),
    ...(message.captionEntities?.length && { caption_entities: message.captionEntities }),
    ...inlineMarkup(message),
  };
}

/** Other keyboards belong to the chat, not to the message, and are not given back. */
function inlineMarkup({ replyMarkup }: StoredMessage): { reply_markup?: InlineKeyboardMarkup } {
  return replyMarkup && 'inline_keyboard' in replyMarkup ? { reply_markup: replyMarkup as InlineKeyboardMarkup } : {};
}

function mediaOf(state: TelegramState, message: StoredMessage): Partial<Message> {
  const file = message.fileId && state.files.get(message.fileId);
  if (!file) return {};
  const fields = { file_id: file.id, file_unique_id: file.uniqueId, file_size: file.bytes };
  const named = { ...(file.name && { file_name: file.name }), mime_type: file.mimeType };
  const size = { width: file.width ?? 0, height: file.height ?? 0 };
  const duration = file.duration ?? 0;
  switch (file.kind) {
    case 'photo':
      return { photo: [{ ...fields, ...size }] };
    case 'document':
      return { document: { ...fields, ...named } };
    case 'voice':
      return { voice: { ...fields, duration, mime_type: file.mimeType } };
    case 'audio':
      return { audio: { ...fields, duration, ...named } };
    case 'video':
      return { video: { ...fields, ...size, duration, ...named } };
    case 'animation':
      // Clients that know no animations see a document; Telegram sends both.
      return { animation: { ...fields, ...size, duration, ...named }, document: { ...fields, ...named } };
    case 'video_note':
      return { video_note: { ...fields, duration, length: size.width || 240 } };
    case 'sticker': {
      const moves = {
        is_animated: file.mimeType === 'application/x-tgsticker',
        is_video: /^video/.test(file.mimeType),
      };
      return {
        sticker: { ...fields, width: size.width || 512, height: size.height || 512, type: 'regular', ...moves },
      };
    }
  }
}
