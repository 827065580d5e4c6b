import { SpeechCompleted } from '@switchboard/contracts';
import { MEDIA_STORAGE, type MediaStorage } from '@switchboard/service-kit';
import { startApp, type TestApp } from '@switchboard/testing';
import { aSpeakRequest } from '../../test/build';
import { speaks, SPOKEN, startVoices } from '../../test/voices';
import { ttsWorkerApp } from '../tts-worker.app';

let voices: Awaited<ReturnType<typeof startVoices>>;
let app: TestApp;
beforeAll(async () => {
  voices = await startVoices(speaks);
  app = await startApp(ttsWorkerApp, { env: voices.env });
});
afterAll(async () => {
  await app.stop();
  await voices.stop();
});

const ask = async (audioId: string, service: string) =>
  fetch(`${app.url}/audio/${audioId}`, { headers: await app.as(service) });

async function speak(request = aSpeakRequest()) {
  await app.probe.say(request);
  return (await app.probe.until(SpeechCompleted, ({ data }) => data.speechId === request.data.speechId)).data;
}

describe('GET /audio/{audioId}', () => {
  it('gives the bytes, to be kept for good', async () => {
    const { audioId } = await speak();
    const answer = await ask(audioId, 'bot-adapter');
    expect(answer.status).toBe(200);
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      'content-type': 'audio/ogg',
      'content-length': String(SPOKEN.length),
      'cache-control': 'private, max-age=31536000, immutable',
    });
    expect(Buffer.from(await answer.arrayBuffer()).equals(SPOKEN)).toBe(true);
  });

  it('is open to the gateway too, and closed to everyone else', async () => {
    const { audioId } = await speak();
    const statuses = await Promise.all(
      ['gateway', 'chat-ai', 'payments'].map(async (service) => (await ask(audioId, service)).status),
    );
    expect(statuses).toEqual([200, 404, 404]);
    expect((await fetch(`${app.url}/audio/${audioId}`)).status).toBe(401);
  });

  it.each([
    ['an audio that was never made', 'f'.repeat(64), 404, 'tts-worker.audio_not_found'],
    ['an address that is none', 'nonsense', 422, 'validation_failed'],
    ['a way out of the folder', encodeURIComponent('../../etc/passwd'), 422, 'validation_failed'],
  ])('%s is answered with a problem that nobody keeps', async (_, audioId, status, code) => {
    const answer = await ask(audioId, 'bot-adapter');
    expect(answer.status).toBe(status);
    expect(answer.headers.get('content-type')).toContain('application/problem+json');
    expect(answer.headers.get('cache-control') ?? '').not.toContain('immutable');
    expect(await answer.json()).toMatchObject({ status, code });
  });

  it('an audio whose file was lost is not found, and is made again by the next request', async () => {
    const { audioId } = await speak();
    await app.service.nest.get<MediaStorage>(MEDIA_STORAGE).delete(`audio/${audioId}.ogg`);
    expect((await ask(audioId, 'bot-adapter')).status).toBe(404);
    expect(await speak()).toMatchObject({ audioId, reused: false });
    expect((await ask(audioId, 'bot-adapter')).status).toBe(200);
  });
});
