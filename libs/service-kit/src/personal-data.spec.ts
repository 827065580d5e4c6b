import { EncryptionKeyMissing } from '@switchboard/bus';
import { personal } from '@switchboard/contracts';
import { createTestDatabase, startApp, type TestApp, until } from '@switchboard/testing';
import { v7 as uuidv7 } from 'uuid';
import { z } from 'zod';
import { diaryApp, heard, type Note, Notes } from '../test/diary.app';
import { defineJob } from './jobs';
import { PersonErased } from './person-keys';
import { PersonalData } from './personal-data';

const key = (id: string) => `${id}:${Buffer.alloc(32, id).toString('base64')}`;

const aNote = (over: Partial<Note> = {}): Note => ({
  id: uuidv7(),
  userId: uuidv7(),
  title: null,
  text: 'a peculiar zebra',
  ...over,
});

const write = (app: TestApp, ...notes: Note[]) =>
  app.service.db.transaction(async (tx) => {
    for (const note of notes) await app.service.nest.get(Notes).write(tx, note);
  });
const read = (app: TestApp) => app.service.nest.get(Notes).read(app.service.db.manager);
const erase = (app: TestApp, userId: string) =>
  app.service.db.transaction((tx) => app.service.nest.get(PersonalData).erase(tx, userId, new Date()));
const metric = async (app: TestApp, labels: string) => {
  const text = await (await fetch(`${app.url}/metrics`)).text();
  return Number(
    text
      .split('\n')
      .find((line) => line.includes(labels))
      ?.split(' ')
      .at(-1) ?? 0,
  );
};

describe('personal data at rest', () => {
  let app: TestApp;

  beforeEach(async () => {
    app = await startApp(diaryApp);
  });
  afterEach(() => app.stop());

  it('is ciphertext in every table, and reads as it was written', async () => {
    await write(app, aNote({ title: 'Zebras' }), aNote());
    expect(await read(app)).toEqual([
      { title: 'Zebras', text: 'a peculiar zebra' },
      { title: null, text: 'a peculiar zebra' },
    ]);
    await until(() => heard.length >= 2, { what: 'both events' });
    const rows = await app.service.db.query('SELECT * FROM notes');
    expect(JSON.stringify(rows)).not.toMatch(/zebra/i);
    expect(rows[0].text).not.toBe(rows[1].text);
  });

  it('is worth nothing in another column, in another row, or as that of another person', async () => {
    const [mine, other] = [aNote({ title: 'Zebras' }), aNote({ title: 'Lions' })];
    await write(app, mine, other);
    await app.service.db.query(`UPDATE notes SET text = title WHERE id = $1`, [mine.id]);
    await app.service.db.query(`UPDATE notes SET text = (SELECT text FROM notes WHERE id = $1) WHERE id = $2`, [
      mine.id,
      other.id,
    ]);
    expect(await read(app)).toEqual([
      { title: 'Zebras', text: undefined },
      { title: 'Lions', text: undefined },
    ]);
    await app.service.db.query(`UPDATE notes SET user_id = $1 WHERE id = $2`, [uuidv7(), mine.id]);
    expect((await read(app))[0]).toEqual({ title: undefined, text: undefined });
    expect(await metric(app, 'reason="damaged"')).toBe(5);
  });

  it('erased, it reads as erased in every row and every backup; that of others stays', async () => {
    const [gone, stays] = [aNote(), aNote({ text: 'a lion' })];
    await write(app, gone, stays);
    const backup = await app.service.db.query('SELECT * FROM notes WHERE id = $1', [gone.id]);
    await erase(app, gone.userId);
    expect(await read(app)).toEqual([
      { title: null, text: undefined },
      { title: null, text: 'a lion' },
    ]);
    await app.service.db.query('DELETE FROM notes WHERE id = $1', [gone.id]);
    await app.service.db.query('INSERT INTO notes SELECT * FROM json_populate_recordset(NULL::notes, $1)', [
      JSON.stringify(backup),
    ]);
    expect((await read(app))[0]).toEqual({ title: null, text: undefined });
    expect(await metric(app, 'reason="erased"')).toBe(2);
  });

  it('an erasure is known to the other processes of the service within seconds', async () => {
    const other = await startApp(diaryApp, { database: app.database });
    const note = aNote();
    await write(app, note);
    expect(await read(other)).toEqual([{ title: null, text: note.text }]);
    await erase(app, note.userId);
    await until(async () => (await read(other))[0]!.text === undefined, { what: 'the erasure', timeoutMs: 10_000 });
    await other.stop({ keepDatabase: true });
  });

  it('what comes late of somebody who was erased is not written, had they a key or not', async () => {
    const [known, unknown] = [aNote(), aNote()];
    await write(app, known);
    for (const { userId } of [known, unknown]) await erase(app, userId);
    for (const { userId } of [known, unknown])
      await expect(write(app, aNote({ userId, text: 'too late' }))).rejects.toThrow(PersonErased);
    expect(await read(app)).toEqual([{ title: null, text: undefined }]);
  });

  it('the key of a transaction that was rolled back is not used again', async () => {
    const note = aNote();
    const failing = app.service.db.transaction(async (tx) => {
      await app.service.nest.get(Notes).write(tx, note);
      await app.service.nest.get(Notes).write(tx, aNote({ userId: note.userId }));
      throw new Error('changed my mind');
    });
    await expect(failing).rejects.toThrow('changed my mind');
    await write(app, note);
    const other = await startApp(diaryApp, { database: app.database });
    expect(await read(other)).toEqual([{ title: null, text: note.text }]);
    await other.stop({ keepDatabase: true });
  });

  it('leaves digests by which a person is found again until they are erased, and by nobody else', async () => {
    const [userId, other] = [uuidv7(), uuidv7()];
    const data = app.service.nest.get(PersonalData);
    const { db } = app.service;
    const digest = (id: string) => db.transaction(async (tx) => (await data.digester(tx, id))('name', 'Zoe'));
    const written = await digest(userId);
    expect(written).toMatch(/^[0-9a-f]{64}$/);
    expect(await digest(userId)).toBe(written);
    expect(await digest(other)).not.toBe(written);
    const found = async () => (await data.digesters(db.manager, userId)).map((make) => make('name', 'Zoe'));
    expect(await found()).toEqual([written]);
    expect(await db.transaction(async (tx) => (await data.digester(tx, userId))('street', 'Zoe'))).not.toBe(written);
    await erase(app, userId);
    expect(await found()).toEqual([]);
    await expect(digest(userId)).rejects.toThrow(PersonErased);
  });

  it('two first messages at the same moment make one key', async () => {
    const userId = uuidv7();
    await Promise.all(Array.from({ length: 4 }, () => write(app, aNote({ userId }))));
    expect(await app.service.db.query('SELECT FROM person_keys')).toHaveLength(1);
    expect((await read(app)).map(({ text }) => text)).toEqual(Array(4).fill('a peculiar zebra'));
  });
});

