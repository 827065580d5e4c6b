import { z } from 'zod';
import { badRequest } from './api-error';
import { formattedText, MAX_CAPTION, MAX_TEXT } from './formatted-text';
import {
  caption,
  type Caller,
  chatId,
  decimal,
  entities,
  flag,
  inlineKeyboard,
  integer,
  json,
  messageId,
  messageIds,
  type Method,
  method,
  placeOf,
  sending,
  type Sending,
  string,
  text,
} from './method';
import type { MessageEdit, NewMessage } from './messenger';
import { copied, forwarded, throwDice } from './people';
import { richMessage, richText } from './rich-message';
import { type Conversation, opaqueId, type StoredMessage } from './state';
import { messageFor } from './to-wire';
import type { Entity, FormattedText, InlineKeyboardMarkup, Location, Poll } from './wire';

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

const target = { chat_id: chatId, message_id: messageId };
const keyboard = { reply_markup: inlineKeyboard.optional() };
const place = { latitude: decimal('latitude'), longitude: decimal('longitude') };

/** A method that sends one message made of its parameters. */
function sender<Shape extends z.ZodRawShape>(
  shape: Shape,
  contentOf: (params: z.output<z.ZodObject<Shape>>, caller: Caller, conversation: Conversation) => NewMessage,
): Method {
  return method(z.object({ ...sending, ...shape }), (caller, params) => {
    const given = params as z.output<z.ZodObject<Shape>> & Sending;
    const { conversation, about } = placeOf(caller, given);
    const content = contentOf(given, caller, conversation);
    const extra = { ...content.extra, ...about.extra };
    const message = { ...content, ...about, ...(Object.keys(extra).length > 0 && { extra }) };
    const [sent] = caller.telegram.messenger.send(caller.bot, conversation, [message]);
    return messageFor(caller.telegram.state, conversation, sent!);
  });
}

/** A method that changes one message of the bot. */
function editor<Shape extends z.ZodRawShape>(
  shape: Shape,
  change: (old: StoredMessage, params: z.output<z.ZodObject<Shape>>) => MessageEdit,
): Method {
  return method(z.object({ ...target, ...keyboard, ...shape }), ({ telegram, bot }, params) => {
    const given = params as z.output<z.ZodObject<Shape>> & { chat_id: number; message_id: number };
    const conversation = telegram.messenger.writable(bot, given.chat_id);
    const edited = telegram.messenger.edit(bot, conversation, given.message_id, (old) => ({
      ...change(old, given),
      replyMarkup: markupOf(params),
    }));
    return messageFor(telegram.state, conversation, edited);
  });
}

const draft = {
  chat_id: chatId,
  draft_id: integer('draft_id'),
  can_stop: flag.optional(),
  message_thread_id: integer('message_thread_id').optional(),
};

function showDraft(
  { telegram, bot }: Caller,
  { chat_id, draft_id: id, can_stop: canStop }: { chat_id: number | string; draft_id: number; can_stop?: boolean },
  content: FormattedText,
): boolean {
  const conversation = telegram.messenger.writable(bot, chat_id);
  if (conversation.kind !== 'private') throw badRequest('TEXTDRAFT_PEER_INVALID');
  if (id === 0) throw badRequest('invalid draft_id specified');
  if (content.text.length > MAX_TEXT) throw badRequest('message is too long');
  telegram.messenger.showDraft(bot, conversation, { id, ...content, ...(canStop && { canStop }) });
  return true;
}

