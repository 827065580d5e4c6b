import type { KnownLocale } from '@switchboard/contracts';

export interface SynthesisRequest {
  /** Plain text of any length. */
  text: string;
  /** The language to fall back on where the text itself does not tell. */
  locale: KnownLocale;
  /** A name out of the engine's own list; its default when absent. */
  voice?: string;
  /** 1 is the engine's usual speed, 2 twice as fast; 0.25 to 4. */
  speed?: number;
}

export interface SynthesizedAudio {
  /** One Ogg/Opus file of one stream. */
  ogg: Buffer;
  durationMs: number;
}

/** Turns text into speech. */
export interface SpeechEngine {
  readonly name: string;

  /**
   * @throws NothingToSay, UnknownVoice, EngineUnavailable, EngineTimedOut, EngineRefused, BadAnswer (engine-errors.ts),
   *   or the signal's reason when it is aborted.
   */
  synthesize(request: SynthesisRequest, signal: AbortSignal): Promise<SynthesizedAudio>;
}
