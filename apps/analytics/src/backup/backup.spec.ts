import {
  BackUpStatistics,
  CheckStatisticsBackup,
  ExperimentDecided,
  ListRates,
  ListStatisticsBackups,
  NoticeSendRequested,
  PutRate,
  RestoreStatistics,
} from '@switchboard/contracts';
import { MEDIA_STORAGE, type MediaStorage, Schedules } from '@switchboard/service-kit';
import { startApp, type TestApp, until } from '@switchboard/testing';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';
import { to as copyTo } from 'pg-copy-streams';
import { v7 as uuidv7 } from 'uuid';
import { aMessage, aPerson, ask, aUsage, clear, say } from '../../test/build';
import { analyticsApp } from '../analytics.app';
import { BackupJobs } from './backup.jobs';
import { BackupService, piecesOf } from './backup.service';

const DAY_MS = 86_400_000;

let folder: string;
let app: TestApp;
/** Another installation with the same files. */
let empty: TestApp;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'backup-'));
  app = await startApp(analyticsApp, { env: { MEDIA_FOLDER: folder } });
  empty = await startApp(analyticsApp, { env: { MEDIA_FOLDER: folder }, clock: app.clock });
});
beforeEach(() => Promise.all([clear(app), clear(empty)]));
afterAll(async () => {
  await Promise.all([app.stop(), empty.stop()]);
  await rm(folder, { recursive: true, force: true });
});

const storageOf = ({ service }: TestApp) => service.nest.get<MediaStorage>(MEDIA_STORAGE);
const restore = (app: TestApp, id = 'latest') => app.gateway.call(RestoreStatistics, { params: { id } });

const service = (app: TestApp) => app.service.nest.get(BackupService, { strict: false });

const sums = async (app: TestApp) => ({
  measures: await ask(
    app,
    `SELECT * FROM measures ORDER BY minutes, type, measure, at, bot_id, platform, kind, model, outcome, le`,
  ),
  active: await ask(
    app,
    'SELECT day::text, bot_id, quarters, count(*)::int FROM active_people GROUP BY 1, 2, 3 ORDER BY 1, 2, 3',
  ),
  mau: await ask(app, 'SELECT count(DISTINCT user_id)::int AS mau FROM active_people'),
  people: await ask(app, 'SELECT bot_id, first_active_at FROM people ORDER BY 1, 2'),
  experiment: await ask(
    app,
    'SELECT key, decision, results FROM experiments JOIN experiment_results ON id = experiment_id WHERE id = $1',
    [EXPERIMENT],
  ),
});

const EXPERIMENT = uuidv7();

async function someHistory(app: TestApp): Promise<string[]> {
  const people = await Promise.all(Array.from({ length: 3 }, () => aPerson(app)));
  for (const [i, userId] of people.entries()) {
    for (const daysAgo of [3, 1]) {
      const at = new Date(app.clock.now().getTime() - daysAgo * DAY_MS + i * 60_000);
      await say(app, aMessage({ userId, botId: i === 0 ? 'northwind' : 'lumen' }), at);
      await say(app, aUsage({ userId, durationMs: 700 * (i + 1) }), at);
    }
  }
  await ask(
    app,
    `INSERT INTO experiments (id, key, place, plan, state, decision, created_at, revision)
     VALUES ($1, 'greeting-2', 'chat-ai.prompt:lumen', '{}', 'decided', 'ship', now(), 1) ON CONFLICT DO NOTHING`,
    [EXPERIMENT],
  );
  await ask(app, `INSERT INTO experiment_results VALUES ($1, now(), '{"lift": 0.031}') ON CONFLICT DO NOTHING`, [
    EXPERIMENT,
  ]);
  return people;
}

