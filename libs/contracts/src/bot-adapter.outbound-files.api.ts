// Not in routes.ts yet: whoever implements these routes adds this file there, and its texts to problems.ts.
import { z } from 'zod';
import { defineRoute, upload } from './define-route';
import { BotId, MediaKind } from './shapes';

/** As much as the least of the channels takes. */
export const MAX_OUTBOUND_FILE_BYTES = 25 * 1024 * 1024;

export const UploadOutboundFile = defineRoute({
  id: 'bot-adapter.outbound-files.upload',
  method: 'POST',
  path: '/outbound-files',
  summary:
    'Keeps a file that staff are about to send to a person. It is encrypted for them, looked at by its first bytes, and gone after thirty days.',
  permission: 'desk:write',
  bots: 'filtered',
  status: 201,
  body: upload({
    fields: z.object({ chatId: z.uuid().describe('Of the person who is to get it.') }),
    maxBytes: MAX_OUTBOUND_FILE_BYTES,
    accepts: ['image/jpeg', 'image/png', 'image/webp', 'video/mp4', 'audio/*', 'application/pdf', 'text/plain'],
  }),
  answer: z
    .object({
      fileId: z.uuid(),
      botId: BotId,
      kind: MediaKind,
      mimeType: z.string().describe('By its first bytes, whatever was said of it.'),
      fileName: z.string(),
      bytes: z.int(),
    })
    .meta({ id: 'bot-adapter.OutboundFile' }),
  problems: {
    'bot-adapter.chat_not_found': 404,
    'bot-adapter.file_empty': 422,
    'bot-adapter.file_not_sendable': 422,
  },
});
