import type { SpeechEngine, SpeechRequest } from '../engines/speech-engine';
import { audioIdOf, requestFor } from './audio-id';
import type { Speaker } from './speakers';

const engine: SpeechEngine = { name: 'any', speak: () => Promise.reject(new Error('not asked here')) };
const online: Speaker = { engine, id: 'openai:gpt-4o-mini-tts' };
const offline: Speaker = { engine, id: 'espeak', voices: ['male', 'female'] };
const wish: SpeechRequest = { text: 'Вдох', locale: 'ru', voice: 'female', speed: 1 };

describe('the address of an audio', () => {
  it('is the same for the same wish, and does not change between releases', () => {
    expect(audioIdOf(offline, { ...wish })).toBe('f5cb603ff0e2e522be40ae7915fa2d267ec55f92bba4f12bb3e4af629e72a431');
  });

  it('another text, language, voice, speed, engine or model is another audio', () => {
    const ids = [
      audioIdOf(offline, wish),
      audioIdOf(offline, { ...wish, text: 'Выдох' }),
      audioIdOf(offline, { ...wish, locale: 'en' }),
      audioIdOf(offline, { ...wish, voice: 'male' }),
      audioIdOf(offline, { ...wish, speed: 0.8 }),
      audioIdOf(online, wish),
      audioIdOf({ ...online, id: 'openai:tts-1' }, wish),
    ];
    expect(new Set(ids).size).toBe(ids.length);
  });

  it("a voice of another engine's is the same as none", () => {
    const { voice: _voice, ...plain } = wish;
    expect(audioIdOf(offline, { ...wish, voice: 'nova' })).toBe(audioIdOf(offline, plain));
    expect(requestFor(offline, { ...wish, voice: 'nova' })).toEqual(plain);
    expect(requestFor(online, { ...wish, voice: 'nova' })).toEqual({ ...wish, voice: 'nova' });
  });
});
