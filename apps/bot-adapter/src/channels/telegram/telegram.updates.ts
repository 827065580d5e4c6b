import type { Inbound, InboundChat, InboundFile, InboundPerson } from '../channel';
import { shorten } from '../../rich-text/cut-points';
import {
  type Chat,
  type ChatMember,
  type Entity,
  type Message,
  OTHER_CONTENT,
  type Update,
  type User,
} from './telegram.shapes';

/** Who the bot is in Telegram: by these it is spoken to in groups. */
export interface Self {
  id: number;
  username: string;
}

/** What an update means to us; empty for what is not meant for this bot. */
export function parseUpdate(update: Update, self: Self): Inbound[] {
  const inbound =
    (update.message && fromMessage(update.message, self)) ??
    (update.edited_message && fromEdit(update.edited_message, self)) ??
    (update.callback_query && fromPress(update.callback_query)) ??
    (update.my_chat_member && fromMembership(update.my_chat_member)) ??
    (update.chat_member && fromMember(update.chat_member)) ??
    (update.stopped_message_generation && fromStop(update.stopped_message_generation)) ??
    (update.pre_checkout_query && fromCheckout(update.pre_checkout_query)) ??
    (update.subscription && fromSubscription(update.subscription));
  return inbound ? [inbound] : [];
}

function fromMessage(message: Message, self: Self): Inbound | undefined {
  const { chat, from, migrate_to_chat_id: movedTo, migrate_from_chat_id: movedFrom } = message;
  // Told twice, in the old group and in the new one, in any order.
  if (movedTo !== undefined) return { kind: 'moved', from: String(chat.id), to: String(movedTo) };
  if (movedFrom !== undefined) return { kind: 'moved', from: String(movedFrom), to: String(chat.id) };
  const payment = fromPayment(message);
  if (payment) return payment;
  if (!from || isNobody(message)) return undefined;
  const command = commandOf(message, self);
  if (command === 'for_another_bot') return undefined;
  // Of a group only what is meant for the bot: a command that names no bot may be meant for any.
  if (chat.type !== 'private' && !command?.addressed && !isAddressed(message, self)) return undefined;

  const by = {
    chat: chatOf(chat, message),
    from: personOf(from),
    externalMessageId: String(message.message_id),
    sentAt: new Date(message.date * 1000),
  };
  if (command) return { kind: 'command', ...by, name: command.name, argument: command.argument };
  const text = textOf(message, self);
  const what =
    OTHER_CONTENT.find((kind) => message[kind] !== undefined) ??
    (message.rich_message && !text ? 'rich_message' : undefined);
  if (what) return { kind: 'unsupported', ...by, what, hasText: text !== '' };
  const file = fileOf(message);
  if (!file && !text) return undefined;
  return {
    kind: 'message',
    ...by,
    ...(text && { text }),
    ...(file && { file }),
    ...(message.media_group_id && { mediaGroup: message.media_group_id }),
    ...replyOf(message),
  };
}

/**
 * Other bots are nobody to talk to, nor are people who write in the name of a channel or group, nor is Telegram itself, from
 * whom the posts of a channel come that are forwarded to its discussion group.
 */
const isNobody = ({ chat, from, sender_chat: inTheNameOf }: Message) =>
  from?.is_bot === true || chat.type === 'channel' || inTheNameOf !== undefined;

function fromEdit(message: Message, self: Self): Inbound | undefined {
  const { chat, from, edit_date: editedAt } = message;
  const text = textOf(message, self);
  if (!from || isNobody(message) || !text) return undefined;
  const sentAt = new Date((editedAt ?? message.date) * 1000);
  return {
    kind: 'edited',
    chat: chatOf(chat, message),
    from: personOf(from),
    externalMessageId: String(message.message_id),
    text,
    sentAt,
  };
}

function fromPress({ id, from, data, message }: NonNullable<Update['callback_query']>): Inbound | undefined {
  if (!message || data === undefined) return undefined;
  return {
    kind: 'press',
    chat: chatOf(message.chat, message),
    from: personOf(from),
    pressId: id,
    data,
    externalMessageId: String(message.message_id),
  };
}

function fromMembership({
  chat,
  from,
  date,
  new_chat_member: { status, is_member: isMember, can_send_messages: maySend },
}: NonNullable<Update['my_chat_member']>): Inbound | undefined {
  if (chat.type === 'channel') return undefined;
  const by = { chat: chatOf(chat), from: personOf(from), ...(date && { sentAt: new Date(date * 1000) }) };
  // A bot that left while it was restricted still is.
  if (status === 'kicked' || status === 'left' || !isMember) return { kind: 'blocked', ...by };
  return { kind: maySend ? 'unblocked' : 'muted', ...by };
}

