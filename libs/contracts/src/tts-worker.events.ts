import { z } from 'zod';
import { defineEvent } from './define-event';
import { Locale } from './locale';
import { type Known, openWord } from './open-word';
import { BotId, MediaType } from './shapes';

export const SpeechSpeakRequested = defineEvent(
  'tts-worker.speech.speak-requested.v1',
  z.object({
    speechId: z.uuid(),
    requestedBy: z.string().describe('The service that asked; it alone acts on the answer.'),
    chatId: z.uuid(),
    botId: BotId,
    userId: z.uuid(),
    text: z.string().min(1).describe('Plain text, without Markdown.'),
    locale: Locale.optional().describe('When absent, the language is told from the text.'),
    voice: z.string().optional().describe("The engine's name of a voice; its default when absent."),
  }),
  { subject: 'chatId', summary: 'Asks for a text to be spoken.' },
);

export const SpeechCompleted = defineEvent(
  'tts-worker.speech.completed.v1',
  z.object({
    speechId: z.uuid(),
    requestedBy: z.string(),
    chatId: z.uuid(),
    audioId: z
      .string()
      .regex(/^[0-9a-f]{64}$/)
      .describe('SHA-256 of what was asked for; GET /audio/{audioId} gives Ogg/Opus.'),
    mimeType: MediaType,
    bytes: z.int().positive(),
    durationMs: z.int().nonnegative(),
    engine: z.string(),
    reused: z.boolean().describe('True when the same text and voice had been spoken before.'),
  }),
  { subject: 'chatId', summary: 'A text was spoken; the audio can be fetched.' },
);

export const SpeechFailure = openWord(['nothing_to_say', 'too_long', 'engine_failed', 'storage_failed'], {
  id: 'SpeechFailure',
  description: 'Why a text was not spoken.',
});
export type KnownSpeechFailure = Known<typeof SpeechFailure>;

export const SpeechFailed = defineEvent(
  'tts-worker.speech.failed.v1',
  z.object({
    speechId: z.uuid(),
    requestedBy: z.string(),
    chatId: z.uuid(),
    reason: SpeechFailure,
  }),
  { subject: 'chatId', summary: 'A text could not be spoken.' },
);

export const TranscriptionCompleted = defineEvent(
  'tts-worker.transcription.completed.v1',
  z.object({
    messageId: z.uuid(),
    chatId: z.uuid(),
    botId: BotId,
    userId: z.uuid(),
    text: z.string().min(1),
    language: z.string().optional().describe('What was spoken, as the engine named it.'),
    durationMs: z.int().nonnegative().optional(),
  }),
  { subject: 'chatId', summary: 'The words of a voice message.' },
);

export const TranscriptionFailure = openWord(
  ['not_configured', 'nothing_heard', 'too_large', 'media_gone', 'engine_failed'],
  { id: 'TranscriptionFailure', description: 'Why a voice message was not turned into words.' },
);
export type KnownTranscriptionFailure = Known<typeof TranscriptionFailure>;

export const TranscriptionFailed = defineEvent(
  'tts-worker.transcription.failed.v1',
  z.object({
    messageId: z.uuid(),
    chatId: z.uuid(),
    botId: BotId,
    userId: z.uuid(),
    reason: TranscriptionFailure,
  }),
  { subject: 'chatId', summary: 'A voice message could not be turned into words.' },
);
