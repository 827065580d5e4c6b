import type { Bot, Conversation, Person, StoredMessage, TelegramState } from './state';

/** The Bot API's own JSON, the part of it that the sandbox speaks. https://core.telegram.org/bots/api */

export interface User {
  id: number;
  is_bot: boolean;
  first_name: string;
  last_name?: string;
  username?: string;
  language_code?: string;
}

export interface Chat {
  id: number;
  type: 'private' | 'group' | 'supergroup';
  title?: string;
  first_name?: string;
  last_name?: string;
  username?: string;
  is_forum?: true;
}

/** Offsets and lengths are in UTF-16 code units. */
export interface Entity {
  type: string;
  offset: number;
  length: number;
  url?: string;
  language?: string;
  custom_emoji_id?: string;
  user?: User;
}

export interface FormattedText {
  text: string;
  entities: Entity[];
}

export interface InlineKeyboardButton {
  text: string;
  callback_data?: string;
  url?: string;
  copy_text?: { text: string };
  web_app?: { url: string };
  pay?: boolean;
  style?: 'danger' | 'success' | 'primary';
  [other: string]: unknown;
}

export interface InlineKeyboardMarkup {
  inline_keyboard: InlineKeyboardButton[][];
}

export interface KeyboardButton {
  text: string;
  request_contact?: boolean;
  request_location?: boolean;
  web_app?: { url: string };
}

export interface ReplyKeyboardMarkup {
  keyboard: (KeyboardButton | string)[][];
  one_time_keyboard?: boolean;
  resize_keyboard?: boolean;
  is_persistent?: boolean;
  input_field_placeholder?: string;
}

export interface FileFields {
  file_id: string;
  file_unique_id: string;
  file_size: number;
}
interface Sized {
  width: number;
  height: number;
}
interface Timed {
  duration: number;
}
interface Named {
  file_name?: string;
  mime_type?: string;
}

export interface Location {
  latitude: number;
  longitude: number;
  horizontal_accuracy?: number;
  live_period?: number;
  heading?: number;
}

export interface Contact {
  phone_number: string;
  first_name: string;
  last_name?: string;
  user_id?: number;
  vcard?: string;
}

export interface Poll {
  id: string;
  question: string;
  options: { text: string; voter_count: number }[];
  total_voter_count: number;
  is_closed: boolean;
  is_anonymous: boolean;
  type: 'regular' | 'quiz';
  allows_multiple_answers: boolean;
  correct_option_id?: number;
  explanation?: string;
}

export interface SuccessfulPayment {
  currency: string;
  total_amount: number;
  invoice_payload: string;
  telegram_payment_charge_id: string;
  provider_payment_charge_id: string;
  subscription_expiration_date?: number;
  is_recurring?: true;
  is_first_recurring?: true;
}

export type MessageOrigin =
  { type: 'user'; date: number; sender_user: User } | { type: 'hidden_user'; date: number; sender_user_name: string };

/** A block of a rich message: paragraph, heading, pre, list, blockquote, table, divider. */
export interface RichBlock {
  type: string;
  [field: string]: unknown;
}

export interface Message {
  message_id: number;
  date: number;
  chat: Chat;
  from?: User;
  message_thread_id?: number;
  is_topic_message?: true;
  edit_date?: number;
  forward_origin?: MessageOrigin;
  reply_to_message?: Message;
  quote?: { text: string; position: number; entities?: Entity[]; is_manual?: true };
  via_bot?: User;
  media_group_id?: string;
  text?: string;
  entities?: Entity[];
  caption?: string;
  caption_entities?: Entity[];
  photo?: (FileFields & Sized)[];
  document?: FileFields & Named;
  voice?: FileFields & Timed & { mime_type?: string };
  audio?: FileFields & Timed & Named & { title?: string; performer?: string };
  video?: FileFields & Sized & Timed & Named;
  animation?: FileFields & Sized & Timed & Named;
  video_note?: FileFields & Timed & { length: number };
  sticker?: FileFields & Sized & { type: 'regular'; is_animated: boolean; is_video: boolean; emoji?: string };
  location?: Location;
  venue?: { location: Location; title: string; address: string };
  contact?: Contact;
  dice?: { emoji: string; value: number };
  poll?: Poll;
  invoice?: { title: string; description: string; start_parameter: string; currency: string; total_amount: number };
  rich_message?: { blocks: RichBlock[]; is_rtl?: true };
  successful_payment?: SuccessfulPayment;
  refunded_payment?: Omit<SuccessfulPayment, 'provider_payment_charge_id'>;
  web_app_data?: { data: string; button_text: string };
  pinned_message?: Message;
  migrate_to_chat_id?: number;
  migrate_from_chat_id?: number;
  forum_topic_created?: { name: string; icon_color: number };
  forum_topic_edited?: { name?: string };
  forum_topic_closed?: object;
  forum_topic_reopened?: object;
  reply_markup?: InlineKeyboardMarkup;
}

export interface CallbackQuery {
  id: string;
  from: User;
  message: Message;
  chat_instance: string;
  data: string;
}

export interface ChatMember {
  user: User;
  status: 'creator' | 'administrator' | 'member' | 'left' | 'kicked';
  is_anonymous?: boolean;
  until_date?: number;
}

export interface ChatMemberUpdated {
  chat: Chat;
  from: User;
  date: number;
  old_chat_member: ChatMember;
  new_chat_member: ChatMember;
}

interface EmojiReaction {
  type: 'emoji';
  emoji: string;
}

/** What an update may carry, by the name of its field. */
export interface UpdateContent {
  message: Message;
  edited_message: Message;
  callback_query: CallbackQuery;
  my_chat_member: ChatMemberUpdated;
  message_reaction: {
    chat: Chat;
    message_id: number;
    user: User;
    date: number;
    old_reaction: EmojiReaction[];
    new_reaction: EmojiReaction[];
  };
  inline_query: { id: string; from: User; query: string; offset: string; chat_type: string };
  chosen_inline_result: { result_id: string; from: User; query: string };
  poll: Poll;
  poll_answer: { poll_id: string; user: User; option_ids: number[] };
  pre_checkout_query: {
    id: string;
    from: User;
    currency: string;
    total_amount: number;
    invoice_payload: string;
  };
  subscription: { user: User; invoice_payload: string; state: 'canceled' | 'active' | 'failed' };
  stopped_message_generation: { chat: Chat; draft_id: number };
}

export type Update = { update_id: number } & Partial<UpdateContent>;

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

export function userById(state: TelegramState, id: number): User {
  const bot = state.bots.get(id);
  return bot ? userOfBot(bot) : userOfPerson(state.people.get(id)!);
}

/** A private chat has the person's id for the bot; the phone sees the same chat under the bot's id. */
export function chatFor(state: TelegramState, conversation: Conversation): Chat {
  if (conversation.kind === 'group') {
    const { groupId, title, basic, forum } = conversation;
    return { id: groupId!, type: basic ? 'group' : 'supergroup', title, ...(forum && { is_forum: true }) };
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