export const messageMethods: Record<string, Method> = {
  sendMessage: sender(text, (params) => messageText(params)),

  sendMessageDraft: method(z.object({ ...draft, ...text }), (caller, params) =>
    showDraft(caller, params, formattedText(params.text, params.parse_mode, params.entities)),
  ),

  sendRichMessage: sender({ rich_message: richMessage }, ({ rich_message }) => ({ extra: { rich_message } })),
  sendRichMessageDraft: method(z.object({ ...draft, rich_message: richMessage }), (caller, params) =>
    showDraft(caller, params, { text: richText(params.rich_message), entities: [] }),
  ),

  sendLocation: sender(
    { ...place, live_period: integer('live_period').optional(), horizontal_accuracy: decimal('accuracy').optional() },
    ({ latitude, longitude, live_period, horizontal_accuracy }) => ({
      extra: { location: locationOf({ latitude, longitude, live_period, horizontal_accuracy }) },
    }),
  ),

  sendVenue: sender({ ...place, title: string, address: string }, ({ latitude, longitude, title, address }) => {
    const location = locationOf({ latitude, longitude });
    return { extra: { location, venue: { location, title, address } } };
  }),

  sendContact: sender(
    { phone_number: string, first_name: string, last_name: string.optional(), vcard: string.optional() },
    ({ phone_number, first_name, last_name, vcard }) => ({
      extra: { contact: { phone_number, first_name, ...(last_name && { last_name }), ...(vcard && { vcard }) } },
    }),
  ),

  sendDice: sender({ emoji: string.default('🎲') }, ({ emoji }, { bot }, conversation) => {
    const dice = throwDice(emoji, conversation.nextMessageId + bot.nextMessageId);
    if (!dice) throw badRequest('EMOTICON_INVALID');
    return { extra: { dice } };
  }),

  sendPoll: sender(
    {
      question: string.refine((value) => value.length >= 1 && value.length <= 300, 'poll question must be non-empty'),
      options: json(
        z
          .array(z.union([z.string(), z.looseObject({ text: z.string() })]), {
            error: "can't parse options JSON object",
          })
          .min(1, 'poll must have at least 1 option')
          .max(12, "poll can't have more than 12 options"),
      ),
      is_anonymous: flag.default(true),
      type: z.enum(['regular', 'quiz']).default('regular'),
      allows_multiple_answers: flag.default(false),
      correct_option_id: integer('correct_option_id').optional(),
      correct_option_ids: json(z.array(z.int())).optional(),
      explanation: string.optional(),
      is_closed: flag.default(false),
    },
    (params, { telegram, bot }) => {
      const { options, correct_option_id, correct_option_ids, explanation, ...facts } = params;
      const correct = correct_option_id ?? correct_option_ids?.[0];
      if (facts.type === 'quiz' && correct === undefined) throw badRequest('quiz must have a correct option');
      const poll: Poll = {
        id: opaqueId('', 9),
        question: facts.question,
        options: options.map((option) => ({
          text: typeof option === 'string' ? option : option.text,
          voter_count: 0,
        })),
        total_voter_count: 0,
        is_closed: facts.is_closed,
        is_anonymous: facts.is_anonymous,
        type: facts.type,
        allows_multiple_answers: facts.allows_multiple_answers,
        ...(correct !== undefined && { correct_option_id: correct }),
        ...(explanation && { explanation }),
      };
      telegram.state.polls.set(poll.id, { bot: bot.id, poll, votes: {} });
      return { pollId: poll.id };
    },
  ),

  stopPoll: method(z.object({ ...target, ...keyboard }), ({ telegram, bot }, params) => {
    const conversation = telegram.messenger.writable(bot, params.chat_id);
    const message = telegram.messenger.find(conversation, params.message_id);
    const poll = telegram.state.polls.get(message?.pollId ?? '')?.poll;
    if (!message || !poll || message.from !== bot.id) throw badRequest('message with poll to stop not found');
    if (poll.is_closed) throw badRequest('poll has already been closed');
    poll.is_closed = true;
    message.replyMarkup = markupOf(params);
    telegram.feed.tell({ type: 'edited', conversation, message });
    telegram.people.push(bot.id, 'poll', structuredClone(poll), params.chat_id as number);
    return poll;
  }),

  forwardMessage: method(z.object({ ...sending, from_chat_id: chatId, message_id: messageId }), (caller, params) => {
    const { conversation, about } = placeOf(caller, params);
    const source = sourceOf(caller, params.from_chat_id, params.message_id, 'message to forward not found');
    const content = forwarded(caller.telegram.state, source);
    const [sent] = caller.telegram.messenger.send(caller.bot, conversation, [{ ...content, threadId: about.threadId }]);
    return messageFor(caller.telegram.state, conversation, sent!);
  }),

  forwardMessages: several((caller, source) => forwarded(caller.telegram.state, source)),

  copyMessage: method(
    z.object({
      ...sending,
      from_chat_id: chatId,
      message_id: messageId,
      caption: string.optional(),
      parse_mode: string.optional(),
      caption_entities: entities.optional(),
    }),
    (caller, params) => {
      const { conversation, about } = placeOf(caller, params);
      const source = sourceOf(caller, params.from_chat_id, params.message_id, 'message to copy not found');
      const { caption: given, parse_mode, caption_entities } = params;
      const renamed =
        given !== undefined && source.fileId ? captionText({ caption: given, parse_mode, caption_entities }) : {};
      const content = copied(source);
      const extra = { ...content.extra, ...about.extra };
      const message = { ...content, ...renamed, ...about, ...(Object.keys(extra).length > 0 && { extra }) };
      const [sent] = caller.telegram.messenger.send(caller.bot, conversation, [message]);
      return { message_id: sent!.id };
    },
  ),

  copyMessages: several((_caller, source) => copied(source)),

  editMessageText: editor(
    { ...text, rich_message: richMessage.optional() },
    (old, { rich_message, ...params }): MessageEdit => {
      if (rich_message) return { text: undefined, entities: undefined, extra: { ...old.extra, rich_message } };
      const content = messageText(params);
      if (old.text === undefined && !old.extra?.rich_message)
        throw badRequest('there is no text in the message to edit');
      if (!old.extra?.rich_message) return content;
      const { rich_message: _gone, ...extra } = old.extra;
      return { ...content, extra };
    },
  ),

  editMessageCaption: editor(caption, (old, params) => {
    if (!old.fileId) throw badRequest('there is no caption in the message to edit');
    return captionText(params);
  }),

  editMessageReplyMarkup: editor({}, () => ({})),

  editMessageLiveLocation: editor(place, (old, { latitude, longitude }) => {
    if (!old.extra?.location?.live_period) throw badRequest("message can't be edited");
    return { extra: { ...old.extra, location: { ...old.extra.location, latitude, longitude } } };
  }),

  stopMessageLiveLocation: editor({}, (old) => {
    const { live_period: _over, ...location } = old.extra?.location ?? { latitude: 0, longitude: 0 };
    if (!_over) throw badRequest("message can't be edited");
    return { extra: { ...old.extra, location } };
  }),

  deleteMessage: method(z.object(target), ({ telegram, bot }, params) => {
    telegram.messenger.delete(bot, telegram.messenger.conversation(bot, params.chat_id), params.message_id);
    return true;
  }),

  deleteMessages: method(
    z.object({ chat_id: chatId, message_ids: messageIds }),
    ({ telegram: { messenger }, bot }, params) => {
      const conversation = messenger.conversation(bot, params.chat_id);
      // Ids that are not there are skipped without a word; that is what sets it apart from deleteMessage.
      const there = params.message_ids.filter((id) => messenger.find(conversation, id));
      there.forEach((id) => messenger.delete(bot, conversation, id));
      return true;
    },
  ),

  sendChatAction: method(z.object({ chat_id: chatId, action: string.default('') }), ({ telegram, bot }, params) => {
    const conversation = telegram.messenger.writable(bot, params.chat_id);
    if (!ACTIONS.includes(params.action)) throw badRequest('wrong parameter action in request');
    telegram.feed.tell({ type: 'action', conversation, action: params.action });
    return true;
  }),

  answerCallbackQuery: method(
    z.object({
      callback_query_id: string.default(''),
      text: string.optional(),
      show_alert: flag.optional(),
      url: string.optional(),
    }),
    ({ telegram, bot }, params) => {
      if ((params.text?.length ?? 0) > 200) throw badRequest('MESSAGE_TOO_LONG');
      const answer = { text: params.text, alert: params.show_alert, url: params.url };
      if (!telegram.people.answerQuery(bot.id, params.callback_query_id, answer)) {
        throw badRequest('query is too old and response timeout expired or query ID is invalid');
      }
      return true;
    },
  ),
};

