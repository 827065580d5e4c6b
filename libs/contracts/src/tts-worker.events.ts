import { z } from 'zod';
import { defineEvent } from './define-event';
import { Locale } from './locale';
import { type Known, openWord } from './open-word';
import { personal } from './personal';
import { definePersonErased } from './person-erased';
import { BotId, CostMicros, MediaType } from './shapes';

export const SpeechSpeakRequested = defineEvent(
  'tts-worker.speech.speak-requested.v1',
  z.object({
    speechId: z.uuid(),
    requestedBy: z.string().describe('The service that asked; it alone acts on the answer.'),
    chatId: z.uuid(),
    botId: BotId,
    userId: z.uuid(),
    text: personal(z.string().min(1)).describe('Plain text, without Markdown.'),
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
      .describe('A keyed hash of what was asked for; GET /audio/{audioId} gives Ogg/Opus.'),
    mimeType: MediaType,
    bytes: z.int().positive(),
    durationMs: z.int().nonnegative(),
    engine: z.string(),
    reused: z.boolean().describe('True when the same text and voice had been spoken before.'),
  }),
  { subject: 'chatId', summary: 'A text was spoken; the audio can be fetched.' },
);

export const SpeechFailure = openWord(
  ['nothing_to_say', 'too_long', 'budget_exhausted', 'engine_failed', 'storage_failed'],
  {
    id: 'SpeechFailure',
    description: 'Why a text was not spoken.',
  },
);
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
    text: personal(z.string().min(1)),
    language: z.string().optional().describe('What was spoken, as the engine named it.'),
    durationMs: z.int().nonnegative().optional(),
  }),
  { subject: 'chatId', summary: 'The words of a voice message.' },
);

export const TranscriptionFailure = openWord(
  ['not_configured', 'nothing_heard', 'too_large', 'media_gone', 'budget_exhausted', 'engine_failed'],
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

export const SpeechPurpose = openWord(['speech', 'transcription'], {
  id: 'SpeechPurpose',
  description: 'What an engine was called for.',
});
export type KnownSpeechPurpose = Known<typeof SpeechPurpose>;

export const SpeechCallOutcome = openWord(['completed', 'failed', 'interrupted'], {
  id: 'SpeechCallOutcome',
  description: 'How the call of an engine ended; "interrupted" when the process did before it.',
});
export type KnownSpeechCallOutcome = Known<typeof SpeechCallOutcome>;

export const SpeechUsageRecorded = defineEvent(
  'tts-worker.usage.recorded.v1',
  z.object({
    usageId: z.uuid(),
    botId: BotId,
    userId: z.uuid().describe('The person for whom it was done, and whose budget it was charged to.'),
    purpose: SpeechPurpose,
    engine: z.string(),
    model: z.string().optional().describe('Absent for an engine that has none.'),
    characters: z.int().nonnegative().describe('Of the text that was spoken.'),
    audioMs: z.int().nonnegative().describe('Length of the audio that was made or listened to.'),
    costMicros: CostMicros,
    priceKnown: z.boolean().describe('False when no list has the price: the cost is then the one budgets count with.'),
    estimated: z.boolean().describe('True when it is not known how much of the call was done.'),
    outcome: SpeechCallOutcome,
    durationMs: z.int().nonnegative().describe('How long the call took; 0 for an interrupted one.'),
  }),
  { subject: 'userId', summary: 'One call of a speech or transcription engine, with what it used and cost.' },
);

export const TtsWorkerPersonErased = definePersonErased('tts-worker');
