import { ErasureRequested, SpeechCompleted, TtsWorkerPersonErased } from '@switchboard/contracts';
import { MEDIA_STORAGE, type MediaStorage } from '@switchboard/service-kit';
import { startApp, type TestApp } from '@switchboard/testing';
import { v7 as uuidv7 } from 'uuid';
import { aSpeakRequest } from '../../test/build';
import { speaks, startVoices } from '../../test/voices';
import { ttsWorkerApp } from '../tts-worker.app';

describe('a person who is erased', () => {
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

  const speak = async (userId: string, text: string) => {
    const request = aSpeakRequest({ userId, text });
    await app.probe.say(request);
    return (await app.probe.until(SpeechCompleted, ({ data }) => data.speechId === request.data.speechId)).data.audioId;
  };
  const isKept = (audioId: string) => app.service.nest.get<MediaStorage>(MEDIA_STORAGE).exists(`audio/${audioId}.ogg`);
  const rows = (sql: string, parameters: unknown[] = []) => app.service.db.query<unknown[]>(sql, parameters);

  it('takes along what was spoken for nobody else, and what others have asked for, too, stays', async () => {
    const [gone, stays] = [uuidv7(), uuidv7()];
    const [own, shared] = [await speak(gone, 'A peculiar zebra.'), await speak(gone, 'Good morning.')];
    expect(await speak(stays, 'Good morning.')).toBe(shared);
    await app.probe.say(ErasureRequested({ erasureId: uuidv7(), userId: gone }));
    await app.probe.until(TtsWorkerPersonErased, ({ data }) => data.userId === gone);
    expect([await isKept(own), await isKept(shared)]).toEqual([false, true]);
    expect(await rows('SELECT id FROM audio_assets')).toEqual([{ id: shared }]);
    expect(await rows('SELECT user_id FROM speech_requests')).toEqual([{ user_id: stays }]);
    for (const table of ['person_spending', 'reservations', 'transcriptions'])
      expect(await rows(`SELECT FROM ${table} WHERE user_id = $1`, [gone])).toEqual([]);
  });
});
