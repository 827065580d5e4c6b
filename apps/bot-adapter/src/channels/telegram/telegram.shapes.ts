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

const Chat = z.object({ id: z.int(), type: z.enum(['private', 'group', 'supergroup', 'channel']) });
export type Chat = z.output<typeof Chat>;

const Entity = z.object({ type: z.string(), offset: z.int(), length: z.int(), user: User.optional() });
export type Entity = z.output<typeof Entity>;

const File = z.object({ file_id: z.string(), file_size: z.int().optional(), mime_type: z.string().optional() });

const repliedMessage = z.object({ from: User.optional(), text: z.string().optional(), caption: z.string().optional() });

export const Message = z.object({
  message_id: z.int(),
  date: z.int(),
  chat: Chat,
  from: User.optional(),
  edit_date: z.int().optional(),
  text: z.string().optional(),
  entities: z.array(Entity).default([]),
  caption: z.string().optional(),
  caption_entities: z.array(Entity).default([]),
  media_group_id: z.string().optional(),
  reply_to_message: repliedMessage.optional(),
  voice: File.extend({ duration: z.number().default(0) }).optional(),
  audio: File.extend({ duration: z.number().default(0), file_name: z.string().optional() }).optional(),
  document: File.extend({ file_name: z.string().optional() }).optional(),
  photo: z.array(File).optional(),
  video: z.unknown().optional(),
  video_note: z.unknown().optional(),
  sticker: z.unknown().optional(),
  location: z.unknown().optional(),
  contact: z.unknown().optional(),
  migrate_to_chat_id: z.int().optional(),
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
      message: z.object({ message_id: z.int(), chat: Chat }).optional(),
    })
    .optional(),
  my_chat_member: z.object({ chat: Chat, from: User, new_chat_member: z.object({ status: z.string() }) }).optional(),
});
export type Update = z.output<typeof Update>;
