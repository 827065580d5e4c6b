import { z } from 'zod';

export const Channel = z.enum(['telegram']).meta({ id: 'Channel', description: 'Where a conversation takes place.' });
export type Channel = z.infer<typeof Channel>;

export const Locale = z
  .enum(['en', 'ru'])
  .meta({ id: 'Locale', description: 'The language a person is spoken to in.' });
export type Locale = z.infer<typeof Locale>;

/** A bot's name in the installation, as operators write it: `lumen`, `northwind-support`. */
export const BotId = z
  .string()
  .regex(/^[a-z][a-z0-9-]{1,40}$/)
  .meta({ id: 'BotId', description: 'A bot of this installation, for example "lumen".' });

export const MediaRef = z
  .object({
    mediaId: z.uuid().describe('Asked for over HTTP from the service that said the event.'),
    kind: z.enum(['voice', 'audio', 'photo', 'document', 'video']),
    mimeType: z.string(),
    bytes: z.int().nonnegative().optional(),
    fileName: z.string().optional(),
    durationMs: z.int().nonnegative().optional(),
  })
  .meta({
    id: 'MediaRef',
    description: 'A file that came with a message; the bytes stay with the service that owns it.',
  });
export type MediaRef = z.infer<typeof MediaRef>;

/** Money: an integer of millionths of the currency's unit, because one token costs less than a cent. */
export const CostMicros = z.int().nonnegative().meta({ id: 'CostMicros', description: 'Millionths of a US dollar.' });
