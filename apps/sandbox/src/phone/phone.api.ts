/**
 * What the phone in the browser and the sandbox say to each other, JSON under `/phone/api`.
 * Types only, so that the browser's bundle takes nothing of the server with it.
 *
 *   GET  /people                                   Person[]
 *   GET  /people/:person/chats                     Chat[]          private chats with every bot, and groups
 *   GET  /people/:person/chats/:chat/messages      Message[]       oldest first; ?before=<messageId>&limit=50
 *   POST /people/:person/chats/:chat/messages      NewText         → Message
 *   POST /people/:person/chats/:chat/files         multipart: file, kind=voice|photo|document, caption?, duration? → Message
 *   POST /people/:person/chats/:chat/things        NewThing        → Message   (a contact or a place)
 *   PUT  /people/:person/chats/:chat/messages/:id  NewText         → Message   (the person edits their own message)
 *   POST /people/:person/chats/:chat/messages/:id/press   Press    → PressAnswer (an inline button; waits for answerCallbackQuery up to 15 s)
 *   POST /people/:person/chats/:chat/messages/:id/pay                → PayAnswer (an invoice; waits for answerPreCheckoutQuery up to 10 s)
 *   GET  /people/:person/invoices/:slug                              → Invoice (of a link https://t.me/$slug)
 *   POST /people/:person/invoices/:slug/pay                          → PayAnswer
 *   GET  /people/:person/chats/:chat/subscriptions                   → Subscription[]
 *   PUT  /people/:person/subscriptions/:charge     { canceled }      → {}
 *   POST /people/:person/subscriptions/:charge/renew                 → {}      (a month has passed)
 *   PUT  /people/:person/chats/:chat/messages/:id/vote      { options } → Message
 *   PUT  /people/:person/chats/:chat/messages/:id/reactions { emoji }   → Message
 *   POST /people/:person/chats/:chat/stop                            → {}      (the Stop button of a draft)
 *   POST /people/:person/chats/:chat/start         { payload? }    → Message   ("/start payload", as a deep link does)
 *   PUT  /people/:person/chats/:chat/blocked       { blocked }     → Chat      (private chats only)
 *   PUT  /people/:person/language                  { languageCode }→ Person    (the language of the person's client)
 *   GET  /people/:person/events                    SSE of PhoneEvent, one JSON per `data:`, `id:` for Last-Event-ID
 *   GET  /files/:fileId                            the bytes, with content type and Range support
 */
export interface Person {
  /** Telegram's user id. */
  id: number;
  firstName: string;
  lastName?: string;
  username?: string;
  languageCode: string;
  /** A hue of 0…359 for the avatar. */
  hue: number;
}

export interface Chat {
  /** Telegram's chat id as this person sees it: for a private chat the bot's user id, for a group its negative id. */
  id: number;
  kind: 'private' | 'group';
  title: string;
  /** Private chats: the bot. Groups: the first bot that is a member, if any. */
  bot?: { id: number; username: string; name: string };
  members?: { id: number; name: string; isBot: boolean }[];
  blocked: boolean;
  /** True until the person has written for the first time; the phone then shows a START button. */
  fresh: boolean;
  lastMessage?: Message;
  /** Of a forum. */
  topics?: { id: number; name: string }[];
  /** The message that is pinned. */
  pinned?: { id: number; text: string };
  /** What the bot has put below the field. */
  replyKeyboard?: ReplyButton[][];
  /** The bot's commands in this person's language (setMyCommands), for the menu button. */
  commands: { command: string; description: string }[];
}

export interface MessageEntity {
  type: string;
  offset: number;
  length: number;
  url?: string;
  language?: string;
}

export interface InlineButton {
  text: string;
  callbackData?: string;
  url?: string;
  copyText?: string;
  /** Pays the invoice above it. */
  pay?: boolean;
  style?: 'danger' | 'success' | 'primary';
}

export interface ReplyButton {
  text: string;
  request?: 'contact' | 'location';
  url?: string;
}

/** What is neither text nor a file. */
export type Thing =
  | { kind: 'location'; latitude: number; longitude: number; live: boolean; title?: string; address?: string }
  | { kind: 'contact'; name: string; phone: string }
  | { kind: 'dice'; emoji: string; value: number }
  | { kind: 'invoice'; title: string; description: string; price: string }
  | {
      kind: 'poll';
      question: string;
      options: { text: string; votes: number; chosen: boolean }[];
      total: number;
      closed: boolean;
      multiple: boolean;
      anonymous: boolean;
    };

export interface Message {
  id: number;
  chatId: number;
  from: { id: number; name: string; isBot: boolean };
  /** True when the person whose phone this is wrote it. */
  own: boolean;
  /** Unix seconds. */
  date: number;
  editDate?: number;
  text?: string;
  entities?: MessageEntity[];
  /** `text` is what was quoted of it, or all of it. */
  replyTo?: { id: number; text: string; name: string };
  /** Whose words these are, when they were forwarded; the bot that wrote them, when they were picked from its results. */
  forwardedFrom?: string;
  via?: string;
  /** The forum topic it stands in. */
  topic?: { id: number; name: string };
  thing?: Thing;
  reactions?: { emoji: string; count: number; own: boolean }[];
  file?: {
    id: string;
    kind: 'voice' | 'audio' | 'photo' | 'document' | 'video' | 'animation' | 'video_note' | 'sticker';
    mimeType: string;
    name?: string;
    bytes: number;
    /** Seconds. */
    duration?: number;
    width?: number;
    height?: number;
  };
  keyboard?: InlineButton[][];
  /** A line in the middle of the chat ("the person blocked the bot"), not a bubble. */
  service?: string;
}

export interface NewText {
  text: string;
  replyTo?: number;
  /** The topic to write into. */
  threadId?: number;
}

export type NewThing =
  | { location: { latitude: number; longitude: number } }
  | { contact: { phone_number: string; first_name: string; last_name?: string } };

/** What a link asks to pay. */
export interface Invoice {
  title: string;
  description: string;
  price: string;
  bot: string;
  /** Telegram charges for it each month. */
  monthly: boolean;
}

/** What Telegram charges for each month; `id` is that of the first payment. */
export interface Subscription {
  id: string;
  title: string;
  price: string;
  canceled: boolean;
}

export type PayAnswer = { paid: true } | { paid: false; reason: string };

export interface Press {
  row: number;
  column: number;
}

export interface PressAnswer {
  /** What the bot answered with answerCallbackQuery; absent when it answered nothing in time. */
  text?: string;
  alert?: boolean;
  url?: string;
  answered: boolean;
}

export type PhoneEvent =
  | { type: 'message'; message: Message }
  | { type: 'edited'; message: Message }
  | { type: 'deleted'; chatId: number; messageId: number }
  /** A streaming preview (sendMessageDraft); `text: ''` means "thinking"; `null` that it is gone. */
  | {
      type: 'draft';
      chatId: number;
      draft: { id: number; text: string; entities?: MessageEntity[]; canStop?: boolean } | null;
    }
  /** typing, record_voice, upload_document …; shown for five seconds. */
  | { type: 'action'; chatId: number; action: string }
  | { type: 'chat'; chat: Chat };
