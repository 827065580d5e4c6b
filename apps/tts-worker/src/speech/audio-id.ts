import { createHash } from 'node:crypto';
import type { SpeechRequest as EngineRequest } from '../engines/speech-engine';
import type { Speaker } from './speakers';

/** What a speaker is asked for a wish. A voice it does not have is another engine's: its own usual one is better than silence. */
export function requestFor({ voices }: Speaker, { voice, ...wish }: EngineRequest): EngineRequest {
  return voice !== undefined && (voices?.includes(voice) ?? true) ? { ...wish, voice } : wish;
}

/** The address of the audio: SHA-256, in hex, of everything that decides how it sounds. */
export function audioIdOf(speaker: Speaker, wish: EngineRequest): string {
  const { text, locale, voice = null, speed = 1 } = requestFor(speaker, wish);
  return createHash('sha256')
    .update(JSON.stringify([speaker.id, locale, voice, speed, text]))
    .digest('hex');
}
