import { z } from 'zod';
import { bytes, defineRoute } from './define-route';

export const ReadPublicFile = defineRoute({
  id: 'bot-adapter.public-files.read',
  method: 'GET',
  path: '/public-files/{fileId}',
  summary: 'A file for a channel that takes nothing but a link to it, within an hour and with a signature.',
  permission: 'public',
  params: z.object({ fileId: z.uuid() }),
  query: z.object({ until: z.string().regex(/^\d{10}$/), signature: z.string().min(20).max(200) }),
  answer: bytes(),
  problems: { 'bot-adapter.file_link_invalid': 404 },
});
