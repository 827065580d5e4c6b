import { SpeechCompleted } from '@switchboard/contracts';
import { MEDIA_STORAGE, type MediaStorage, Schedules } from '@switchboard/service-kit';
import { startApp, type TestApp, type TestAppOptions, until } from '@switchboard/testing';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { v7 as uuidv7 } from 'uuid';
import { aSpeakRequest } from '../../test/build';
import { speaks, startVoices } from '../../test/voices';
import { ttsWorkerApp } from '../tts-worker.app';
import { RetentionJobs } from './retention.jobs';

const DAY_MS = 86_400_000;

let voices: Awaited<ReturnType<typeof startVoices>>;
let folder: string;
let running: TestApp | undefined;
beforeAll(async () => {
  voices = await startVoices(speaks);
  folder = await mkdtemp(join(tmpdir(), 'retention-'));
});
afterEach(async () => {
  jest.restoreAllMocks();
  await running?.stop();
  running = undefined;
});
afterAll(async () => {
  await voices.stop();
  await rm(folder, { recursive: true, force: true });
});

async function start(options: TestAppOptions = {}): Promise<TestApp> {
  const env = { ...voices.env, MEDIA_FOLDER: folder, TTS_WORKER_KEEP_DAYS: '30' };
  return (running = await startApp(ttsWorkerApp, { ...options, env }));
}

/** Starts it again after some days. */
async function startAgain({ database, clock, stop }: TestApp, days: number): Promise<TestApp> {
  running = undefined;
  await stop({ keepDatabase: true });
  clock.advance(days * DAY_MS);
  return start({ database, clock });
}

async function speak({ probe, clock }: TestApp, text: string): Promise<string> {
  const request = aSpeakRequest({ text });
  await probe.say(request, { id: uuidv7({ msecs: clock.now().getTime() }) });
  return (await probe.until(SpeechCompleted, ({ data }) => data.speechId === request.data.speechId)).data.audioId;
}

const idsIn = async ({ service }: TestApp, table: 'audio_assets' | 'audio_drafts') =>
  (await service.db.query<{ id: string }[]>(`SELECT id FROM ${table} ORDER BY id`)).map(({ id }) => id);
const kept = (app: TestApp) => idsIn(app, 'audio_assets');

const storageOf = ({ service }: TestApp) => service.nest.get<MediaStorage>(MEDIA_STORAGE);
const hasFile = (app: TestApp, audioId: string) => storageOf(app).exists(`audio/${audioId}.ogg`);

/** What is left by a kill between the file and its row. */
async function loseRow({ service, clock }: TestApp, id: string): Promise<void> {
  await service.db.query('DELETE FROM audio_assets WHERE id = $1', [id]);
  await service.db.query('INSERT INTO audio_drafts (id, started_at) VALUES ($1, $2)', [id, clock.now()]);
}

/** To its end, whatever that is. */
const forgetOld = ({ service, clock }: TestApp, signal = new AbortController().signal) =>
  service.nest
    .get(RetentionJobs, { strict: false })
    .forgetOld({ slot: clock.now() }, { attempt: 1, isLastAttempt: false, signal });