describe('a backup of the statistics', () => {
  it('is taken at night, names nobody, and gives an empty database equal sums', async () => {
    const people = await someHistory(app);
    await app.service.nest.get(Schedules).runSlot('back-up-statistics', app.clock.now());
    const [backup] = await until(
      async () => {
        const { backups } = await app.gateway.call(ListStatisticsBackups, {});
        return backups[0]?.takenAt.getTime() === app.clock.now().getTime() && backups;
      },
      { what: 'the backup' },
    );
    expect(backup!.rows).toMatchObject({ active_people: 6, people: 3 });

    const manifest = await (await storageOf(app).open(`statistics/${backup!.id}/manifest.json`))!.body.toArray();
    const { tables } = JSON.parse(Buffer.concat(manifest as Buffer[]).toString()) as {
      tables: { name: string; files: { key: string; sha256: string }[] }[];
    };
    const content = await Promise.all(
      tables.flatMap(({ files }) => files).map(async ({ key }) => buffer((await storageOf(app).open(key))!.body)),
    );
    const text = content.map((file) => gunzipSync(file).toString()).join();
    for (const userId of people) expect(text).not.toContain(userId);

    const before = await sums(app);
    expect(before.experiment).toMatchObject([{ decision: 'ship', results: { lift: 0.031 } }]);
    app.clock.advance(60 * 60_000);
    expect(await restore(empty)).toMatchObject({ id: backup!.id, rows: backup!.rows });
    expect(await sums(empty)).toEqual(before);
  });

  it('brings back rates, and stops an experiment that was running: nobody knows any more who was in which arm', async () => {
    const [running, person] = [uuidv7(), await aPerson(app)];
    const plan = { arms: [{ key: 'plain', weight: 5000, value: '' }] };
    await ask(
      app,
      `INSERT INTO experiments (id, key, place, plan, state, created_at, started_at, revision)
       VALUES ($1, 'greeting-3', 'chat-ai.prompt:lumen', $2, 'running', now(), now(), 3)`,
      [running, JSON.stringify(plan)],
    );
    await ask(app, `INSERT INTO exposures VALUES ($1, $2, 'plain', '', now(), true, false)`, [running, person]);
    await app.gateway.call(PutRate, {
      params: { currency: 'EUR', validFrom: '2026-01-01' },
      body: { usdPerUnit: 1.1, exponent: 2, source: 'a bank' },
    });
    await app.gateway.call(BackUpStatistics, {});
    app.clock.advance(60 * 60_000);
    await restore(empty);
    expect(await empty.gateway.call(ListRates)).toEqual(await app.gateway.call(ListRates));
    const [restored] = await ask(empty, 'SELECT * FROM experiments WHERE id = $1', [running]);
    expect(restored).toMatchObject({
      ...{ state: 'stopped', decision: 'stopped', decided_arm: 'plain', decided_automatically: true, revision: 4 },
      ended_at: app.clock.now(),
    });
    const decided = await empty.probe.until(ExperimentDecided, ({ data }) => data.experimentId === running);
    expect(decided.data).toMatchObject({ decision: 'stopped', arm: 'plain', automatic: true });
    const { data: notice } = await empty.probe.until(NoticeSendRequested);
    expect(notice.texts).toMatchObject({
      en: expect.stringContaining('greeting-3 was stopped') as string,
      ru: expect.stringContaining('greeting-3 остановлен') as string,
    });
    expect(await ask(empty, 'SELECT FROM exposures')).toEqual([]);
    // Both are counted as well; what comes after this test is to find nothing.
    const counted = `SELECT DISTINCT type FROM measures
      WHERE type IN ('analytics.experiment.decided', 'bot-adapter.notice.send-requested')`;
    await until(async () => (await ask(empty, counted)).length === 2, { what: 'their being counted' });
    await Promise.all([app, empty].map((each) => ask(each, 'DELETE FROM experiments WHERE id = $1', [running])));
  });

  it('is added to what was counted since, and to nothing else', async () => {
    const userId = await aPerson(app);
    await say(app, aUsage({ userId }));
    await app.gateway.call(BackUpStatistics, {});
    app.clock.advance(60 * 60_000);
    await expect(restore(app)).rejects.toMatchObject({
      status: 409,
      problem: { code: 'analytics.statistics_not_empty' },
    });
    await say(empty, aUsage({ userId: await aPerson(empty) }));
    await restore(empty);
    await expect(restore(empty)).rejects.toMatchObject({ status: 409 });
    expect(
      await ask(empty, `SELECT sum(total)::int AS cost FROM measures WHERE minutes = 15 AND measure = 'costMicros'`),
    ).toEqual([{ cost: 900 }]);
  });

  it('is added also to what came late, while nobody had restored it yet', async () => {
    await say(app, aUsage({ userId: await aPerson(app) }));
    const { takenAt } = await app.gateway.call(BackUpStatistics, {});
    app.clock.advance(DAY_MS);
    await say(empty, aUsage({ userId: await aPerson(empty) }), new Date(takenAt.getTime() - 6 * DAY_MS));
    await restore(empty);
    expect(
      await ask(empty, `SELECT sum(total)::int AS cost FROM measures WHERE minutes = 15 AND measure = 'costMicros'`),
    ).toEqual([{ cost: 900 }]);
    await clear(empty);
    await ask(empty, `INSERT INTO measures VALUES (1440, $1, 'a.b.c', 'events', '', '', '', '', '', 0, 1, 0)`, [
      new Date(takenAt.getTime() - 9 * DAY_MS),
    ]);
    await expect(restore(empty)).rejects.toMatchObject({ problem: { code: 'analytics.statistics_not_empty' } });
  });

  it('says in no statement how people are hidden', async () => {
    const copy = Object.getPrototypeOf(copyTo('')) as { submit(): void };
    const submit = jest.spyOn(copy, 'submit');
    const texts: unknown[][] = [];
    for (const _ of [1, 2]) {
      submit.mockClear();
      await app.gateway.call(BackUpStatistics, {});
      texts.push(submit.mock.contexts.map((query) => (query as unknown as { text: string }).text));
    }
    submit.mockRestore();
    expect(texts[0]!.length).toBeGreaterThan(3);
    expect(texts[0]).toEqual(texts[1]);
  });

  it('is checked by its checksums', async () => {
    await someHistory(app);
    const { id } = await app.gateway.call(BackUpStatistics, {});
    const check = () => app.gateway.call(CheckStatisticsBackup, { params: { id: 'latest' } });
    expect(await check()).toMatchObject({ id, rows: { people: 3 } });
    await storageOf(app).delete(`statistics/${id}/people-0001.copy.gz`);
    await expect(check()).rejects.toMatchObject({ problem: { code: 'analytics.backup_damaged' } });
  });

  it('ends at once when storage fails while the database sends', async () => {
    await someHistory(app);
    // More than buffers of the network take, after the first file.
    await ask(
      app,
      `UPDATE experiment_results SET results = (SELECT to_jsonb(string_agg(md5(i::text), '')) FROM generate_series(1, 1500000) AS i)`,
    );
    const put = storageOf(app).put.bind(storageOf(app));
    const failing = jest.spyOn(storageOf(app), 'put').mockImplementation((key, body, about) => {
      return key.includes('experiment_results')
        ? Promise.reject(new Error('the bucket is away'))
        : put(key, body, about);
    });
    await expect(service(app).create()).rejects.toThrow('the bucket is away');
    failing.mockRestore();
    await ask(app, `UPDATE experiment_results SET results = '{}'`);
    await app.gateway.call(BackUpStatistics, {});
  });

  it('that is damaged or not there changes nothing, and says so', async () => {
    await someHistory(app);
    const { id } = await app.gateway.call(BackUpStatistics, {});
    await storageOf(app).put(`statistics/${id}/people-0001.copy.gz`, Buffer.from('rust'), { contentType: 'a/b' });
    app.clock.advance(60 * 60_000);
    await expect(restore(empty, id)).rejects.toMatchObject({ problem: { code: 'analytics.backup_damaged' } });
    expect((await sums(empty)).measures).toEqual([]);
    await expect(restore(empty, 'nothing')).rejects.toMatchObject({ problem: { code: 'analytics.backup_not_found' } });
    await expect(restore(empty, '*')).rejects.toMatchObject({ status: 422, problem: { code: 'validation_failed' } });
  });

  it('goes after five weeks', async () => {
    const jobs = app.service.nest.get(BackupJobs, { strict: false });
    await jobs.backUp();
    await jobs.forgetOld();
    const { backups: first } = await app.gateway.call(ListStatisticsBackups, {});
    expect(first.length).toBeGreaterThan(1);
    // What is damaged is not kept for that.
    await storageOf(app).delete(`statistics/${first[1]!.id}/manifest.json`);
    app.clock.advance(36 * DAY_MS);
    await jobs.backUp();
    await jobs.forgetOld();
    const { backups } = await app.gateway.call(ListStatisticsBackups, {});
    expect(backups).toHaveLength(1);
    expect(backups[0]!.id).not.toBe(first[0]!.id);
    for (const { id, rows } of first)
      for (const file of ['manifest.json', ...Object.keys(rows).map((table) => `${table}-0001.copy.gz`)])
        expect(await storageOf(app).exists(`statistics/${id}/${file}`)).toBe(false);
  });

  it('that was never finished leaves nothing', async () => {
    const put = storageOf(app).put.bind(storageOf(app));
    const keys: string[] = [];
    const failing = jest.spyOn(storageOf(app), 'put').mockImplementation((key, body, about) => {
      if (key.endsWith('manifest.json')) return Promise.reject(new Error('the bucket is away'));
      if (key.endsWith('.gz')) keys.push(key);
      return put(key, body, about);
    });
    await expect(service(app).create()).rejects.toThrow('the bucket is away');
    failing.mockRestore();
    const left = () => Promise.all(keys.map((key) => storageOf(app).exists(key)));
    await service(app).forgetOld();
    expect(new Set(await left())).toEqual(new Set([true]));
    app.clock.advance(4 * 3_600_000);
    await service(app).forgetOld();
    expect(new Set(await left())).toEqual(new Set([false]));
  });
});

it('a table is cut into pieces of equal size, of which only the last one is shorter', async () => {
  const cut = async (...chunks: string[]) => {
    const pieces: string[] = [];
    for await (const piece of piecesOf(Readable.from(chunks.map((chunk) => Buffer.from(chunk))), 4))
      pieces.push(String(piece));
    return pieces;
  };
  expect(await cut('abc', 'def', 'ghijklmno')).toEqual(['abcd', 'efgh', 'ijkl', 'mno']);
  expect(await cut('abc', 'd')).toEqual(['abcd']);
  expect(await cut()).toEqual(['']);
});
