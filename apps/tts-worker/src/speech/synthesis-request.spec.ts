import fc from 'fast-check';
import type { SpeechEngine, SynthesisRequest } from '../engines/speech-engine';
import type { ConfiguredEngine } from './speech-engines';
import { audioIdOf, hasWords, normalizeText, requestFor } from './synthesis-request';

describe('a text as it is spoken', () => {
  it.each([
    ['spaces of any kind and number', ' Вдох \t\u00A0 выдох ', 'Вдох выдох'],
    ['line ends of any kind', 'one\r\ntwo\rthree\u2028four \n \n five', 'one\ntwo\nthree\nfour\nfive'],
    ['soft hyphens, marks of direction and NUL', 'ме\u00ADди\u200Fта\0ция', 'медитация'],
    ['letters written with a combining mark', 'и\u0306од', 'йод'],
    ['halves of a character', 'a\uD83Db', 'ab'],
  ])('%s', (_, written, spoken) => {
    expect(normalizeText(written)).toBe(spoken);
  });

  it('a picture made of several stays one', () => {
    expect(normalizeText('👩‍🚀')).toBe('👩‍🚀');
  });

  it('what was made plain once stays as it is, and Postgres can keep it', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (written) => {
        const spoken = normalizeText(written);
        expect(normalizeText(spoken)).toBe(spoken);
        expect(spoken).not.toContain('\0');
        expect(Buffer.from(spoken).toString()).toBe(spoken);
      }),
    );
  });

  it.each([
    ['', false],
    ['— … 🎉', false],
    ['7', true],
    ['ой', true],
  ])('%j has words: %s', (text, words) => {
    expect(hasWords(text)).toBe(words);
  });
});

const engine: SpeechEngine = { name: 'any', synthesize: () => Promise.reject(new Error('not asked here')) };
const online: ConfiguredEngine = { engine, id: 'openai:gpt-4o-mini-tts' };
const offline: ConfiguredEngine = { engine, id: 'espeak', voices: ['male', 'female'] };
const request: SynthesisRequest = { text: 'Вдох', locale: 'ru', voice: 'female', speed: 1 };

describe('the address of an audio', () => {
  it('is the same for the same request, and does not change between releases', () => {
    expect(audioIdOf(offline, { ...request })).toBe('f5cb603ff0e2e522be40ae7915fa2d267ec55f92bba4f12bb3e4af629e72a431');
  });

  it('another text, language, voice, speed, engine or model is another audio', () => {
    const ids = [
      audioIdOf(offline, request),
      audioIdOf(offline, { ...request, text: 'Выдох' }),
      audioIdOf(offline, { ...request, locale: 'en' }),
      audioIdOf(offline, { ...request, voice: 'male' }),
      audioIdOf(offline, { ...request, speed: 0.8 }),
      audioIdOf(online, request),
      audioIdOf({ ...online, id: 'openai:tts-1' }, request),
    ];
    expect(new Set(ids).size).toBe(ids.length);
  });

  it("a voice of another engine's is the same as none", () => {
    const { voice: _voice, ...plain } = request;
    expect(audioIdOf(offline, { ...request, voice: 'nova' })).toBe(audioIdOf(offline, plain));
    expect(requestFor(offline, { ...request, voice: 'nova' })).toEqual(plain);
    expect(requestFor(online, { ...request, voice: 'nova' })).toEqual({ ...request, voice: 'nova' });
  });
});
