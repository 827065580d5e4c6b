import { z } from 'zod';
import { openWord } from './open-word';
import { ownMessage } from './own-message';
import { type Decrypted, personal } from './personal';

export const Channel = openWord(['telegram', 'instagram', 'whatsapp', 'vk', 'signal', 'widget'], {
  id: 'Channel',
  description: 'Where a conversation takes place; "widget": the chat on a page of the shop itself.',
});
export type Channel = z.infer<typeof Channel>;

/** A bot's name in the installation, as operators write it: `lumen`, `northwind-support`. */
export const BotId = z
  .string()
  .regex(
    /^[a-z][a-z0-9-]{1,40}$/,
    ownMessage(
      'An id begins with a small letter and has small letters, digits and hyphens, 41 characters at most.',
      'Идентификатор начинается со строчной латинской буквы и состоит из них, цифр и дефиса, не длиннее 41 знака.',
    ),
  )
  .meta({ id: 'BotId', description: 'A bot of this installation, for example "lumen".' });

export const MediaKind = openWord(['voice', 'audio', 'photo', 'document', 'video'], {
  id: 'MediaKind',
  description: 'What a file is to the person who sent it.',
});

/** RFC 6838, with parameters or without. */
export const MediaType = z
  .string()
  .max(255)
  .regex(/^[\w!#$&^+.-]+\/[\w!#$&^+.-]+( ?;.*)?$/)
  .meta({ id: 'MediaType', description: 'The type of a file, for example "audio/ogg".', examples: ['audio/ogg'] });

export const MediaRef = z
  .object({
    mediaId: z.uuid().describe('Asked for over HTTP from the service that said the event.'),
    kind: MediaKind,
    mimeType: z.string().describe('As the client of the sender named it.'),
    bytes: z.int().nonnegative().optional(),
    fileName: personal(z.string()).optional(),
    durationMs: z.int().nonnegative().optional(),
  })
  .meta({
    id: 'MediaRef',
    description: 'A file that came with a message; the bytes stay with the service that owns it.',
  });
export type MediaRef = Decrypted<z.infer<typeof MediaRef>>;

/** Money: an integer of millionths of the currency's unit, because one token costs less than a cent. */
export const CostMicros = z.int().nonnegative().meta({ id: 'CostMicros', description: 'Millionths of a US dollar.' });

/** Of somebody who does not exist. Real people have ids of version 7: by the version alone nobody is taken for another. */
export const DemoId = z
  .uuid({ version: 'v8' })
  .meta({ id: 'DemoId', description: 'A UUID of version 8: only what is made up for a demonstration has one.' });
