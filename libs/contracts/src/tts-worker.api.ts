import { z } from 'zod';
import { bytes, defineRoute } from './define-route';

export const ReadAudio = defineRoute({
  id: 'tts-worker.audio.read',
  method: 'GET',
  path: '/audio/{audioId}',
  summary: 'The audio of a completed speech.',
  permission: 'audio:read',
  callers: ['bot-adapter'],
  params: z.object({ audioId: z.string().regex(/^[0-9a-f]{64}$/) }),
  answer: bytes('audio/ogg'),
  problems: { 'tts-worker.audio_not_found': 404 },
});
