import { z } from 'zod';
import { defineEvent, defineSignal } from './define-event';
import { Locale } from './locale';
import { type Known, openWord } from './open-word';
import { personal } from './personal';
import { definePersonErased } from './person-erased';
import { BotId, Channel, MediaRef } from './shapes';

/** Where and with whom: carried by everything that happens in a chat. */
const inChat = {
  chatId: z.uuid().describe('Our id of the chat; stable for one bot and one channel chat.'),
  botId: BotId,
  channel: Channel,
  userId: z.uuid().describe('The person, one id everywhere.'),
};

export const ContactStarted = defineEvent(
  'bot-adapter.contact.started.v1',
  z.object({
    ...inChat,
    contactId: z.uuid(),
    externalId: personal(z.string().min(1).max(320)).describe("The channel's own id of the person."),
    locale: Locale,
    deepLink: personal(z.string().max(64))
      .optional()
      .describe('The payload of the link through which the person came.'),
  }),
  { subject: 'userId', summary: 'A person wrote to a bot for the first time.' },
);

export const ContactBlocked = defineEvent(
  'bot-adapter.contact.blocked.v1',
  z.object({ ...inChat, contactId: z.uuid() }),
  { subject: 'userId', summary: 'A person blocked the bot, or Telegram says that they cannot be reached.' },
);

export const ContactUnblocked = defineEvent(
  'bot-adapter.contact.unblocked.v1',
  z.object({ ...inChat, contactId: z.uuid() }),
  { subject: 'userId', summary: 'A person who had blocked the bot let it write again.' },
);

export const MessageKind = openWord(['text', 'voice', 'photo', 'document'], {
  id: 'MessageKind',
  description: 'What a message is; one of a kind that a reader does not know holds nothing it could use but its text.',
});

export const MessageReceived = defineEvent(
  'bot-adapter.message.received.v1',
  z.object({
    ...inChat,
    messageId: z.uuid(),
    locale: Locale,
    kind: MessageKind,
    text: personal(z.string()).optional().describe('The text, or the caption of a file.'),
    media: MediaRef.optional(),
    mediaGroup: z.string().optional().describe('Files sent together share this.'),
    inGroup: z.boolean().default(false).describe('True when several people share the chat.'),
    senderName: personal(z.string().max(200))
      .optional()
      .describe('Only in group chats, so that an answer can tell people apart.'),
    replyToText: personal(z.string()).optional().describe('The text of the message to which this one answers.'),
    sentAt: z.iso.datetime(),
  }),
  { subject: 'chatId', summary: 'A person sent a message that is meant for the bot.' },
);

export const MessageEdited = defineEvent(
  'bot-adapter.message.edited.v1',
  z.object({ ...inChat, messageId: z.uuid(), text: personal(z.string()), sentAt: z.iso.datetime() }),
  { subject: 'chatId', summary: 'A person changed the text of a message sent earlier.' },
);

export const ConversationReset = defineEvent('bot-adapter.conversation.reset.v1', z.object({ ...inChat }), {
  subject: 'chatId',
  summary: 'A person asked to begin anew: what was said before no longer counts.',
});

export const DeliveryKind = openWord(['text', 'voice'], {
  id: 'DeliveryKind',
  description: 'As what an answer reached the person.',
});

export const MessageDelivered = defineEvent(
  'bot-adapter.message.delivered.v1',
  z.object({
    ...inChat,
    deliveryId: z.uuid(),
    causeId: z.uuid().describe('The reply, speech or notice that was delivered.'),
    kind: DeliveryKind,
    parts: z.int().positive().describe('Messages into which a long text was split.'),
    deliveredAt: z.iso.datetime(),
  }),
  { subject: 'chatId', summary: 'The channel accepted everything there was to send for one answer.' },
);

export const UndeliverableReason = openWord(
  ['blocked', 'chat_gone', 'may_not_write', 'rejected', 'media_gone', 'gave_up'],
  {
    id: 'UndeliverableReason',
    description: 'Why an answer was given up.',
  },
);
export type KnownUndeliverableReason = Known<typeof UndeliverableReason>;

export const MessageUndeliverable = defineEvent(
  'bot-adapter.message.undeliverable.v1',
  z.object({
    ...inChat,
    deliveryId: z.uuid(),
    causeId: z.uuid(),
    reason: UndeliverableReason,
  }),
  { subject: 'chatId', summary: 'An answer was given up, with the reason.' },
);

const NoticeText = z.string().min(1).max(3500);

export const NoticeAudience = openWord(['staff', 'on-call'], {
  id: 'NoticeAudience',
  description: '"on-call": those who are asked when the staff have not answered.',
});

export const NoticeSendRequested = defineEvent(
  'bot-adapter.notice.send-requested.v1',
  z.object({
    noticeId: z.uuid().describe('Sent once.'),
    audience: NoticeAudience,
    texts: z
      .object({ en: NoticeText, ru: NoticeText.optional() })
      .describe('Markdown, by language; English for all that have none. No names and nothing that people wrote.'),
  }),
  {
    subject: 'noticeId',
    summary: 'Asks to tell the staff of the installation something, in the chat that they have named.',
  },
);

export const ErasureRequested = defineEvent(
  'bot-adapter.erasure.requested.v1',
  z.object({ erasureId: z.uuid(), userId: z.uuid() }),
  { subject: 'userId', summary: 'A person asked for everything about them to be deleted, in every service.' },
);

export const BotAdapterPersonErased = definePersonErased('bot-adapter');

export const PreviewsCancelled = defineSignal(
  'bot-adapter.previews.cancelled.v1',
  z.object({
    chatId: z.uuid(),
    until: z.iso.datetime().describe('What began to be shown later goes on.'),
  }),
  'What was shown in a chat of unfinished answers counts no longer; from one process of bot-adapter to the others.',
);
