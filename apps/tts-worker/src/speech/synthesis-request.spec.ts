import fc from 'fast-check';
import type { SpeechEngine, SynthesisRequest } from '../engines/speech-engine';
import type { ConfiguredEngine } from './speech-engines';
import { BlindIndex } from '@switchboard/service-kit';
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
const index = new BlindIndex(Buffer.alloc(32, 1).toString('base64'), 'tts-worker');
const online: ConfiguredEngine = { engine, id: 'openai:gpt-4o-mini-tts' };
const offline: ConfiguredEngine = { engine, id: 'espeak', voices: ['male', 'female'] };
const request: SynthesisRequest = { text: 'Вдох', locale: 'ru', voice: 'female', speed: 1 };

describe('the address of an audio', () => {
  it('is the same for the same request, and does not change between releases', () => {
    expect(audioIdOf(index, offline, { ...request })).toBe(
      'a6a3179a0b029b0949b970c4303a41537f9fe3301261f41a43876084b2d1f0c7',
    );
  });

  it('cannot be found out from a guessed text without the key', () => {
    const other = new BlindIndex(Buffer.alloc(32, 2).toString('base64'), 'tts-worker');
    expect(audioIdOf(other, offline, request)).not.toBe(audioIdOf(index, offline, request));
  });

  it('another text, language, voice, speed, engine or model is another audio', () => {
    const ids = [
      audioIdOf(index, offline, request),
      audioIdOf(index, offline, { ...request, text: 'Выдох' }),
      audioIdOf(index, offline, { ...request, locale: 'en' }),
      audioIdOf(index, offline, { ...request, voice: 'male' }),
      audioIdOf(index, offline, { ...request, speed: 0.8 }),
      audioIdOf(index, online, request),
      audioIdOf(index, { ...online, id: 'openai:tts-1' }, request),
    ];
    expect(new Set(ids).size).toBe(ids.length);
  });

  it("a voice of another engine's is the same as none", () => {
    const { voice: _voice, ...plain } = request;
    expect(audioIdOf(index, offline, { ...request, voice: 'nova' })).toBe(audioIdOf(index, offline, plain));
    expect(requestFor(offline, { ...request, voice: 'nova' })).toEqual(plain);
    expect(requestFor(online, { ...request, voice: 'nova' })).toEqual({ ...request, voice: 'nova' });
  });
});
