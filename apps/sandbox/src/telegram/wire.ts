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
  type: 'private' | 'supergroup';
  title?: string;
  first_name?: string;
  last_name?: string;
  username?: string;
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
  style?: 'danger' | 'success' | 'primary';
  [other: string]: unknown;
}

export interface InlineKeyboardMarkup {
  inline_keyboard: InlineKeyboardButton[][];
}

export interface FileFields {
  file_id: string;
  file_unique_id: string;
  file_size: number;
}

export interface Message {
  message_id: number;
  date: number;
  chat: Chat;
  from?: User;
  edit_date?: number;
  reply_to_message?: Message;
  media_group_id?: string;
  text?: string;
  entities?: Entity[];
  caption?: string;
  caption_entities?: Entity[];
  photo?: (FileFields & { width: number; height: number })[];
  document?: FileFields & { file_name?: string; mime_type?: string };
  voice?: FileFields & { duration: number; mime_type?: string };
  audio?: FileFields & { duration: number; mime_type?: string; file_name?: string; title?: string; performer?: string };
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
  status: 'creator' | 'member' | 'left' | 'kicked';
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

/** What an update may carry, by the name of its field. */
export interface UpdateContent {
  message: Message;
  edited_message: Message;
  callback_query: CallbackQuery;
  my_chat_member: ChatMemberUpdated;
}

export type Update = { update_id: number } & Partial<UpdateContent>;
