import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { ReadBackupPart, ReadBackupPartTrial, TryBackupPart, WriteBackupPart } from '@switchboard/contracts';
import { createTestDatabase, startApp, type TestApp, type TestDatabase, testEnv, until } from '@switchboard/testing';
import { Client } from 'pg';
import { v7 as uuidv7 } from 'uuid';
import { diaryApp, NoteWritten, Notes } from '../../test/diary.app';
import { databaseAccess } from '../database';
import { defineApp } from '../define-app';
import { Erasure } from '../erasure';
import { KeyRing } from '../key-ring';
import { createLog } from '../log';
import { MEDIA_STORAGE } from '../media';
import { DiskStorage } from '../storage/disk-storage';
import type { MediaStorage } from '../storage/media-storage';
import { backupPlace, BackupStore } from './backup-store';
import { restorePart } from './restore-part';

const DAY_MS = 86_400_000;
const service = 'diary';
const BACKUP_KEY = `backups:${randomBytes(32).toString('base64')}`;

describe('the part of a service in a backup', () => {
  let app: TestApp;
  let folder: string;
  let store: BackupStore;
  const databases: TestDatabase[] = [];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'switchboard-backups-'));
    store = new BackupStore(new DiskStorage(folder), new KeyRing(BACKUP_KEY));
    app = await startApp(diaryApp, { events: [NoteWritten], env: { BACKUP_KEY, BACKUP_FOLDER: folder } });
  });
  afterEach(async () => {
    await app.stop();
    for (const database of databases.splice(0)) await database.drop();
    await rm(folder, { recursive: true });
  });

  const ask = <Row>(sql: string, values?: unknown[], of = app) => of.service.db.query<Row[]>(sql, values);
  const write = async (userId: string, text: string) => {
    const id = uuidv7();
    await app.service.db.transaction((tx) => app.service.nest.get(Notes).write(tx, { id, userId, title: null, text }));
    await ask('INSERT INTO pictures (note_id, description) VALUES ($1, $2)', [id, 'a line\nand \\N another\t one']);
    return id;
  };
  const backUp = async (snapshot: string | null = null) => {
    const params = { backupId: uuidv7({ msecs: app.clock.now().getTime() }) };
    const begun = await app.gateway.call(WriteBackupPart, { service, params, body: { snapshot } });
    expect(begun).toMatchObject({ state: 'running', backupId: params.backupId });
    return until(
      async () => {
        const part = await app.gateway.call(ReadBackupPart, { service, params });
        return part.state !== 'running' && part;
      },
      { what: 'the part' },
    );
  };
  const tryOut = async (backupId: string) => {
    const params = { trialId: uuidv7() };
    await app.gateway.call(TryBackupPart, { service, params, body: { backupId } });
    return until(
      async () => {
        const trial = await app.gateway.call(ReadBackupPartTrial, { service, params });
        return trial.state !== 'running' && trial;
      },
      { what: 'the trial' },
    );
  };
  const restored = async (backupId: string, media?: MediaStorage) => {
    const database = await createTestDatabase();
    databases.push(database);
    const env = testEnv(database.url, folder);
    const access = await databaseAccess('diary', env as never, undefined);
    const log = createLog({ level: 'silent', format: 'json' });
    const result = await restorePart(diaryApp, store, { backupId, access, log, media });
    return { database, result, access, log };
  };
  const fileOf = async (place: string) => {
    for (const sub of await readdir(folder)) {
      if (sub === 'partial') continue;
      for (const name of await readdir(join(folder, sub))) {
        const path = join(folder, sub, name);
        if ((await readFile(path)).subarray(0, 200).toString().includes(`"${place}"`)) return path;
      }
    }
    throw new Error(`there is no ${place}`);
  };

  it('brings an empty database to the same rows, files, numbers and rules, and nothing of it can be read in storage', async () => {
    const [somebody, another] = [uuidv7(), uuidv7()];
    const id = await write(somebody, 'a peculiar zebra');
    for (let i = 0; i < 20; i++) await write(another, `another zebra ${i}`);
    await ask('INSERT INTO bills VALUES ($1, 250)', [somebody]);
    await app.probe.until(NoteWritten);
    const media = app.service.nest.get<MediaStorage>(MEDIA_STORAGE);
    await media.put('pictures/zebra', Buffer.from('stripes and stripes'), { contentType: 'image/png' });

    const part = await backUp();
    expect(part).toMatchObject({ state: 'done', error: null, files: { count: 1 } });
    expect(part.keyTables).toMatchObject([{ name: 'person_keys', rows: 2 }]);
    expect(part.tables.find(({ name }) => name === 'pictures')).toMatchObject({ rows: 21 });
    expect(part.tables.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['inbox', 'jobs._private_jobs', 'notes', 'outbox', 'schedules']),
    );
    const places: string[] = [];
    for await (const place of store.storage.list('')) places.push(place);
    for (const place of places) {
      const content = await buffer((await store.storage.open(place))!.body);
      expect(content.subarray(0, 4).toString()).toBe('SWB1');
      expect(content.includes('stripes') || content.includes(somebody)).toBe(false);
    }

    const copies = new DiskStorage(join(folder, 'restored'));
    const { database, result, access, log } = await restored(part.backupId, copies);
    expect(result).toMatchObject({ differing: [], files: 1, tables: part.tables.length + 1 });
    const file = await copies.open('pictures/zebra');
    expect(file).toMatchObject({ contentType: 'image/png' });
    expect(String(await buffer(file!.body))).toBe('stripes and stripes');

    const again = restorePart(diaryApp, store, { backupId: part.backupId, access, log });
    await expect(again).rejects.toThrow('the schema diary holds tables already');

    const other = await startApp(diaryApp, { database });
    try {
      const notes = await other.service.db.transaction((tx) => other.service.nest.get(Notes).read(tx));
      expect(notes).toHaveLength(21);
      expect(notes).toContainEqual({ title: null, text: 'a peculiar zebra' });
      const pictures = 'SELECT * FROM pictures ORDER BY id';
      expect(await ask(pictures, [], other)).toEqual(await ask(pictures));
      const [added] = await ask<{ id: string }>('INSERT INTO pictures (note_id) VALUES ($1) RETURNING id', [id], other);
      expect(added).toEqual({ id: '22' });
      await expect(ask('INSERT INTO pictures (note_id) VALUES ($1)', [uuidv7()], other)).rejects.toThrow(/foreign key/);
      const rules = `SELECT relname, relforcerowsecurity FROM pg_class
        WHERE relnamespace = 'diary'::regnamespace AND relkind IN ('r', 'p') ORDER BY 1`;
      expect(await ask(rules, [], other)).toEqual(await ask(rules));
    } finally {
      await other.stop({ keepDatabase: true });
    }
  });

  it('leaves who was erased since unreadable, and has the rest of them deleted, once the keys of that time are gone', async () => {
    const [gone, stays] = [uuidv7(), uuidv7()];
    for (const userId of [gone, stays]) await write(userId, 'a peculiar zebra');
    const old = await backUp();
    const run = { signal: new AbortController().signal, isLastAttempt: false };
    const erasure = app.service.nest.get(Erasure);
    await erasure.erase({ erasureId: uuidv7(), userId: gone }, run, () => Promise.resolve());
    app.clock.advance(10 * DAY_MS);
    await backUp();
    // What retention does after seven days.
    await store.delete(backupPlace.ofKeys(old.backupId));

    const { database, result } = await restored(old.backupId);
    expect(result.differing).toEqual([]);
    const client = new Client({ connectionString: database.url });
    await client.connect();
    const { rows } = await client.query<{ user_id: string; wrapped_key: string | null }>(
      'SELECT n.user_id, k.wrapped_key FROM diary.notes n JOIN diary.person_keys k USING (user_id)',
    );
    await client.end();
    expect(rows).toContainEqual({ user_id: gone, wrapped_key: null });
    expect(rows).toContainEqual({ user_id: stays, wrapped_key: expect.any(String) as string });
    const other = await startApp(diaryApp, { database, clock: app.clock });
    try {
      const users = () => ask<{ user_id: string }>('SELECT DISTINCT user_id FROM notes', [], other);
      const texts = await other.service.db.transaction((tx) => other.service.nest.get(Notes).read(tx));
      expect(texts.filter(({ text }) => text !== undefined)).toEqual([{ title: null, text: 'a peculiar zebra' }]);
      await until(async () => (await users()).length === 1, { what: 'their rows to be deleted' });
      expect(await users()).toEqual([{ user_id: stays }]);
    } finally {
      await other.stop({ keepDatabase: true });
    }
  });

  it('cannot be restored with keys of an earlier time, which would make readable whom it was to forget', async () => {
    await write(uuidv7(), 'a peculiar zebra');
    await backUp();
    app.clock.advance(DAY_MS);
    const later = await backUp();
    await store.delete(backupPlace.ofKeys(later.backupId));
    await expect(restored(later.backupId)).rejects.toThrow('has no keys any more, and no later backup has any');
  });

  it('is tried in a database of its own, of which nothing is left', async () => {
    await write(uuidv7(), 'a peculiar zebra');
    const part = await backUp();
    const trial = await tryOut(part.backupId);
    const all = [...part.tables, ...part.keyTables];
    expect(trial).toMatchObject({ state: 'done', differing: [], error: null, tables: all.length });
    expect(trial.rows).toBe(all.reduce((sum, { rows }) => sum + rows, 0));
    expect(await ask(`SELECT datname FROM pg_database WHERE datname LIKE 'switchboard_trial_diary%'`)).toEqual([]);

    const file = await fileOf(backupPlace.table(part.backupId, 'diary', 'notes'));
    const bytes = await readFile(file);
    bytes[bytes.length - 5]! ^= 1;
    await writeFile(file, bytes);
    expect(await tryOut(part.backupId)).toMatchObject({
      state: 'failed',
      error: expect.stringContaining('notes') as string,
    });
    expect(await ask(`SELECT datname FROM pg_database WHERE datname LIKE 'switchboard_trial_diary%'`)).toEqual([]);
  });

  it('shows the moment of a snapshot that it is given, and one of its own when that has ended', async () => {
    await write(uuidv7(), 'before');
    const query = app.service.db.createQueryRunner();
    await query.startTransaction('REPEATABLE READ');
    const [{ snapshot }] = (await query.query('SELECT pg_export_snapshot() AS snapshot')) as [{ snapshot: string }];
    await write(uuidv7(), 'after');
    const rowsOf = ({ error, tables }: Awaited<ReturnType<typeof backUp>>) =>
      error ?? tables.find(({ name }) => name === 'notes')!.rows;
    const shared = await backUp(snapshot);
    expect([shared.sharesMoment, rowsOf(shared)]).toEqual([true, 1]);
    await query.rollbackTransaction();
    await query.release();
    const own = await backUp(snapshot);
    expect([own.sharesMoment, rowsOf(own)]).toEqual([false, 2]);
  });

  it('is not written twice, and not without a key', async () => {
    const part = await backUp();
    const params = { backupId: part.backupId };
    expect(await app.gateway.call(WriteBackupPart, { service, params, body: { snapshot: null } })).toEqual(part);
    const without = await startApp(diaryApp, { env: { BACKUP_FOLDER: folder } });
    const refused = await without.gateway.call(WriteBackupPart, {
      service,
      params: { backupId: uuidv7() },
      body: { snapshot: null },
    });
    expect(refused).toMatchObject({ state: 'failed', error: 'BACKUP_KEY is not set' });
    await without.stop();
    await expect(app.gateway.call(ReadBackupPart, { service, params: { backupId: uuidv7() } })).rejects.toMatchObject({
      problem: { code: 'service-kit.backup_part_not_found' },
    });
  });

  it('of a newer version is refused, and one of an older version is brought up to date', async () => {
    await write(uuidv7(), 'a peculiar zebra');
    const part = await backUp();
    const { migrations, ...rest } = diaryApp;
    const former = defineApp({ ...rest, migrations: [] });
    const database = await createTestDatabase();
    databases.push(database);
    const access = await databaseAccess('diary', testEnv(database.url, folder) as never, undefined);
    const log = createLog({ level: 'silent', format: 'json' });
    await expect(restorePart(former, store, { backupId: part.backupId, access, log })).rejects.toThrow(
      'was written by a newer version, which has made CreateNotes1764100000000',
    );
    class AddMood1764200000000 {
      readonly name = 'AddMood1764200000000';
      up = (db: { query(sql: string): Promise<unknown> }) => db.query(`ALTER TABLE notes ADD mood text DEFAULT 'fine'`);
      down = () => Promise.resolve();
    }
    const newer = defineApp({ ...rest, migrations: [...migrations, AddMood1764200000000] });
    const { differing } = await restorePart(newer, store, { backupId: part.backupId, access, log });
    expect(differing).toEqual([]);
    const other = await startApp(newer, { database });
    expect(await ask('SELECT mood FROM notes', [], other)).toEqual([{ mood: 'fine' }]);
    await other.stop({ keepDatabase: true });
  });
});
