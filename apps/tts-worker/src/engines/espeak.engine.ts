import { resolve } from 'node:path';
import type { Locale } from '@switchboard/contracts';
import type { CallMeter } from './call-meter';
import { BadAnswer, EngineUnavailable, NothingToSay, UnknownVoice } from './engine-errors';
import { EspeakResult, type EspeakTask } from './espeak.protocol';
import { sentences } from './sentences';
import type { SpeechEngine, SynthesisRequest, SynthesizedAudio } from './speech-engine';
import { languageRuns } from './text-language';
import { WarmProcess, type WarmProcessLimits } from './warm-process';

/** Each voice speaks every language; these are variants of eSpeak NG, written after the name of the language. */
const VARIANTS = { male: '', female: '+f2', whisper: '+whisper' } as const;
export const ESPEAK_VOICES = Object.keys(VARIANTS);

const ENGLISH = 'en-us';
/** Where eSpeak NG names a language otherwise than BCP 47. */
const NAMES: Record<string, string> = { en: ENGLISH, zh: 'cmn' };

const USUAL_WORDS_PER_MINUTE = 175;
// eSpeak NG stays within these whatever it is asked for, so speeds beyond 0.46 and 2.57 sound like those.
const [SLOWEST, FASTEST] = [80, 450];
// It leaves no silence at the end of a text, so sentences spoken one by one would run into each other.
const SENTENCE_PAUSE_MS = 300;
const PHRASE_PAUSE_MS = 60;

const WORDS = /[\p{L}\p{N}]/u;
// A picture would be read out by its name.
const PICTURES = /\p{Emoji_Presentation}|\p{Emoji}\uFE0F|\p{Emoji_Modifier}|\u200D/gu;

// Under Jest this file runs from src/, where the process exists in TypeScript only: then the built one is used.
const PROCESS_FILE = __filename.endsWith('.ts')
  ? resolve(__dirname, '../../dist/src/engines/espeak.process.js')
  : resolve(__dirname, 'espeak.process.js');

/** Synthesizes offline with eSpeak NG, in a child process that is kept running. Robotic, but always available. */
export class EspeakEngine implements SpeechEngine {
  readonly name = 'espeak';
  private readonly worker: WarmProcess;

  constructor(limits: Partial<WarmProcessLimits> = {}) {
    this.worker = new WarmProcess(this.name, PROCESS_FILE, { deadlineMs: 60_000, recycleAfter: 500, ...limits });
  }

  async synthesize(request: SynthesisRequest, signal: AbortSignal, meter: CallMeter): Promise<SynthesizedAudio> {
    const result = EspeakResult.safeParse(await this.worker.ask(espeakTaskFor(request), signal));
    if (!result.success)
      throw new BadAnswer('the espeak process sent something else than a result', { cause: result.error });
    switch (result.data.kind) {
      case 'spoken': {
        const { durationMs } = result.data;
        meter.add({ characters: request.text.length, audioMs: durationMs });
        return { ogg: Buffer.from(result.data.ogg), durationMs };
      }
      case 'silent':
        throw new NothingToSay();
      case 'not-installed':
        throw new EngineUnavailable(
          `espeak cannot be loaded; is @echogarden/espeak-ng-emscripten installed? ${result.data.message}`,
        );
    }
  }

  close(): Promise<void> {
    return this.worker.close();
  }
}

/** What the child process shall do for a request: sentences, each in the voice of its language. */
export function espeakTaskFor({ text, locale, voice = 'male', speed = 1 }: SynthesisRequest): EspeakTask {
  if (!Object.hasOwn(VARIANTS, voice)) throw new UnknownVoice('espeak', voice);
  const variant = VARIANTS[voice as keyof typeof VARIANTS];
  const wordsPerMinute = Math.min(FASTEST, Math.max(SLOWEST, Math.round(USUAL_WORDS_PER_MINUTE * speed)));
  const parts = languageRuns(text.replace(PICTURES, ' '), locale).flatMap((run) =>
    sentences(run.text, run.locale)
      .filter((sentence) => WORDS.test(sentence))
      .map((sentence) => ({
        text: escapeMarkup(sentence),
        voices: voicesFor(run.locale).map((name) => name + variant),
        pauseMs: Math.round((pauseAfter(sentence) * USUAL_WORDS_PER_MINUTE) / wordsPerMinute),
      })),
  );
  if (parts.length === 0) throw new NothingToSay();
  return { parts, wordsPerMinute };
}

/** Of the language in its region, of the language, and English rather than silence. */
function voicesFor(locale: Locale): string[] {
  const tag = locale.toLowerCase();
  const language = tag.split('-')[0]!;
  return [...new Set([NAMES[tag] ?? tag, NAMES[language] ?? language, ENGLISH])];
}

const pauseAfter = (sentence: string): number =>
  /[.!?…]["»”)]*$/.test(sentence) ? SENTENCE_PAUSE_MS : PHRASE_PAUSE_MS;

/** eSpeak NG obeys SSML tags and [[phonemes]]; in what a person wrote they are words, or an hour of silence ordered. */
function escapeMarkup(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('[[', '[ [');
}
