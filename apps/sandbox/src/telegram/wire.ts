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
  type: 'private' | 'group' | 'supergroup' | 'channel';
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
  | { type: 'user'; date: number; sender_user: User }
  | { type: 'hidden_user'; date: number; sender_user_name: string }
  | { type: 'channel'; date: number; chat: Chat; message_id: number };

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
  sender_chat?: Chat;
  is_automatic_forward?: true;
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
  chat_member: ChatMemberUpdated;
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
