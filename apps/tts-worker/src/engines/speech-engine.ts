import type { Locale } from '@switchboard/contracts';
import type { CallMeter } from './call-meter';

export interface SynthesisRequest {
  /** Plain text of any length. */
  text: string;
  /** The language of the text, where its letters do not tell of another one. */
  locale: Locale;
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

/** Slower than anybody speaks at the usual speed: to know beforehand how long a text can be at most. */
const MAX_MS_PER_CHARACTER = 100;

export const longestMs = (characters: number, speed = 1): number =>
  Math.ceil((characters * MAX_MS_PER_CHARACTER) / speed);

/** Turns text into speech. */
export interface SpeechEngine {
  readonly name: string;

  /**
   * How much of a text is still to be synthesized, because an earlier try broke off: what the next one is charged for. All of it
   * where the engine does not tell.
   */
  charactersLeft?(request: SynthesisRequest): number;

  /**
   * @throws NothingToSay, UnknownVoice, EngineUnavailable, EngineTimedOut, EngineRefused, BadAnswer (engine-errors.ts),
   *   or the signal's reason when it is aborted.
   */
  synthesize(request: SynthesisRequest, signal: AbortSignal, meter: CallMeter): Promise<SynthesizedAudio>;
}
