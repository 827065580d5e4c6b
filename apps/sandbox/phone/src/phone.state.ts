import type { Chat, Message, NewText, PhoneEvent } from '../../src/phone/phone.api';
import type { NewFile } from './api';

/** Something the person sent that the sandbox has not confirmed yet. */
export interface Outgoing {
  key: string;
  chatId: number;
  /** How it will look: its id is 0 until the sandbox gives one. */
  preview: Message;
  content: NewText | NewFile;
  /** The last message of the chat when it was sent: one that fails stays behind it. */
  after?: number;
  /** Absent while it is under way. */
  failure?: Failure;
}

/** Why something could not be sent: in the sandbox's own words, or without any when it did not answer. */
export interface Failure {
  words?: string;
}

export interface Draft {
  id: number;
  message: Message;
  /** The server has taken it away; it stays until the message it turns into is here, or a moment longer. */
  ending: boolean;
  /** The person may press Stop. */
  canStop?: boolean;
}

export interface PhoneState {
  /** Absent until loaded. */
  chats?: Chat[];
  /** By chat, oldest first; absent until the chat is opened. */
  messages: Record<number, Message[]>;
  /** Chats whose first message is here. */
  complete: Record<number, boolean>;
  drafts: Record<number, Draft>;
  /** A new object for each report, so that a repeated "typing" counts anew. */
  actions: Record<number, { action: string }>;
  outgoing: Outgoing[];
  unread: Record<number, number>;
  /** React keys that messages took over from the draft or the outgoing bubble they were, by `chat:message`. */
  inherited: Record<string, string>;
}

export type Change =
  | PhoneEvent
  | { type: 'chats'; chats: Chat[] }
  /** The newest page replaces what was known of that stretch; an older one goes before it. */
  | { type: 'page'; chatId: number; messages: Message[]; pageSize: number; before?: number }
  | { type: 'outgoing'; outgoing: Outgoing }
  | { type: 'failed'; key: string; failure: Failure }
  | { type: 'discarded'; key: string }
  /** The cleared draft has waited long enough for its message. */
  | { type: 'draft-gone'; chatId: number }
  | { type: 'read'; chatId: number };

export const nothingYet: PhoneState = {
  messages: {},
  complete: {},
  drafts: {},
  actions: {},
  outgoing: [],
  unread: {},
  inherited: {},
};

export const inheritedKey = (message: Message) => `${message.chatId}:${message.id}`;

export function reduce(state: PhoneState, change: Change): PhoneState {
  switch (change.type) {
    case 'chats':
      return { ...state, chats: change.chats };
    case 'chat':
      return { ...state, chats: upsert(state.chats ?? [], change.chat) };
    case 'page':
      return page(state, change);
    case 'message':
      return arrived(state, change.message);
    case 'edited':
      return lastMessageOf(withMessage(state, change.message), change.message, false);
    case 'deleted':
      return deleted(state, change.chatId, change.messageId);
    case 'draft':
      return drafted(state, change.chatId, change.draft);
    case 'draft-gone':
      return state.drafts[change.chatId]?.ending ? { ...state, drafts: without(state.drafts, change.chatId) } : state;
    case 'action':
      return { ...state, actions: { ...state.actions, [change.chatId]: { action: change.action } } };
    case 'outgoing':
      return sending(state, change.outgoing);
    case 'failed':
      return {
        ...state,
        outgoing: state.outgoing.map((o) => (o.key === change.key ? { ...o, failure: change.failure } : o)),
      };
    case 'discarded':
      return { ...state, outgoing: state.outgoing.filter((o) => o.key !== change.key) };
    case 'read':
      return { ...state, unread: without(state.unread, change.chatId) };
  }
}

function sending(state: PhoneState, outgoing: Outgoing): PhoneState {
  const others = state.outgoing.filter(({ key }) => key !== outgoing.key);
  return { ...state, outgoing: [...others, { ...outgoing, after: state.messages[outgoing.chatId]?.at(-1)?.id ?? 0 }] };
}