function fromMember({ chat, new_chat_member: member }: NonNullable<Update['chat_member']>): Inbound | undefined {
  if (member.user.is_bot) return undefined;
  return {
    kind: 'member-changed',
    of: { externalId: String(chat.id), ...(chat.username && { username: chat.username }) },
    member: personOf(member.user),
    isMember: isMember(member),
  };
}

export const isMember = ({ status, is_member: isThere }: ChatMember): boolean =>
  status !== 'left' && status !== 'kicked' && isThere;

const fromStop = ({ chat, draft_id, ...topic }: NonNullable<Update['stopped_message_generation']>): Inbound => ({
  kind: 'stopped',
  chat: chatOf(chat, topic),
  ...(draft_id !== undefined && { isOf: (previewId) => draftIdOf(previewId) === draft_id }),
});

/** Money counts wherever and by whomever it is said. */
function fromPayment(message: Message): Inbound | undefined {
  const { chat, from, date, successful_payment: paid, refunded_payment: refunded } = message;
  const at = { chat: chatOf(chat, message), sentAt: new Date(date * 1000) };
  if (refunded) return { kind: 'refunded', ...at, ...moneyOf(refunded), chargeId: refunded.telegram_payment_charge_id };
  if (!paid || !from) return undefined;
  const until = paid.subscription_expiration_date;
  const renewal = {
    isFirst: paid.is_first_recurring ?? !paid.is_recurring,
    ...(until !== undefined && { paidUntil: new Date(until * 1000) }),
  };
  return {
    kind: 'paid',
    ...at,
    from: personOf(from),
    ...moneyOf(paid),
    chargeId: paid.telegram_payment_charge_id,
    ...((paid.is_recurring || until !== undefined) && { renewal }),
  };
}

const fromCheckout = ({ id, from, ...money }: NonNullable<Update['pre_checkout_query']>): Inbound => ({
  kind: 'checkout',
  checkoutId: id,
  from: personOf(from),
  ...moneyOf(money),
});

const fromSubscription = ({ user, invoice_payload: payload, state }: NonNullable<Update['subscription']>): Inbound => ({
  kind: 'renewal-changed',
  from: personOf(user),
  payload,
  state,
});

const moneyOf = ({
  currency,
  total_amount: amountMinor,
  invoice_payload: payload,
}: Omit<NonNullable<Update['pre_checkout_query']>, 'id' | 'from'>) => ({ currency, amountMinor, payload });

/** A non-zero 31-bit number that is the same for all drafts of one answer. */
export const draftIdOf = (previewId: string) => Number.parseInt(previewId.slice(-8), 16) % 0x7fff_ffff || 1;

/** `message_thread_id` alone may also be a thread of replies, into which nothing can be sent. */
function chatOf(
  { id, type }: Chat,
  message: Pick<Message, 'message_thread_id' | 'is_topic_message'> = {},
): InboundChat {
  const thread = message.is_topic_message ? message.message_thread_id : undefined;
  return {
    externalId: String(id),
    kind: type === 'private' ? 'private' : 'group',
    ...(thread !== undefined && { threadId: String(thread) }),
  };
}

function personOf({ id, first_name, last_name, username, language_code }: User): InboundPerson {
  const name = shorten([first_name, last_name].filter(Boolean).join(' '), 200);
  return {
    externalId: String(id),
    name,
    ...(username && { username }),
    ...(language_code && { language: language_code }),
  };
}

const contentOf = (message: Message) =>
  message.text === undefined
    ? { text: message.caption ?? '', entities: message.caption_entities }
    : { text: message.text, entities: message.entities };

const wordOf = (text: string, { offset, length }: Entity) => text.slice(offset, offset + length);

function commandOf(message: Message, self: Self) {
  const { text, entities } = contentOf(message);
  const first = entities.find(({ type, offset }) => type === 'bot_command' && offset === 0);
  if (!first) return undefined;
  const [name = '', target] = wordOf(text, first).slice(1).split('@');
  if (target && !isMe(target, self)) return 'for_another_bot';
  return { name: name.toLowerCase(), argument: text.slice(first.length).trim(), addressed: Boolean(target) };
}

