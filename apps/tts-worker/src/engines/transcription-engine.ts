import type { Locale } from '@switchboard/contracts';

export interface Recording {
  audio: Buffer;
  /** What the bytes are, as a file extension: engines tell the format by it. */
  format: 'ogg' | 'mp3' | 'm4a' | 'mp4' | 'wav' | 'webm' | 'flac';
  /** The language the person is thought to speak; a hint. */
  locale?: Locale;
}

export interface Transcript {
  /** What was heard; empty when there were no words. */
  text: string;
  /** `ru`, `en`, or another language as the engine named it. */
  language?: string;
  durationMs?: number;
}

/** Turns speech into text. */
export interface TranscriptionEngine {
  readonly name: string;

  /**
   * @throws RecordingTooLarge, EngineUnavailable, EngineTimedOut, EngineRefused, BadAnswer (engine-errors.ts),
   *   or the signal's reason when it is aborted.
   */
  transcribe(recording: Recording, signal: AbortSignal): Promise<Transcript>;
}
