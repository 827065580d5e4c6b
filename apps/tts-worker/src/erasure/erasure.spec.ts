import { ErasureRequested, SpeechCompleted, TtsWorkerPersonErased } from '@switchboard/contracts';
import { MEDIA_STORAGE, type MediaStorage } from '@switchboard/service-kit';
import { startApp, type TestApp, until } from '@switchboard/testing';
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

  beforeEach(() => {
    voices.answer(speaks);
    voices.asked.splice(0);
  });

  const erase = async (userId: string) => {
    await app.probe.say(ErasureRequested({ erasureId: uuidv7(), userId }));
    await app.probe.until(TtsWorkerPersonErased, ({ data }) => data.userId === userId);
  };
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
    await erase(gone);
    expect([await isKept(own), await isKept(shared)]).toEqual([false, true]);
    expect(await rows('SELECT id FROM audio_assets')).toEqual([{ id: shared }]);
    expect(await rows('SELECT user_id FROM speech_requests')).toEqual([{ user_id: stays }]);
    for (const table of ['person_spending', 'reservations', 'transcriptions'])
      expect(await rows(`SELECT FROM ${table} WHERE user_id = $1`, [gone])).toEqual([]);
  });

  it('takes along what is being spoken for them just then', async () => {
    const pending: (() => void)[] = [];
    voices.answer((asked, response) => void pending.push(() => speaks(asked, response)));
    const userId = uuidv7();
    await app.probe.say(aSpeakRequest({ userId, text: 'A late penguin.' }));
    await until(() => pending.length === 1, { what: 'the engine to be asked' });
    await erase(userId);
    const before = await rows('SELECT id FROM audio_assets');
    pending[0]!();
    await until(
      async () => (await rows(`SELECT FROM tts_worker_jobs.jobs WHERE task_identifier = 'synthesize'`)).length === 0,
      {
        what: 'the end of the job',
      },
    );
    expect(await rows('SELECT id FROM audio_assets')).toEqual(before);
    const files = (await rows('SELECT id FROM audio_drafts')) as { id: string }[];
    expect(files).toEqual([]);
  });

  it('takes along audio that somebody is being answered with just then', async () => {
    const userId = uuidv7();
    const audioId = await speak(userId, 'A busy otter.');
    const other = app.service.db.createQueryRunner();
    await other.connect();
    await other.startTransaction();
    await other.query('SELECT FROM audio_assets WHERE id = $1 FOR UPDATE', [audioId]);
    await app.probe.say(ErasureRequested({ erasureId: uuidv7(), userId }));
    await until(
      async () =>
        (await rows(`SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query ILIKE '%audio_assets%'`))
          .length > 0 || app.probe.all(TtsWorkerPersonErased).some(({ data }) => data.userId === userId),
      { what: 'the erasure to come to the audio' },
    );
    await other.rollbackTransaction();
    await other.release();
    await app.probe.until(TtsWorkerPersonErased, ({ data }) => data.userId === userId);
    expect(await isKept(audioId)).toBe(false);
  });
});
