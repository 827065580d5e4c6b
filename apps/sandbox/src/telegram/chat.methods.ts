import { z } from 'zod';
import { badRequest } from './api-error';
import { type Caller, chatId, integer, json, messageId, type Method, method, string } from './method';
import type { Conversation } from './state';
import { chatFor, messageFor, userById } from './to-wire';

/** What Telegram paints topics with unless told. */
const ICON_COLOR = 0x6fb9f0;

const chat = { chat_id: chatId };
const topic = { ...chat, message_thread_id: integer('message_thread_id') };

/** What bots do with chats as such: who is in them, what is pinned, reactions, topics. */
export const chatMethods: Record<string, Method> = {
  getChat: method(z.object(chat), ({ telegram: { messenger, state }, bot }, params) => {
    const conversation = messenger.conversation(bot, params.chat_id);
    const pinned = conversation.messages.get(conversation.pinned.at(-1) ?? 0);
    return {
      ...chatFor(state, conversation),
      accent_color_id: 0,
      max_reaction_count: 11,
      ...(pinned && { pinned_message: messageFor(state, conversation, pinned) }),
    };
  }),

  getChatMember: method(z.object({ ...chat, user_id: integer('user_id') }), (caller, { chat_id, user_id }) => {
    const conversation = caller.telegram.messenger.conversation(caller.bot, chat_id);
    if (conversation.left.includes(user_id)) return { user: userById(caller.telegram.state, user_id), status: 'left' };
    if (!membersOf(conversation).includes(user_id)) throw badRequest('PARTICIPANT_ID_INVALID');
    return memberOf(caller, conversation, user_id);
  }),
  getChatMemberCount: method(
    z.object(chat),
    ({ telegram, bot }, params) => membersOf(telegram.messenger.conversation(bot, params.chat_id)).length,
  ),
  getChatAdministrators: method(z.object(chat), (caller, params) => {
    const conversation = caller.telegram.messenger.conversation(caller.bot, params.chat_id);
    if (conversation.kind === 'private') throw badRequest('there are no administrators in the private chat');
    const ids = membersOf(conversation);
    return ids.map((id) => memberOf(caller, conversation, id)).filter(({ status }) => status !== 'member');
  }),
  leaveChat: method(z.object(chat), ({ telegram, bot }, params) => {
    const conversation = telegram.messenger.conversation(bot, params.chat_id);
    if (conversation.kind === 'private') throw badRequest("chat can't be left");
    conversation.bots = conversation.bots.filter((id) => id !== bot.id);
    telegram.feed.tell({ type: 'chat', conversation });
    return true;
  }),
  getUserProfilePhotos: method(z.object({ user_id: integer('user_id') }), () => ({ total_count: 0, photos: [] })),

  setMessageReaction: method(
    z.object({
      ...chat,
      message_id: messageId,
      reaction: json(z.array(z.looseObject({ type: z.string(), emoji: z.string().optional() }))).default([]),
    }),
    ({ telegram, bot }, params) => {
      const conversation = telegram.messenger.writable(bot, params.chat_id);
      const message = telegram.messenger.find(conversation, params.message_id);
      if (!message) throw badRequest('message to react not found');
      if (params.reaction.length > 1) throw badRequest('REACTIONS_TOO_MANY');
      const emoji = params.reaction[0]?.emoji;
      if (params.reaction[0] && !emoji) throw badRequest('REACTION_INVALID');
      const others = (message.reactions ?? []).filter(({ from }) => from !== bot.id);
      message.reactions = emoji ? [...others, { from: bot.id, emoji }] : others;
      telegram.feed.tell({ type: 'edited', conversation, message });
      return true;
    },
  ),

  pinChatMessage: method(z.object({ ...chat, message_id: messageId }), ({ telegram, bot }, params) => {
    const conversation = telegram.messenger.writable(bot, params.chat_id);
    const message = telegram.messenger.find(conversation, params.message_id);
    if (!message) throw badRequest('message to pin not found');
    needsRights(conversation, bot.id, 'not enough rights to manage pinned messages in the chat');
    conversation.pinned = [...conversation.pinned.filter((id) => id !== message.id), message.id];
    const service = `📌 ${telegram.state.bots.get(bot.id)!.name}`;
    telegram.messenger.store(conversation, bot.id, { pinned: message.id, service });
    telegram.feed.tell({ type: 'chat', conversation });
    return true;
  }),
  unpinChatMessage: method(z.object({ ...chat, message_id: messageId.optional() }), ({ telegram, bot }, params) => {
    const conversation = telegram.messenger.writable(bot, params.chat_id);
    const id = params.message_id ?? conversation.pinned.at(-1);
    if (id === undefined || !conversation.pinned.includes(id)) throw badRequest('message to unpin not found');
    conversation.pinned = conversation.pinned.filter((pinned) => pinned !== id);
    telegram.feed.tell({ type: 'chat', conversation });
    return true;
  }),
  unpinAllChatMessages: method(z.object(chat), ({ telegram, bot }, params) => {
    const conversation = telegram.messenger.writable(bot, params.chat_id);
    conversation.pinned = [];
    telegram.feed.tell({ type: 'chat', conversation });
    return true;
  }),

  createForumTopic: method(
    z.object({
      ...chat,
      name: string.refine((name) => name.length >= 1 && name.length <= 128, 'TOPIC_TITLE_EMPTY'),
      icon_color: integer('icon_color').default(ICON_COLOR),
    }),
    ({ telegram, bot }, { chat_id, name, icon_color }) => {
      const conversation = forum(telegram.messenger.writable(bot, chat_id), bot.id);
      const created = telegram.messenger.store(conversation, bot.id, {
        extra: { forum_topic_created: { name, icon_color } },
        service: name,
      });
      // A topic bears the id of the message that created it.
      created.threadId = created.id;
      conversation.topics.push({ id: created.id, name, iconColor: icon_color, closed: false });
      telegram.feed.tell({ type: 'chat', conversation });
      return { message_thread_id: created.id, name, icon_color };
    },
  ),
  editForumTopic: method(z.object({ ...topic, name: string.default('') }), (caller, params) => {
    const { found, say } = topicOf(caller, params);
    if (params.name) found.name = params.name;
    say({ forum_topic_edited: { name: found.name } }, found.name);
    return true;
  }),
  closeForumTopic: method(z.object(topic), (caller, params) => {
    const { found, say } = topicOf(caller, params);
    if (found.closed) throw badRequest('TOPIC_NOT_MODIFIED');
    found.closed = true;
    say({ forum_topic_closed: {} }, `🔒 ${found.name}`);
    return true;
  }),
  reopenForumTopic: method(z.object(topic), (caller, params) => {
    const { found, say } = topicOf(caller, params);
    if (!found.closed) throw badRequest('TOPIC_NOT_MODIFIED');
    found.closed = false;
    say({ forum_topic_reopened: {} }, found.name);
    return true;
  }),
  deleteForumTopic: method(z.object(topic), (caller, params) => {
    const { conversation, found } = topicOf(caller, params);
    const { messages } = conversation;
    conversation.topics = conversation.topics.filter((other) => other !== found);
    for (const { id, threadId } of [...messages.values()]) if (threadId === found.id) messages.delete(id);
    caller.telegram.feed.tell({ type: 'chat', conversation });
    return true;
  }),
};

