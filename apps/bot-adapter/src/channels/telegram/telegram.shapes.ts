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

const Chat = z.object({ id: z.int(), type: z.string() });
export type Chat = z.output<typeof Chat>;

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
  stopped_message_generation: z.object({ ...inTopic, chat: Chat, draft_id: z.int().optional() }).optional(),
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
