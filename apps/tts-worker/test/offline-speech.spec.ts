import { SpeechCompleted } from '@switchboard/contracts';
import { startApp, type TestApp } from '@switchboard/testing';
import { aSpeakRequest } from './build';
import { decode, rootMeanSquare } from './ogg-reader';
import { oggDurationMs } from '../src/audio/ogg-opus';
import { ttsWorkerApp } from '../src/tts-worker.app';

// The speaking process runs as built JavaScript: `npm run build` before this spec when run by hand.
let app: TestApp;
beforeAll(async () => {
  app = await startApp(ttsWorkerApp);
});
afterAll(() => app.stop());

async function speak(request: ReturnType<typeof aSpeakRequest>) {
  await app.probe.say(request);
  return (await app.probe.until(SpeechCompleted, ({ data }) => data.speechId === request.data.speechId)).data;
}

describe('speech without any key', () => {
  it.each([
    ['Russian', 'Сделайте глубокий вдох. Теперь медленно выдохните.'],
    ['English', 'Take a deep breath. Now let it go slowly.'],
  ])('a %s text is a voice message that can be fetched and heard', async (_, text) => {
    const { audioId, bytes, durationMs, engine } = await speak(aSpeakRequest({ text }));
    expect(engine).toBe('espeak');
    const answer = await fetch(`${app.url}/audio/${audioId}`, { headers: await app.as('bot-adapter') });
    const ogg = Buffer.from(await answer.arrayBuffer());
    expect(ogg).toHaveLength(bytes);
    expect(oggDurationMs(ogg)).toBe(durationMs);
    expect(durationMs).toBeGreaterThan(2_000);
    expect(durationMs).toBeLessThan(8_000);
    expect(rootMeanSquare(decode(ogg))).toBeGreaterThan(500);
  });

  it('the language is told by the text, and the locale decides where the text has no letters', async () => {
    const said = await Promise.all([
      speak(aSpeakRequest({ text: 'Доброе утро', locale: 'en' })),
      speak(aSpeakRequest({ text: 'Доброе утро', locale: 'ru' })),
      speak(aSpeakRequest({ text: '1, 2, 3', locale: 'en' })),
      speak(aSpeakRequest({ text: '1, 2, 3', locale: 'ru' })),
    ]);
    expect(said[0].audioId).toBe(said[1].audioId);
    expect(said[2].audioId).not.toBe(said[3].audioId);
    expect(said[2].durationMs).not.toBe(said[3].durationMs);
  });

  it('a language that was asked for gets its own voice, and one that espeak does not have is spoken all the same', async () => {
    const text = 'Guten Morgen, wie geht es Ihnen?';
    const [german, english, unknown, hebrew] = await Promise.all([
      speak(aSpeakRequest({ text, locale: 'de-AT' })),
      speak(aSpeakRequest({ text, locale: 'en' })),
      speak(aSpeakRequest({ text, locale: 'qq' })),
      speak(aSpeakRequest({ text: 'בוקר טוב', locale: 'he' })),
    ]);
    expect(german.durationMs).not.toBe(english.durationMs);
    expect(unknown.durationMs).toBe(english.durationMs);
    expect(hebrew.durationMs).toBeGreaterThan(300);
  });

  it('a bot set up with a voice of another engine is not silent', async () => {
    expect((await speak(aSpeakRequest({ text: 'Hello there', voice: 'nova' }))).engine).toBe('espeak');
  });

  it.each([
    ['no key and no server', {}, 'needs TTS_WORKER_API_KEY or TTS_WORKER_BASE_URL'],
    ['a key and no model', { OPENAI_API_KEY: 'sk-1' }, 'needs TTS_WORKER_SPEECH_MODEL'],
  ])('a server that must speak with %s is a mistake of the configuration', async (_, env, mistake) => {
    const start = startApp(ttsWorkerApp, {
      env: { TTS_WORKER_SPEECH_ENGINE: 'openai', ...env },
      database: app.database,
    });
    await expect(start).rejects.toThrow(mistake);
  });

  it('a key alone names no model that speaks: espeak does', async () => {
    const keyed = await startApp(ttsWorkerApp, {
      env: { OPENAI_API_KEY: 'sk-1', TTS_WORKER_TRANSCRIPTION_MODEL: 'off' },
    });
    await keyed.probe.say(aSpeakRequest());
    expect((await keyed.probe.until(SpeechCompleted)).data.engine).toBe('espeak');
    await keyed.stop();
  });

  it('a usual voice that espeak does not have is a mistake of the configuration', async () => {
    const start = startApp(ttsWorkerApp, { env: { TTS_WORKER_VOICE: 'nova' }, database: app.database });
    await expect(start).rejects.toThrow('TTS_WORKER_VOICE: espeak has only male, female, whisper');
  });
});
