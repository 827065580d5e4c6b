import { z } from 'zod';
import { ConnectionFailure, ConnectionKind, ConnectionState } from './bot-adapter.connections.shapes';
import { defineEvent, defineSignal } from './define-event';
import { Locale } from './locale';
import { AmountMinor, Currency } from './money';
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

export const LinkFollowed = defineEvent(
  'bot-adapter.link.followed.v1',
  z.object({
    ...inChat,
    deepLink: personal(z.string().min(1).max(64)).describe('What the link says to the bot.'),
    followedAt: z.iso.datetime(),
  }),
  {
    subject: 'userId',
    summary:
      'A person came by a link that says something to the bot, or pressed a button that stands for one, for the first time or again.',
  },
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

export const MessageKind = openWord(['text', 'voice', 'photo', 'document', 'video'], {
  id: 'MessageKind',
  description: 'What a message is; one of a kind that a reader does not know holds nothing it could use but its text.',
});

export const MessageAbout = openWord(['story-mention', 'story-reply', 'shared-post', 'ad', 'product', 'comment'], {
  id: 'MessageAbout',
  description:
    'What of the channel a message refers to. "ad": the person came by it; "comment": it goes on from what they wrote under a post.',
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
    about: MessageAbout.optional(),
    expiresAt: z.iso.datetime().optional().describe('Then it vanishes at the channel, and no copy may be kept.'),
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

export const DeliveryKind = openWord(['text', 'voice', 'staff', 'file', 'template'], {
  id: 'DeliveryKind',
  description:
    'As what an answer reached the person; "staff": a human wrote it; "template": a text that the channel had approved before.',
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
  [
    'blocked',
    'chat_gone',
    'may_not_write',
    'rejected',
    'media_gone',
    'gave_up',
    'window_closed',
    'taken_over',
    'not_connected',
  ],
  {
    id: 'UndeliverableReason',
    description:
      'Why an answer was given up. "window_closed": the channel takes nothing so long after the person wrote last; "taken_over": staff answer in its place; "not_connected": the account of the channel was disconnected.',
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

export const SurveyQuestion = openWord(['nps', 'csat'], {
  id: 'SurveyQuestion',
  description:
    'What people are asked. "nps": how likely they are to recommend the bot, from 0 to 10; "csat": how content they are with how they were helped, from 1 to 5.',
});

export const SurveyAskRequested = defineEvent(
  'bot-adapter.survey.ask-requested.v1',
  z.object({
    surveyId: z.uuid().describe('Of this one asking.'),
    botId: BotId,
    userId: z.uuid(),
    question: SurveyQuestion,
  }),
  { subject: 'userId', summary: 'Asks to put a question to a person in their private chat with a bot.' },
);

export const SurveyAnswered = defineEvent(
  'bot-adapter.survey.answered.v1',
  z.object({
    ...inChat,
    surveyId: z.uuid().describe('Of the asking; one of its own when the person answered unasked.'),
    question: SurveyQuestion,
    score: z.int().min(0).max(10),
  }),
  { subject: 'userId', summary: 'A person answered a question by a number.' },
);

const ofChannelPayment = {
  botId: BotId,
  channel: Channel,
  userId: z.uuid().describe('Who paid.'),
  payload: z.string().min(1).max(200).describe('Of the invoice; payments in a row for one thing have the same.'),
};

const ofCharge = {
  ...ofChannelPayment,
  chargeId: z.string().min(1).max(200).describe("The channel's own id of this one payment."),
  amountMinor: AmountMinor,
  currency: Currency,
};

export const ChannelPaymentReceived = defineEvent(
  'bot-adapter.payment.received.v1',
  z.object({
    ...ofCharge,
    renews: z.boolean().describe('The channel charges for it again by itself.'),
    isRenewal: z.boolean().describe('It has done so just now.'),
    paidUntil: z.iso.datetime().optional().describe('When it does so next.'),
    paidAt: z.iso.datetime(),
  }),
  { subject: 'userId', summary: 'A channel says that it has taken a payment.' },
);

export const ChannelPaymentRefunded = defineEvent(
  'bot-adapter.payment.refunded.v1',
  z.object({ ...ofCharge, refundedAt: z.iso.datetime() }),
  { subject: 'userId', summary: 'A channel says that it has given a payment back, whoever has asked it to.' },
);

export const ChannelRenewalState = openWord(['active', 'canceled', 'failed'], {
  id: 'bot-adapter.ChannelRenewalState',
  description: 'Whether a channel charges again by itself; "failed": it tried to, in vain.',
});

export const ChannelRenewalChanged = defineEvent(
  'bot-adapter.payment-subscription.changed.v1',
  z.object({ ...ofChannelPayment, state: ChannelRenewalState, changedAt: z.iso.datetime() }),
  { subject: 'userId', summary: 'Whether a channel charges again by itself has changed, mostly by the person.' },
);

export const MembershipChanged = defineEvent(
  'bot-adapter.membership.changed.v1',
  z.object({
    userId: z.uuid().describe('The person, one id everywhere.'),
    botId: BotId,
    isMember: z.boolean(),
    changedAt: z.iso.datetime(),
  }),
  {
    subject: 'userId',
    summary:
      'Somebody is no longer in the channel that a bot asks for, although they were told and had time; or they are back.',
  },
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

export const ForeignReplyBy = openWord(['channel', 'other-app'], {
  id: 'ForeignReplyBy',
  description: 'Where it was written. "channel": in the app of the channel itself; "other-app": by another program.',
});

export const ForeignReplyNoticed = defineEvent(
  'bot-adapter.foreign-reply.noticed.v1',
  z.object({
    ...inChat,
    messageId: z.uuid(),
    by: ForeignReplyBy,
    text: personal(z.string()).optional(),
    media: MediaRef.optional(),
    sentAt: z.iso.datetime(),
  }),
  {
    subject: 'chatId',
    summary: "Somebody has answered a person from the shop's account without us: the assistant is to stay silent.",
  },
);

export const MessageDeleted = defineEvent(
  'bot-adapter.message.deleted.v1',
  z.object({ ...inChat, messageId: z.uuid(), deletedAt: z.iso.datetime() }),
  { subject: 'chatId', summary: 'A person took back a message that they had sent: no copy of its words may be kept.' },
);

export const MessageRead = defineEvent(
  'bot-adapter.message.read.v1',
  z.object({
    ...inChat,
    messageIds: z
      .array(z.uuid())
      .min(1)
      .max(200)
      .describe('The replies and messages of staff that were delivered by what was read.'),
    readAt: z.iso.datetime(),
  }),
  { subject: 'chatId', summary: 'A person has read what was sent to them, as far as the channel tells.' },
);

export const ConnectionChanged = defineEvent(
  'bot-adapter.connection.changed.v1',
  z.object({
    connectionId: z.uuid(),
    botId: BotId.describe('The bot that speaks for the account.'),
    kind: ConnectionKind,
    state: ConnectionState,
    reason: ConnectionFailure.optional(),
  }),
  { subject: 'connectionId', summary: 'An account of a channel was connected or disconnected, or has to be again.' },
);

export const ConnectionsChanged = defineSignal(
  'bot-adapter.connections.changed.v1',
  z.object({ connectionId: z.uuid() }),
  'The token or the state of a connected account is another; from one process of bot-adapter to the others.',
);
