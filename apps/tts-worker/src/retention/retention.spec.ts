import { SpeechCompleted } from '@switchboard/contracts';
import { MEDIA_STORAGE, type MediaStorage, Schedules } from '@switchboard/service-kit';
import { startApp, type TestApp, until } from '@switchboard/testing';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { v7 as uuidv7 } from 'uuid';
import { aSpeakRequest } from '../../test/build';
import { speaks, startVoices } from '../../test/voices';
import { ttsWorkerApp } from '../tts-worker.app';

const DAY_MS = 86_400_000;

let voices: Awaited<ReturnType<typeof startVoices>>;
let folder: string;
let env: Record<string, string>;
beforeAll(async () => {
  voices = await startVoices(speaks);
  folder = await mkdtemp(join(tmpdir(), 'retention-'));
  env = { ...voices.env, MEDIA_FOLDER: folder, TTS_WORKER_KEEP_DAYS: '30' };
});
afterAll(async () => {
  await voices.stop();
  await rm(folder, { recursive: true, force: true });
});

async function speak({ probe, clock }: TestApp, text: string): Promise<string> {
  const request = aSpeakRequest({ text });
  await probe.say(request, { id: uuidv7({ msecs: clock.now().getTime() }) });
  return (await probe.until(SpeechCompleted, ({ data }) => data.speechId === request.data.speechId)).data.audioId;
}

const kept = async ({ service }: TestApp) =>
  ((await service.db.query('SELECT id FROM audio_assets')) as { id: string }[]).map(({ id }) => id);

const hasFile = ({ service }: TestApp, audioId: string) =>
  service.nest.get<MediaStorage>(MEDIA_STORAGE).exists(`audio/${audioId}.ogg`);

describe('retention', () => {
  it('audio unused for a month is removed with its file, and what was used since stays', async () => {
    const first = await startApp(ttsWorkerApp, { env });
    const { database, clock } = first;
    const old = await speak(first, 'Said once');
    const used = await speak(first, 'Said again and again');
    await first.stop({ keepDatabase: true });

    clock.advance(20 * DAY_MS);
    const second = await startApp(ttsWorkerApp, { env, database, clock });
    expect(await speak(second, 'Said again and again')).toBe(used);
    expect(await kept(second)).toHaveLength(2);
    await second.stop({ keepDatabase: true });

    clock.advance(11 * DAY_MS);
    const next = await startApp(ttsWorkerApp, { env, database, clock });
    await next.service.nest.get(Schedules).runSlot('forget-old', clock.now());
    await until(async () => (await kept(next)).length === 1, { what: 'the unused audio to go' });
    expect(await kept(next)).toEqual([used]);
    expect([await hasFile(next, old), await hasFile(next, used)]).toEqual([false, true]);
    const requests = (await next.service.db.query('SELECT audio_id FROM speech_requests')) as unknown[];
    expect(requests).toEqual([{ audio_id: used }]);
    await next.stop();
  });

  it('a file that a killed process has left without a row is removed a day later, and no younger one', async () => {
    const app = await startApp(ttsWorkerApp, { env });
    const storage = app.service.nest.get<MediaStorage>(MEDIA_STORAGE);
    const sweep = async () => {
      app.clock.advance(60_000);
      await app.service.nest.get(Schedules).runSlot('forget-old', app.clock.now());
    };
    // What a kill between the file and its row leaves behind.
    const left = await speak(app, 'Left behind');
    await app.service.db.query('DELETE FROM audio_assets WHERE id = $1', [left]);
    await app.service.db.query('INSERT INTO audio_drafts (id, started_at) VALUES ($1, $2)', [left, app.clock.now()]);
    app.clock.advance(DAY_MS);
    const younger = await speak(app, 'Left behind just now');
    await app.service.db.query('DELETE FROM audio_assets WHERE id = $1', [younger]);
    await app.service.db.query('INSERT INTO audio_drafts (id, started_at) VALUES ($1, $2)', [younger, app.clock.now()]);
    await sweep();
    await until(async () => !(await storage.exists(`audio/${left}.ogg`)), { what: 'the file to go' });
    expect(await hasFile(app, younger)).toBe(true);
    expect(await app.service.db.query('SELECT id FROM audio_drafts')).toEqual([{ id: younger }]);
    // Asked for again, it is adopted.
    expect(await speak(app, 'Left behind just now')).toBe(younger);
    expect(await app.service.db.query('SELECT id FROM audio_drafts')).toEqual([]);
    await app.stop();
  });

  it('audio that nobody was answered with is removed a day later', async () => {
    const app = await startApp(ttsWorkerApp, { env });
    const id = await speak(app, 'For nobody');
    await app.service.db.query('DELETE FROM speech_requests');
    await app.service.db.query('UPDATE audio_assets SET uses = 0');
    app.clock.advance(DAY_MS + 60_000);
    await app.service.nest.get(Schedules).runSlot('forget-old', app.clock.now());
    await until(async () => (await kept(app)).length === 0, { what: 'the audio to go' });
    expect(await hasFile(app, id)).toBe(false);
    await app.stop();
  });
});
