import { z } from 'zod';

/** Of Telegram's objects the fields we read; unknown ones are dropped. Source: Bot API 10.1. */
const User = z.object({
  id: z.int(),
  is_bot: z.boolean().default(false),
  first_name: z.string().default(''),
  last_name: z.string().optional(),
  username: z.string().optional(),
  language_code: z.string().optional(),
});
export type User = z.output<typeof User>;

const Chat = z.object({ id: z.int(), type: z.string(), username: z.string().optional() });
export type Chat = z.output<typeof Chat>;

/** `is_member` is there for `restricted` only. */
export const ChatMember = z.object({ user: User, status: z.string(), is_member: z.boolean().default(true) });
export type ChatMember = z.output<typeof ChatMember>;

const Entity = z.object({
  type: z.string(),
  offset: z.int(),
  length: z.int(),
  url: z.string().optional(),
  user: User.optional(),
});
export type Entity = z.output<typeof Entity>;

const File = z.object({ file_id: z.string(), file_size: z.int().optional(), mime_type: z.string().optional() });

const repliedMessage = z.object({
  message_id: z.int(),
  from: User.optional(),
  text: z.string().optional(),
  caption: z.string().optional(),
  forum_topic_created: z.unknown().optional(),
});

/** What people send on purpose, in contrast to service messages; read as far as to say that we cannot read it. */
export const OTHER_CONTENT = [
  'animation',
  'video',
  'video_note',
  'sticker',
  'story',
  'paid_media',
  'checklist',
  'contact',
  'dice',
  'game',
  'poll',
  'venue', // comes with a location
  'location',
  'invoice',
  'giveaway',
] as const;
const otherContent = Object.fromEntries(OTHER_CONTENT.map((kind) => [kind, z.unknown().optional()])) as Record<
  (typeof OTHER_CONTENT)[number],
  z.ZodOptional<z.ZodUnknown>
>;

const Money = z.object({ currency: z.string(), total_amount: z.int(), invoice_payload: z.string() });
const Charge = Money.extend({ telegram_payment_charge_id: z.string() });

const inTopic = { message_thread_id: z.int().optional(), is_topic_message: z.boolean().optional() };

export const Message = z.object({
  ...otherContent,
  ...inTopic,
  message_id: z.int(),
  date: z.int(),
  chat: Chat,
  from: User.optional(),
  /** The channel or group in whose name it was sent; of posts that are forwarded to a channel's discussion group, the channel. */
  sender_chat: Chat.optional(),
  edit_date: z.int().optional(),
  text: z.string().optional(),
  entities: z.array(Entity).default([]),
  caption: z.string().optional(),
  caption_entities: z.array(Entity).default([]),
  rich_message: z.object({ blocks: z.array(z.unknown()) }).optional(),
  media_group_id: z.string().optional(),
  reply_to_message: repliedMessage.optional(),
  quote: z.object({ text: z.string() }).optional(),
  voice: File.extend({ duration: z.number().default(0) }).optional(),
  audio: File.extend({ duration: z.number().default(0), file_name: z.string().optional() }).optional(),
  document: File.extend({ file_name: z.string().optional() }).optional(),
  photo: z.array(File).optional(),
  successful_payment: Charge.extend({
    subscription_expiration_date: z.int().optional(),
    is_recurring: z.boolean().optional(),
    is_first_recurring: z.boolean().optional(),
  }).optional(),
  refunded_payment: Charge.optional(),
  migrate_to_chat_id: z.int().optional(),
  migrate_from_chat_id: z.int().optional(),
});
export type Message = z.output<typeof Message>;

export const Update = z.object({
  update_id: z.int(),
  message: Message.optional(),
  edited_message: Message.optional(),
  callback_query: z
    .object({
      id: z.string(),
      from: User,
      data: z.string().optional(),
      // Too old messages come without their content but with id and chat; those of inline mode without any message.
      message: z.object({ ...inTopic, message_id: z.int(), chat: Chat }).optional(),
    })
    .optional(),
  pre_checkout_query: Money.extend({ id: z.string(), from: User }).optional(),
  subscription: z.object({ user: User, invoice_payload: z.string(), state: z.string() }).optional(),
  stopped_message_generation: z.object({ ...inTopic, chat: Chat, draft_id: z.int().optional() }).optional(),
  chat_member: z.object({ chat: Chat, new_chat_member: ChatMember }).optional(),
  my_chat_member: z
    .object({
      chat: Chat,
      from: User,
      date: z.int().optional(),
      // The rights are there for `restricted` only.
      new_chat_member: z.object({
        status: z.string(),
        is_member: z.boolean().default(true),
        can_send_messages: z.boolean().default(true),
      }),
    })
    .optional(),
});
export type Update = z.output<typeof Update>;

/** Of an update that cannot be read, its id at least. */
export const UpdateId = z.object({ update_id: z.int() });

/** Of getStarTransactions the fields we read. Who paid stands in `source`; who was given it back, in `receiver`. */
const StarPartner = z.object({
  type: z.string(),
  user: User.optional(),
  invoice_payload: z.string().optional(),
  subscription_period: z.int().optional(),
});
export const StarTransactions = z.object({
  transactions: z.array(
    z.object({
      id: z.string(),
      amount: z.int(),
      date: z.int(),
      source: StarPartner.optional(),
      receiver: StarPartner.optional(),
    }),
  ),
});
