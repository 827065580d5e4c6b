import type { Inbound, InboundChat, InboundFile, InboundPerson } from '../channel';
import type { Chat, Entity, Message, Update, User } from './telegram.shapes';

/** Who the bot is in Telegram: by these it is spoken to in groups. */
export interface Self {
  id: number;
  username: string;
}

/** What an update means to us; undefined for what is not meant for this bot. */
export function parseUpdate(update: Update, self: Self): Inbound | undefined {
  if (update.message) return fromMessage(update.message, self);
  if (update.edited_message) return fromEdit(update.edited_message, self);
  if (update.callback_query) return fromPress(update.callback_query);
  if (update.my_chat_member) return fromMembership(update.my_chat_member);
  return undefined;
}

function fromMessage(message: Message, self: Self): Inbound | undefined {
  const { chat, from, migrate_to_chat_id: movedTo } = message;
  if (movedTo !== undefined) return { kind: 'moved', from: String(chat.id), to: String(movedTo) };
  // Other bots, and people who write in the name of a channel, are nobody to talk to.
  if (!from || from.is_bot || chat.type === 'channel') return undefined;
  const by = { chat: chatOf(chat), from: personOf(from) };
  const command = commandOf(message, self);
  if (command === 'for_another_bot') return undefined;
  if (chat.type !== 'private' && !command?.addressed && !isAddressed(message, self)) return undefined;
  const externalMessageId = String(message.message_id);
  if (command) return { kind: 'command', ...by, externalMessageId, name: command.name, argument: command.argument };
  const file = fileOf(message);
  const text = withoutMention(message, self);
  if (!file && !text) {
    const what = isSomethingElse(message);
    return what ? { kind: 'unsupported', ...by, externalMessageId, what } : undefined;
  }
  return {
    kind: 'message',
    ...by,
    externalMessageId,
    sentAt: new Date(message.date * 1000),
    ...(text && { text }),
    ...(file && { file }),
    ...(message.media_group_id && { mediaGroup: message.media_group_id }),
    ...replyOf(message),
  };
}

function fromEdit(message: Message, self: Self): Inbound | undefined {
  const { chat, from, edit_date: editedAt } = message;
  const text = withoutMention(message, self);
  if (!from || from.is_bot || chat.type === 'channel' || !text) return undefined;
  const sentAt = new Date((editedAt ?? message.date) * 1000);
  return {
    kind: 'edited',
    chat: chatOf(chat),
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
    chat: chatOf(message.chat),
    from: personOf(from),
    pressId: id,
    data,
    externalMessageId: String(message.message_id),
  };
}

function fromMembership({
  chat,
  from,
  new_chat_member: member,
}: NonNullable<Update['my_chat_member']>): Inbound | undefined {
  if (chat.type === 'channel') return undefined;
  const gone = member.status === 'kicked' || member.status === 'left';
  return { kind: gone ? 'blocked' : 'unblocked', chat: chatOf(chat), from: personOf(from) };
}

function chatOf({ id, type }: Chat): InboundChat {
  return { externalId: String(id), kind: type === 'private' ? 'private' : 'group' };
}

function personOf({ id, first_name, last_name, username, language_code }: User): InboundPerson {
  const name = [first_name, last_name].filter(Boolean).join(' ').slice(0, 200);
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
  if (message.reply_to_message?.from?.id === self.id) return true;
  const { text, entities } = contentOf(message);
  return entities.some((entity) => mentions(text, entity, self));
}

const mentions = (text: string, entity: Entity, self: Self) =>
  entity.type === 'mention'
    ? isMe(wordOf(text, entity).slice(1), self)
    : entity.type === 'text_mention' && entity.user?.id === self.id;

const isMe = (username: string, self: Self) => username.toLowerCase() === self.username.toLowerCase();

/** The text without the bot's own name, which says whom it is for and nothing more. */
function withoutMention(message: Message, self: Self): string {
  const { text, entities } = contentOf(message);
  let rest = text;
  for (const entity of entities.toReversed()) {
    if (entity.type !== 'mention' || !mentions(text, entity, self)) continue;
    const after = rest.slice(entity.offset + entity.length).replace(/^[ ,:]+/, '');
    rest = rest.slice(0, entity.offset) + after;
  }
  return rest.trim();
}

function replyOf({ reply_to_message: reply }: Message) {
  const replyToText = reply?.text ?? reply?.caption;
  return replyToText ? { replyToText } : {};
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

/** Content a person sent on purpose, in contrast to service messages such as "joined the group". */
const isSomethingElse = (message: Message) =>
  (['video', 'video_note', 'sticker', 'location', 'contact'] as const).find((what) => message[what] !== undefined);