const membersOf = ({ people, bots }: Conversation) => [...people, ...bots];

/** The sandbox's groups belong to the first of their people. */
function memberOf({ telegram: { state } }: Caller, { kind, people, admins }: Conversation, id: number) {
  const user = userById(state, id);
  if (kind === 'group' && people[0] === id) return { user, status: 'creator', is_anonymous: false };
  if (admins.includes(id)) return { user, status: 'administrator', can_be_edited: false, is_anonymous: false };
  return { user, status: 'member' };
}

function needsRights({ kind, admins }: Conversation, bot: number, refusal: string): void {
  if (kind === 'group' && !admins.includes(bot)) throw badRequest(refusal);
}

function forum(conversation: Conversation, bot: number): Conversation {
  if (!conversation.forum) throw badRequest('the chat is not a forum');
  needsRights(conversation, bot, 'not enough rights to create a topic');
  return conversation;
}

function topicOf({ telegram, bot }: Caller, params: { chat_id: number | string; message_thread_id: number }) {
  const conversation = forum(telegram.messenger.writable(bot, params.chat_id), bot.id);
  const found = conversation.topics.find(({ id }) => id === params.message_thread_id);
  if (!found) throw badRequest('message thread not found');
  const say = (extra: object, service: string) => {
    telegram.messenger.store(conversation, bot.id, { extra, service, threadId: found.id });
    telegram.feed.tell({ type: 'chat', conversation });
  };
  return { conversation, found, say };
}
