import { createHash } from 'node:crypto';
import type { z } from 'zod';
import type { FileKind, Inbound, InboundAbout, InboundFile, InboundMessage, InboundPerson } from '../channel';
import {
  type Attachment,
  Change,
  type InstagramMessage,
  Messaging,
  type Update,
  type Webhook,
} from './instagram.shapes';

/** The kinds that are files, with the type that their links mostly have: the webhook names none. */
const FILES: Readonly<Record<string, { kind: FileKind; mimeType: string }>> = {
  image: { kind: 'photo', mimeType: 'image/jpeg' },
  audio: { kind: 'voice', mimeType: 'audio/mp4' },
  video: { kind: 'video', mimeType: 'video/mp4' },
  file: { kind: 'document', mimeType: 'application/pdf' },
};

/** What is shown of somebody's post; there is nothing in it that could be fetched and kept. */
const POSTS = ['share', 'ig_post', 'post'];
const STICKERS = ['like_heart', 'sticker'];
/** Ids are kept in a column that is read by people, too. */
const LONGEST_ID = 150;
const COMMENTS = ['comments', 'live_comments'];

/** The updates of a call, each by an id that is the same whenever it comes. */
export function updatesOf({ entry }: z.output<typeof Webhook>) {
  return entry.flatMap(({ id: account, time, messaging, standby, changes, field, value }) => [
    ...messaging.map((item) => ({
      account,
      id: idOf(account, messagingKey(item), item),
      content: { messaging: item },
    })),
    ...standby.map((item) => ({ account, id: idOf(account, messagingKey(item), item), content: { standby: item } })),
    ...[...changes, ...(field === undefined ? [] : [{ field, value }])].map((change) => ({
      account,
      id: idOf(account, changeKey(change), change),
      content: { change, time },
    })),
  ]);
}

/** What an update means; the names of people are not in it. */
export function parseUpdate(update: z.output<typeof Update>, account: string): Inbound[] {
  // Another program has the thread: it answers.
  if ('standby' in update) return [];
  return 'messaging' in update ? messagingOf(update.messaging) : changeOf(update.change, update.time, account);
}

function messagingOf(item: Messaging): Inbound[] {
  const { message, message_edit: edit, postback, reaction, read, referral } = item;
  const sentAt = new Date(item.timestamp);
  if (message?.is_echo) return echoOf(item, message, sentAt);
  const from: InboundPerson = { externalId: item.sender.id, name: '' };
  const by = { chat: { externalId: item.sender.id, kind: 'private' as const }, from, sentAt };
  if (message?.is_deleted) return [{ kind: 'deleted', ...by, externalMessageId: message.mid }];
  if (message) return messageOf(message, by);
  if (edit) return [{ kind: 'edited', ...by, externalMessageId: edit.mid, text: edit.text ?? '' }];
  if (postback) {
    // A question that was offered to begin with: it is asked as if it had been typed.
    const { mid = `postback:${item.timestamp}`, title, payload } = postback;
    return [{ kind: 'message', ...by, externalMessageId: mid, text: title ?? payload, choice: payload }];
  }
  if (reaction) {
    const emoji = reaction.action === 'unreact' ? null : (reaction.emoji ?? EMOJI[reaction.reaction ?? ''] ?? '❤');
    return [{ kind: 'reaction', ...by, externalMessageId: reaction.mid, emoji }];
  }
  if (read) return [{ kind: 'status', chat: by.chat, externalMessageId: read.mid, state: 'read', sentAt }];
  if (referral?.ref)
    return [{ kind: 'referral', ...by, externalMessageId: `referral:${item.timestamp}`, ref: referral.ref }];
  return [];
}

/** Source: webhooks, message_reactions: words of a time before any emoji could be given. */
const EMOJI: Readonly<Record<string, string>> = { love: '❤', like: '👍', dislike: '👎', angry: '😡' };

/** Sent in the name of the account, by whomever: the two parties have changed places. */
function echoOf(
  { recipient }: Messaging,
  { mid, text, attachments = [], is_deleted }: InstagramMessage,
  sentAt: Date,
): Inbound[] {
  if (is_deleted) return [];
  const file = attachments.map((attachment) => fileOf(attachment)).find((found) => found !== undefined);
  const chat = { externalId: recipient.id, kind: 'private' as const };
  return [
    {
      ...{ kind: 'echo', chat, externalMessageId: mid, sentAt, author: 'unknown' },
      ...(text !== undefined && { text }),
      ...(file && { file }),
    },
  ];
}

