import type { BlindIndex } from '@switchboard/service-kit';
import type { SynthesisRequest } from '../engines/speech-engine';
import type { ConfiguredEngine } from './speech-engines';

// Soft hyphens, joiners, direction marks and the like: unheard, but they would make the same words another audio.
// U+200D stays, because it holds pictures together that engines know as one.
const UNHEARD = /(?![\n\u200D])[\p{Cc}\p{Cf}\p{Cs}]/gu;
const WORDS = /[\p{L}\p{N}]/u;

/** A text as it is spoken: texts that sound alike become the same text. Line ends stay, for they are heard as pauses. */
export function normalizeText(text: string): string {
  return text
    .normalize('NFC')
    .replace(/\r\n?|\p{Zl}|\p{Zp}/gu, '\n')
    .replace(/\t/g, ' ')
    .replace(UNHEARD, '')
    .replace(/\p{Zs}+/gu, ' ')
    .replace(/ ?\n[ \n]*/g, '\n')
    .trim();
}

export const hasWords = (text: string): boolean => WORDS.test(text);

/** The request as one engine takes it: a voice that it does not have is left out, its own usual one is better than silence. */
export function requestFor({ voices }: ConfiguredEngine, { voice, ...request }: SynthesisRequest): SynthesisRequest {
  return voice !== undefined && (voices?.includes(voice) ?? true) ? { ...request, voice } : request;
}

/**
 * The address of the audio: a hash of everything that decides how it sounds. It is keyed, because texts can be guessed, and the
 * address travels and stays longer than the text.
 */
export function audioIdOf(index: BlindIndex, engine: ConfiguredEngine, request: SynthesisRequest): string {
  const { text, locale, voice = null, speed = 1 } = requestFor(engine, request);
  return index.hash('audio', engine.id, locale, voice, speed, text);
}