describe('keys of the installation and personal data', () => {
  const start = (database: TestApp['database'], keys: string) =>
    startApp(diaryApp, { database, env: { ENCRYPTION_KEYS: keys } });

  it('a rotation wraps the keys of persons anew and leaves the values alone', async () => {
    const database = await createTestDatabase();
    const old = await start(database, key('k1'));
    const notes = [aNote({ text: 'one' }), aNote({ text: 'two' }), aNote({ text: 'three' })];
    await write(old, ...notes);
    await erase(old, notes[2]!.userId);
    const values = await old.service.db.query('SELECT text FROM notes ORDER BY id');
    await old.stop({ keepDatabase: true });

    const rotating = await start(database, `${key('k2')},${key('k1')}`);
    const wrapped = () =>
      rotating.service.db.query<{ wrapped_key: string }[]>(
        'SELECT wrapped_key FROM person_keys WHERE erased_at IS NULL',
      );
    await until(async () => (await wrapped()).every((row) => row.wrapped_key.startsWith('k1.k2.')), {
      what: 'all keys under the new one',
    });
    await rotating.stop({ keepDatabase: true });

    const rotated = await start(database, key('k2'));
    expect((await read(rotated)).map(({ text }) => text)).toEqual(['one', 'two', undefined]);
    expect(await rotated.service.db.query('SELECT text FROM notes ORDER BY id')).toEqual(values);
    await rotated.stop();
  });

  it('with a key that is missing, reading waits for it, what can be had again is absent, and writing goes on', async () => {
    const database = await createTestDatabase();
    const newer = await start(database, `${key('k2')},${key('k1')}`);
    const note = aNote();
    await write(newer, note);
    await newer.stop({ keepDatabase: true });

    const older = await start(database, key('k1'));
    const { db, nest } = older.service;
    await expect(read(older)).rejects.toThrow(EncryptionKeyMissing);
    const [row] = await db.query<{ text: string }[]>('SELECT text FROM notes');
    const place = { table: 'notes', id: note.id, userId: note.userId };
    expect(await nest.get(PersonalData).tryDecrypt(db.manager, place, row!)).toEqual({ text: undefined });
    expect(await metric(older, 'encryption_key_missing_total{key="k2"')).toBeGreaterThan(0);
    const later = aNote({ userId: note.userId, text: 'written meanwhile' });
    await write(older, later);
    await older.stop({ keepDatabase: true });

    const both = await start(database, `${key('k2')},${key('k1')}`);
    expect((await read(both)).map(({ text }) => text)).toEqual([note.text, 'written meanwhile']);
    await both.stop();
  });
});

it('a job holds no personal field: its payload lies in the database as it is', () => {
  const define = () => defineJob('send', z.object({ note: z.object({ text: personal(z.string()) }) }));
  expect(define).toThrow('The payload of the job send holds a personal field (note.text)');
});