/** In groups: named, answered to, or mentioned through a link to the bot's profile. */
function isAddressed(message: Message, self: Self): boolean {
  const reply = message.reply_to_message;
  // In a topic that the bot has opened everything looks like an answer to its opening.
  if (reply?.from?.id === self.id && reply.forum_topic_created === undefined) return true;
  const { text, entities } = contentOf(message);
  return entities.some((entity) => mentions(text, entity, self));
}

const mentions = (text: string, entity: Entity, self: Self) =>
  entity.type === 'mention'
    ? isMe(wordOf(text, entity).slice(1), self)
    : entity.type === 'text_mention' && entity.user?.id === self.id;

const isMe = (username: string, self: Self) => username.toLowerCase() === self.username.toLowerCase();

/**
 * The words, with the addresses behind them, which a reader would see by tapping; without the bot's own name, which says
 * whom they are for and nothing more.
 */
function textOf(message: Message, self: Self): string {
  const { text, entities } = contentOf(message);
  if (!text && message.rich_message) return richText(message.rich_message.blocks);
  let rest = text;
  for (const entity of entities.toReversed()) {
    const end = entity.offset + entity.length;
    if (entity.type === 'text_link' && entity.url && !wordOf(text, entity).includes(entity.url)) {
      rest = `${rest.slice(0, end)} (${entity.url})${rest.slice(end)}`;
    } else if (entity.type === 'mention' && mentions(text, entity, self)) {
      rest = rest.slice(0, entity.offset) + rest.slice(end).replace(/^[ ,:]+/, '');
    }
  }
  return rest.trim();
}

/** Where blocks of a rich message hold others. */
const BLOCK_FIELDS = ['blocks', 'items', 'cells', 'caption', 'summary', 'credit'];

/** The words of a message of blocks (RichMessage), in reading order, whatever blocks there are. */
function richText(value: unknown): string {
  const lines: string[] = [];
  const inline = (node: unknown): string => {
    if (typeof node === 'string') return node;
    if (Array.isArray(node)) return node.map(inline).join('');
    if (typeof node !== 'object' || node === null) return '';
    const { text, expression, alternative_text, url } = node as Record<string, unknown>;
    const words = inline(text ?? expression ?? alternative_text ?? '');
    return typeof url === 'string' && !words.includes(url) ? `${words} (${url})` : words;
  };
  let bullet = '';
  const write = (words: string) => {
    if (words.trim()) lines.push(bullet + words.trim());
    if (words.trim()) bullet = '';
  };
  const block = (node: unknown): void => {
    if (typeof node === 'string') return write(node);
    if (Array.isArray(node)) return node.forEach(block);
    if (typeof node !== 'object' || node === null) return;
    const fields = node as Record<string, unknown>;
    // Of an item of a list; it stands before the first of its words.
    if (typeof fields['label'] === 'string') bullet = `${fields['label']} `;
    write(inline(fields));
    for (const field of BLOCK_FIELDS) if (fields[field] !== undefined) block(fields[field]);
    if (typeof fields['label'] === 'string') bullet = '';
  };
  block(value);
  return lines.join('\n');
}

function replyOf({ reply_to_message: reply, quote }: Message) {
  const replyToText = quote?.text ?? reply?.text ?? reply?.caption;
  return { ...(replyToText && { replyToText }), ...(reply && { replyToId: String(reply.message_id) }) };
}

function fileOf({ voice, audio, document, photo }: Message): InboundFile | undefined {
  if (voice) return { kind: 'voice', ...facts(voice, 'audio/ogg'), durationMs: Math.round(voice.duration * 1000) };
  if (audio) {
    return {
      kind: 'audio',
      ...facts(audio, 'audio/mpeg'),
      ...named(audio),
      durationMs: Math.round(audio.duration * 1000),
    };
  }
  if (document) return { kind: 'document', ...facts(document, 'application/octet-stream'), ...named(document) };
  // Sizes ascend: the last is the best Telegram has.
  const best = photo?.at(-1);
  return best && { kind: 'photo', ...facts(best, 'image/jpeg') };
}

const facts = (file: { file_id: string; file_size?: number; mime_type?: string }, mimeType: string) => ({
  externalId: file.file_id,
  mimeType: file.mime_type ?? mimeType,
  ...(file.file_size !== undefined && { bytes: file.file_size }),
});

const named = ({ file_name: fileName }: { file_name?: string }) => (fileName ? { fileName } : {});
