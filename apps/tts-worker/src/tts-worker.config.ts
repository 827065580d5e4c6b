import { secret } from '@switchboard/service-kit';
import { z } from 'zod';

const dollars = (usual: number) => z.union([z.literal('unlimited'), z.coerce.number().nonnegative()]).default(usual);
const seconds = (usual: number) => z.coerce.number().int().min(1).max(3600).default(usual);

export const ttsWorkerConfig = z.object({
  TTS_WORKER_SPEECH_ENGINE: z
    .enum(['auto', 'openai', 'espeak'])
    .default('auto')
    .describe('auto: openai when its model is named, with espeak in its place when it fails; else espeak.'),
  TTS_WORKER_API_KEY: secret().optional().describe('Of the OpenAI-compatible server; one named here may need none.'),
  OPENAI_API_KEY: secret().optional().describe('In place of TTS_WORKER_API_KEY, for api.openai.com only.'),
  TTS_WORKER_BASE_URL: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe('Of the OpenAI-compatible server; https://api.openai.com/v1 when absent.'),
  TTS_WORKER_SANDBOX_BASE_URL: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe('Pretends to hear voice messages to bots that live in the sandbox, as long as there is no other server.'),
  TTS_WORKER_SPEECH_MODEL: z
    .string()
    .optional()
    .describe('No default: OpenAI ends its own on 2027-01-06, and other servers name theirs differently.'),
  TTS_WORKER_VOICE: z.string().optional().describe("The engine's name of a voice; its usual one when absent."),
  TTS_WORKER_SPEED: z.coerce.number().min(0.25).max(4).default(1).describe("1 is the engine's usual speed."),
  TTS_WORKER_SPEECH_DEADLINE_SECONDS: seconds(180).describe(
    'For one request to the server; a long text takes several, and each has as much time.',
  ),
  TTS_WORKER_MAX_CHARS: z.coerce.number().int().positive().default(20_000).describe('Longer texts are refused.'),
  TTS_WORKER_TRANSCRIPTION_MODEL: z
    .string()
    .default('gpt-transcribe')
    .describe('"off" leaves voice messages unheard, as does a missing server.'),
  TTS_WORKER_TRANSCRIPTION_DEADLINE_SECONDS: seconds(60).describe('For ten minutes of a recording.'),
  TTS_WORKER_PERSON_PER_DAY_USD: dollars(0.5).describe(
    'What one person may spend on speech with one bot, where its file says nothing; "unlimited" has no limit.',
  ),
  TTS_WORKER_BOT_PER_MONTH_USD: dollars(20).describe('What one bot may spend in all, likewise.'),
  TTS_WORKER_SPEECH_PRICE_USD: z.coerce
    .number()
    .nonnegative()
    .optional()
    .describe('For a million characters, when the speech model is in no list of ours; 0 for a server of your own.'),
  TTS_WORKER_TRANSCRIPTION_PRICE_USD: z.coerce.number().nonnegative().optional().describe('For a minute, likewise.'),
  TTS_WORKER_KEEP_DAYS: z.coerce
    .number()
    .int()
    .min(1)
    .max(3650)
    .default(30)
    .describe('Audio unused for so long is removed.'),
});

export type TtsWorkerConfig = z.output<typeof ttsWorkerConfig>;