describe('retention', () => {
  it('audio unused for a month is removed with its file, and what was used since stays', async () => {
    const first = await start();
    const old = await speak(first, 'Said once');
    const used = await speak(first, 'Said again and again');

    const second = await startAgain(first, 20);
    expect(await speak(second, 'Said again and again')).toBe(used);
    expect(await kept(second)).toHaveLength(2);

    const third = await startAgain(second, 11);
    await third.service.nest.get(Schedules).runSlot('forget-old', third.clock.now());
    await until(async () => (await kept(third)).length === 1, { what: 'the unused audio to go' });
    expect(await kept(third)).toEqual([used]);
    expect([await hasFile(third, old), await hasFile(third, used)]).toEqual([false, true]);
    const requests = await third.service.db.query('SELECT audio_id FROM speech_requests');
    expect(requests).toEqual([{ audio_id: used }]);
  });

  it('a file that a killed process has left without a row is removed a day later, and no younger one', async () => {
    const app = await start();
    const left = await speak(app, 'Left behind');
    await loseRow(app, left);
    app.clock.advance(DAY_MS);
    const younger = await speak(app, 'Left behind just now');
    await loseRow(app, younger);
    app.clock.advance(60_000);
    await forgetOld(app);
    expect(await idsIn(app, 'audio_drafts')).toEqual([younger]);
    expect([await hasFile(app, left), await hasFile(app, younger)]).toEqual([false, true]);
    // Asked for again, it is adopted.
    expect(await speak(app, 'Left behind just now')).toBe(younger);
    expect(await idsIn(app, 'audio_drafts')).toEqual([]);
  });

  it('audio that nobody was answered with is removed a day later', async () => {
    const app = await start();
    const id = await speak(app, 'For nobody');
    await app.service.db.query('DELETE FROM speech_requests');
    await app.service.db.query('UPDATE audio_assets SET uses = 0');
    app.clock.advance(DAY_MS + 60_000);
    await forgetOld(app);
    expect(await kept(app)).toEqual([]);
    expect(await hasFile(app, id)).toBe(false);
  });

  it('files that cannot be deleted keep nothing else from being removed, and are told', async () => {
    const app = await start();
    const texts = ['unused', 'another unused', 'abandoned', 'another abandoned', 'left', 'another left'];
    const ids: string[] = [];
    for (const text of texts) ids.push(await speak(app, text));
    await app.service.db.query('UPDATE audio_assets SET uses = 0 WHERE id = ANY($1)', [ids.slice(2, 4)]);
    for (const id of ids.slice(4)) await loseRow(app, id);
    app.clock.advance(31 * DAY_MS);
    const stuck = [ids[0]!, ids[2]!, ids[4]!];
    const storage = storageOf(app);
    const remove = storage.delete.bind(storage);
    jest
      .spyOn(storage, 'delete')
      .mockImplementation((key) =>
        stuck.some((id) => key.includes(id)) ? Promise.reject(new Error('the disk is read-only')) : remove(key),
      );
    await expect(forgetOld(app)).rejects.toMatchObject({
      message: '3 of 6 steps have failed',
      cause: { cause: { message: 'the disk is read-only' } },
    });
    expect(await kept(app)).toEqual(stuck.slice(0, 2).sort());
    expect(await idsIn(app, 'audio_drafts')).toEqual([ids[4]]);
    expect(await app.service.db.query('SELECT FROM speech_requests')).toEqual([]);

    jest.restoreAllMocks();
    await forgetOld(app);
    expect([...(await kept(app)), ...(await idsIn(app, 'audio_drafts'))]).toEqual([]);
  });

  it('a run that is stopped ends at once, and has not succeeded', async () => {
    const app = await start();
    for (const text of ['one', 'two', 'three']) await speak(app, text);
    app.clock.advance(31 * DAY_MS);
    const stop = new AbortController();
    const storage = storageOf(app);
    const remove = storage.delete.bind(storage);
    jest.spyOn(storage, 'delete').mockImplementation((key) => remove(key).finally(() => stop.abort()));
    await expect(forgetOld(app, stop.signal)).rejects.toThrow('aborted');
    expect(await kept(app)).toHaveLength(2);
  });

  it('what is to be removed is found by an index, however much is kept', async () => {
    const app = await start();
    const { db } = app.service;
    const runner = db.createQueryRunner();
    const asked = jest.spyOn(Object.getPrototypeOf(runner) as typeof runner, 'query');
    await forgetOld(app);
    const queries = asked.mock.calls.filter(([sql]) => /^\s*SELECT.*FROM\s+\S*audio_(assets|drafts)/s.test(sql));
    asked.mockRestore();
    await runner.release();
    expect(queries).toHaveLength(3);
    await db.transaction(async (tx) => {
      // In tables as small as these nothing else keeps the planner from reading them whole.
      await tx.query('SET LOCAL enable_seqscan = off');
      for (const [sql, parameters] of queries) {
        const plan = await tx.query<{ 'QUERY PLAN': string }[]>(`EXPLAIN ${sql}`, parameters);
        expect(plan.map((row) => row['QUERY PLAN']).join('\n')).toMatch(/Index Cond: .*_at </);
      }
    });
  });
});