/** Ids that are not there are skipped without a word. */
function several(contentOf: (caller: Caller, source: StoredMessage) => NewMessage): Method {
  return method(z.object({ ...sending, from_chat_id: chatId, message_ids: messageIds }), (caller, params) => {
    const { conversation, about } = placeOf(caller, params);
    const { messenger } = caller.telegram;
    const from = messenger.conversation(caller.bot, params.from_chat_id);
    const sources = params.message_ids.map((id) => messenger.find(from, id)).filter((found) => found !== undefined);
    if (sources.length === 0) throw badRequest('there are no messages to forward');
    const messages = sources.map((source) => ({ ...contentOf(caller, source), threadId: about.threadId }));
    return messenger.send(caller.bot, conversation, messages).map(({ id }) => ({ message_id: id }));
  });
}

function sourceOf({ telegram, bot }: Caller, chat: number | string, id: number, missing: string): StoredMessage {
  const source = telegram.messenger.find(telegram.messenger.conversation(bot, chat), id);
  if (!source) throw badRequest(missing);
  return source;
}

function locationOf({ latitude, longitude, ...more }: Location): Location {
  if (Math.abs(latitude) > 90 || Math.abs(longitude) > 180) throw badRequest('wrong location specified');
  const told = Object.fromEntries(Object.entries(more).filter(([, value]) => value !== undefined));
  return { latitude, longitude, ...told };
}

/** Source: tdlib, is_empty_string: characters that take room, or turn the direction, and show nothing. */
const NOTHING_SEEN = /^[\s\u1680\u180e\u2000-\u200f\u2028-\u202f\u205f\u2800\u3000\ufffc]*$/;

function messageText(params: { text: string; parse_mode?: string; entities?: Entity[] }): FormattedText {
  const content = formattedText(params.text, params.parse_mode, params.entities);
  if (content.text === '') throw badRequest('message text is empty');
  if (NOTHING_SEEN.test(content.text)) throw badRequest('text must be non-empty');
  if (content.text.length > MAX_TEXT) throw badRequest('message is too long');
  return content;
}

export function captionText(params: { caption: string; parse_mode?: string; caption_entities?: Entity[] }) {
  const { text: said, entities: found } = formattedText(params.caption, params.parse_mode, params.caption_entities);
  if (said.length > MAX_CAPTION) throw badRequest('message caption is too long');
  return { caption: said, captionEntities: found };
}

/** An empty keyboard is no keyboard. */
export function markupOf(params: { reply_markup?: unknown }): InlineKeyboardMarkup | undefined {
  const markup = params.reply_markup as InlineKeyboardMarkup | undefined;
  return markup?.inline_keyboard.some((row) => row.length > 0) ? markup : undefined;
}
