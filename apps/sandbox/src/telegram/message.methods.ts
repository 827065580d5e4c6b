import { z } from 'zod';
import { badRequest } from './api-error';
import {
  chatId,
  entities,
  flag,
  inlineKeyboard,
  integer,
  json,
  messageId,
  replying,
  type Replying,
  replyMarkup,
  string,
} from './call-params';
import { formattedText, MAX_CAPTION, MAX_TEXT } from './formatted-text';
import { type Caller, type Method, method } from './method';
import type { Conversation } from './state';
import type { Entity, FormattedText, InlineKeyboardMarkup } from './wire';
import { messageFor } from './wire-views';

const ACTIONS = [
  'typing',
  'upload_photo',
  'record_video',
  'upload_video',
  'record_voice',
  'upload_voice',
  'upload_document',
  'choose_sticker',
  'find_location',
  'record_video_note',
  'upload_video_note',
];

const text = { text: string.default(''), parse_mode: string.optional(), entities: entities.optional() };
const target = { chat_id: chatId, message_id: messageId };
const keyboard = { reply_markup: json(inlineKeyboard).optional() };

export const messageMethods: Record<string, Method> = {
  sendMessage: method(
    z.object({ chat_id: chatId, ...text, ...replying, reply_markup: replyMarkup.optional() }),
    ({ world, bot }, params) => {
      const conversation = world.messenger.writable(bot, params.chat_id);
      const content = messageText(params);
      const replyTo = repliedTo(world, conversation, params);
      const [sent] = world.messenger.send(bot, conversation, [
        { ...content, replyTo, replyMarkup: params.reply_markup },
      ]);
      return messageFor(world.state, conversation, sent!);
    },
  ),

  sendMessageDraft: method(
    z.object({ chat_id: chatId, draft_id: integer('draft_id'), ...text }),
    ({ world, bot }, params) => {
      const conversation = world.messenger.writable(bot, params.chat_id);
      if (conversation.kind !== 'private') throw badRequest('TEXTDRAFT_PEER_INVALID');
      if (params.draft_id === 0) throw badRequest('invalid draft_id specified');
      const content = formattedText(params.text, params.parse_mode, params.entities);
      if (content.text.length > MAX_TEXT) throw badRequest('message is too long');
      world.limiter.draft(bot.id, conversation.people[0]!);
      world.drafts.show(conversation, { id: params.draft_id, ...content });
      return true;
    },
  ),

  editMessageText: method(z.object({ ...target, ...text, ...keyboard }), ({ world, bot }, params) => {
    const conversation = world.messenger.writable(bot, params.chat_id);
    const content = messageText(params);
    const edited = world.messenger.edit(bot, conversation, params.message_id, (old) => {
      if (old.text === undefined) throw badRequest('there is no text in the message to edit');
      return { ...content, replyMarkup: markupOf(params) };
    });
    return messageFor(world.state, conversation, edited);
  }),

  editMessageCaption: method(
    z.object({
      ...target,
      caption: string.default(''),
      parse_mode: string.optional(),
      caption_entities: entities.optional(),
      ...keyboard,
    }),
    ({ world, bot }, params) => {
      const conversation = world.messenger.writable(bot, params.chat_id);
      const content = captionText(params);
      const edited = world.messenger.edit(bot, conversation, params.message_id, (old) => {
        if (!old.fileId) throw badRequest('there is no caption in the message to edit');
        return { ...content, replyMarkup: markupOf(params) };
      });
      return messageFor(world.state, conversation, edited);
    },
  ),

  editMessageReplyMarkup: method(z.object({ ...target, ...keyboard }), ({ world, bot }, params) => {
    const conversation = world.messenger.writable(bot, params.chat_id);
    const edited = world.messenger.edit(bot, conversation, params.message_id, () => ({
      replyMarkup: markupOf(params),
    }));
    return messageFor(world.state, conversation, edited);
  }),

  deleteMessage: method(z.object(target), ({ world, bot }, params) => {
    world.messenger.delete(bot, world.messenger.conversation(bot, params.chat_id), params.message_id);
    return true;
  }),

  deleteMessages: method(
    z.object({ chat_id: chatId, message_ids: json(z.array(z.int()).min(1).max(100)) }),
    ({ world, bot }, params) => {
      const conversation = world.messenger.conversation(bot, params.chat_id);
      // Ids that are not there are skipped without a word; that is what sets it apart from deleteMessage.
      const there = params.message_ids.filter((id) => world.messenger.find(conversation, id));
      there.forEach((id) => world.messenger.delete(bot, conversation, id));
      return true;
    },
  ),

  sendChatAction: method(z.object({ chat_id: chatId, action: string.default('') }), ({ world, bot }, params) => {
    const conversation = world.messenger.writable(bot, params.chat_id);
    if (!ACTIONS.includes(params.action)) throw badRequest('wrong parameter action in request');
    world.feed.tell({ type: 'action', conversation, action: params.action });
    return true;
  }),

  answerCallbackQuery: method(
    z.object({
      callback_query_id: string.default(''),
      text: string.optional(),
      show_alert: flag.optional(),
      url: string.optional(),
    }),
    ({ world, bot }, params) => {
      if ((params.text?.length ?? 0) > 200) throw badRequest('MESSAGE_TOO_LONG');
      const answer = { text: params.text, alert: params.show_alert, url: params.url };
      if (!world.people.answerQuery(bot.id, params.callback_query_id, answer)) {
        throw badRequest('query is too old and response timeout expired or query ID is invalid');
      }
      return true;
    },
  ),
};

function messageText(params: { text: string; parse_mode?: string; entities?: Entity[] }): FormattedText {
  const content = formattedText(params.text, params.parse_mode, params.entities);
  if (content.text === '') throw badRequest('message text is empty');
  if (content.text.length > MAX_TEXT) throw badRequest('message is too long');
  return content;
}

export function captionText(params: { caption: string; parse_mode?: string; caption_entities?: Entity[] }) {
  const { text: caption, entities } = formattedText(params.caption, params.parse_mode, params.caption_entities);
  if (caption.length > MAX_CAPTION) throw badRequest('message caption is too long');
  return { caption, captionEntities: entities };
}

/** The message replied to, or undefined when there is none or the bot said it may be missing. */
export function repliedTo(world: Caller['world'], conversation: Conversation, params: Replying): number | undefined {
  const id = params.reply_parameters?.message_id ?? params.reply_to_message_id;
  if (id === undefined || world.messenger.find(conversation, id)) return id;
  if (params.reply_parameters?.allow_sending_without_reply ?? params.allow_sending_without_reply) return undefined;
  throw badRequest('message to be replied not found');
}

/** An empty keyboard is no keyboard. */
function markupOf(params: { reply_markup?: unknown }): InlineKeyboardMarkup | undefined {
  const markup = params.reply_markup as InlineKeyboardMarkup | undefined;
  return markup?.inline_keyboard.some((row) => row.length > 0) ? markup : undefined;
}