function page(
  state: PhoneState,
  { chatId, messages, pageSize, before }: Extract<Change, { type: 'page' }>,
): PhoneState {
  const known = state.messages[chatId] ?? [];
  const first = messages[0]?.id ?? before ?? Infinity;
  const last = before === undefined ? (messages.at(-1)?.id ?? 0) : before - 1;
  const outside = known.filter(({ id }) => id < first || id > last);
  const reachesStart = messages.length < pageSize;
  return {
    ...state,
    messages: { ...state.messages, [chatId]: [...outside, ...messages].sort((a, b) => a.id - b.id) },
    complete: { ...state.complete, [chatId]: reachesStart || (before === undefined && !!state.complete[chatId]) },
  };
}

/**
 * An own message may come on the event stream before its request is answered, so it takes the place of the bubble
 * that says the same; a bot's message takes the place of its draft. Either way the bubble on the screen stays.
 */
function arrived(state: PhoneState, message: Message): PhoneState {
  const { chatId, own } = message;
  if (state.messages[chatId]?.some(({ id }) => id === message.id)) return withMessage(state, message);
  const sent = own ? state.outgoing.find((o) => o.chatId === chatId && sameContent(o.preview, message)) : undefined;
  const draft = !own && message.from.isBot ? state.drafts[chatId] : undefined;
  const key = sent?.key ?? (draft && draftKey(chatId, draft.id));
  return lastMessageOf(
    {
      ...withMessage(state, message),
      outgoing: sent ? state.outgoing.filter((o) => o !== sent) : state.outgoing,
      drafts: draft ? without(state.drafts, chatId) : state.drafts,
      actions: own ? state.actions : without(state.actions, chatId),
      unread: own ? state.unread : { ...state.unread, [chatId]: (state.unread[chatId] ?? 0) + 1 },
      inherited: key ? { ...state.inherited, [inheritedKey(message)]: key } : state.inherited,
    },
    message,
    true,
  );
}

export const draftKey = (chatId: number, draftId: number) => `draft:${chatId}:${draftId}`;

const sameContent = (a: Message, b: Message) =>
  !b.thing &&
  (a.file || b.file ? a.file?.kind === b.file?.kind && (a.text ?? '') === (b.text ?? '') : a.text === b.text);

function withMessage(state: PhoneState, message: Message): PhoneState {
  // A chat that was never opened reads its messages when it is: half a list would look like the whole.
  const known = state.messages[message.chatId];
  if (!known) return state;
  const messages = upsert(known, message).sort((a, b) => a.id - b.id);
  return { ...state, messages: { ...state.messages, [message.chatId]: messages } };
}

function lastMessageOf(state: PhoneState, message: Message, isNew: boolean): PhoneState {
  const chats = state.chats?.map((chat) =>
    chat.id !== message.chatId || (!isNew && chat.lastMessage?.id !== message.id)
      ? chat
      : { ...chat, lastMessage: message, fresh: chat.fresh && !message.own },
  );
  return { ...state, chats };
}

function deleted(state: PhoneState, chatId: number, messageId: number): PhoneState {
  const known = state.messages[chatId];
  if (!known) return state;
  const left = known.filter(({ id }) => id !== messageId);
  const chats = state.chats?.map((chat) =>
    chat.id === chatId && chat.lastMessage?.id === messageId ? { ...chat, lastMessage: left.at(-1) } : chat,
  );
  return { ...state, chats, messages: { ...state.messages, [chatId]: left } };
}

function drafted(
  state: PhoneState,
  chatId: number,
  draft: Extract<PhoneEvent, { type: 'draft' }>['draft'],
): PhoneState {
  const standing = state.drafts[chatId];
  if (!draft) {
    return standing ? { ...state, drafts: { ...state.drafts, [chatId]: { ...standing, ending: true } } } : state;
  }
  const bot = state.chats?.find(({ id }) => id === chatId)?.bot;
  const message: Message = {
    id: 0,
    chatId,
    from: { id: bot?.id ?? chatId, name: bot?.name ?? '', isBot: true },
    own: false,
    date: standing?.id === draft.id ? standing.message.date : Math.floor(Date.now() / 1000),
    text: draft.text,
    entities: draft.entities,
  };
  return {
    ...state,
    drafts: { ...state.drafts, [chatId]: { id: draft.id, message, ending: false, canStop: draft.canStop } },
  };
}

function upsert<T extends { id: number }>(list: T[], item: T): T[] {
  return list.some(({ id }) => id === item.id) ? list.map((old) => (old.id === item.id ? item : old)) : [...list, item];
}

function without<T>(record: Record<number, T>, key: number): Record<number, T> {
  const { [key]: _gone, ...rest } = record;
  return rest;
}