function messageOf(
  { mid, text, attachments = [], reply_to: replyTo, quick_reply: reply, referral, is_unsupported }: InstagramMessage,
  by: Pick<InboundMessage, 'chat' | 'from' | 'sentAt'>,
): Inbound[] {
  const hasText = Boolean(text);
  const unsupported = (what: string): Inbound[] => [
    { kind: 'unsupported', ...by, externalMessageId: mid, what, hasText },
  ];
  if (is_unsupported) return unsupported('unsupported');
  const [, name, argument = ''] = /^\/(\w{1,32})(?:\s+(.*))?$/s.exec(text ?? '') ?? [];
  if (name) return [{ kind: 'command', ...by, externalMessageId: mid, name: name.toLowerCase(), argument }];
  const about = aboutOf(attachments, replyTo?.story, referral?.ad_id);
  const files = attachments.flatMap((attachment) => fileOf(attachment) ?? []);
  const words = {
    ...(text !== undefined && { text }),
    ...(reply && { choice: reply.payload }),
    ...(about && { about }),
    ...(replyTo?.mid !== undefined && { replyToId: replyTo.mid }),
  };
  if (files.length === 0) {
    const [attachment] = attachments;
    if (attachment && !hasText) {
      if (attachment.type === 'story_mention' && attachment.payload?.url)
        // A picture or a film of a day: which of them, the link tells only when it is opened.
        return [
          {
            kind: 'message',
            ...by,
            externalMessageId: mid,
            ...words,
            file: { ...FILES['image']!, externalId: attachment.payload.url },
          },
        ];
      if (STICKERS.includes(attachment.type)) return unsupported('sticker');
      return unsupported(POSTS.includes(attachment.type) ? 'post' : attachment.type.replace(/^ig_/, ''));
    }
    return hasText ? [{ kind: 'message', ...by, externalMessageId: mid, ...words }] : unsupported('unsupported');
  }
  // Several pictures are one message there, and here one after the other.
  return files.map((file, n) => ({
    ...{ kind: 'message', ...by, externalMessageId: n === 0 ? mid : `${mid}#${n}`, file },
    ...(n === 0 && words),
    ...(files.length > 1 && { mediaGroup: mid }),
  }));
}

function aboutOf(
  attachments: readonly Attachment[],
  story: { id?: string | undefined; url?: string | undefined } | undefined,
  adId: string | undefined,
): InboundAbout | undefined {
  const mention = attachments.find(({ type }) => type === 'story_mention');
  if (mention) return { kind: 'story-mention', ...(mention.payload?.url && { url: mention.payload.url }) };
  if (story)
    return { kind: 'story-reply', ...(story.url && { url: story.url }), ...(story.id && { externalId: story.id }) };
  const post = attachments.find(({ type }) => POSTS.includes(type));
  if (post) return { kind: 'shared-post', ...(post.payload?.url && { url: post.payload.url }) };
  return adId ? { kind: 'ad', externalId: adId } : undefined;
}

function fileOf({ type, payload }: Attachment): InboundFile | undefined {
  const file = FILES[type];
  return file && payload?.url ? { ...file, externalId: payload.url } : undefined;
}

/** The account writes comments as well, and is not to be answered. */
function changeOf({ field, value }: Change, time: number, account: string): Inbound[] {
  const { id: commentId, from, text = '', media, parent_id: parentId } = value;
  if (!COMMENTS.includes(field) || !commentId || !from || !media || from.id === account) return [];
  const person = { externalId: from.id, name: '', ...(from.username && { username: from.username }) };
  const sentAt = time > 0 ? new Date(time < SECONDS_END ? time * 1000 : time) : new Date();
  return [{ kind: 'comment', from: person, commentId, postId: media.id, text, sentAt, ...(parentId && { parentId }) }];
}

/** Entries of comments have seconds where those of messages have milliseconds. */
const SECONDS_END = 100_000_000_000;

function messagingKey(item: unknown): string | undefined {
  const { data } = Messaging.safeParse(item);
  if (!data) return undefined;
  const { message, message_edit: edit, postback, reaction, read, referral, sender, timestamp } = data;
  if (message) return message.is_deleted ? `deleted:${message.mid}` : message.mid;
  if (edit) return `edit:${edit.mid}:${edit.num_edit ?? timestamp}`;
  if (postback) return `postback:${postback.mid ?? `${sender.id}:${timestamp}`}`;
  if (reaction) return `reaction:${reaction.mid}:${sender.id}:${timestamp}`;
  if (read) return `read:${read.mid}:${timestamp}`;
  return referral && `referral:${sender.id}:${timestamp}`;
}

function changeKey(change: unknown): string | undefined {
  const { data } = Change.safeParse(change);
  return data?.value.id === undefined ? undefined : `comment:${data.value.id}`;
}

/** What cannot be read is known by its content. */
function idOf(account: string, key: string | undefined, content: unknown): string {
  const id = `${account}:${key ?? 'unreadable'}`;
  if (key !== undefined && id.length <= LONGEST_ID) return id;
  const hash = createHash('sha256')
    .update(key ?? JSON.stringify(content) ?? '')
    .digest('base64url');
  return key === undefined ? `${id}:${hash}` : `${account}:${hash}`;
}
