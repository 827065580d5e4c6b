import type { Actor } from '@switchboard/contracts';
import { startApp, type TestApp, until } from '@switchboard/testing';
import { v7 as uuidv7 } from 'uuid';
import { notesApp, NoteWritten, pause, WriteNote } from '../../test/notes.app';
import { DomainError } from '../errors';
import { Idempotency } from './idempotency';

const anna: Actor = { kind: 'person', id: 'anna', roles: [], scopes: ['notes:write'] };
const boris: Actor = { ...anna, id: 'boris' };

describe('an idempotent route', () => {
  let app: TestApp;
  beforeAll(async () => {
    app = await startApp(notesApp, { events: [NoteWritten] });
  });
  afterAll(() => app.stop());
  afterEach(() => {
    pause.beforeCommit = () => Promise.resolve();
    pause.beforeTransaction = () => Promise.resolve();
  });

  const post = async (path: string, key: string, text: string, as = anna) => {
    const response = await fetch(`${app.url}${path}`, {
      method: 'POST',
      headers: { ...(await app.as('gateway', as)), 'content-type': 'application/json', 'idempotency-key': key },
      body: JSON.stringify({ text }),
    });
    const body = (await response.json()) as { noteId: string; code?: string };
    return { status: response.status, headers: response.headers, body };
  };
  const write = (key: string, text = 'Buy milk', as = anna) => post('/notes', key, text, as);
  const written = async () => {
    const [row] = await app.service.db.query<{ count: number }[]>('SELECT count(*)::int AS count FROM notes');
    return row!.count;
  };

  it('asked twice does its work once and answers the same', async () => {
    const key = uuidv7();
    const before = await written();
    const first = await write(key);
    const second = await write(key);
    expect(second).toMatchObject({ status: 201, body: first.body });
    expect([first, second].map(({ headers }) => headers.get('idempotency-replayed'))).toEqual([null, 'true']);
    expect(second.headers.get('etag')).toBe(first.headers.get('etag'));
    expect(await written()).toBe(before + 1);
    const marker = await write(uuidv7());
    await app.probe.until(NoteWritten, ({ data }) => data.noteId === marker.body.noteId);
    expect(app.probe.all(NoteWritten).filter(({ data }) => data.noteId === first.body.noteId)).toHaveLength(1);
  });

  it('refuses a key that belongs to something else', async () => {
    const key = uuidv7();
    await write(key);
    expect(await write(key, 'Buy oat milk')).toMatchObject({ status: 422, body: { code: 'idempotency_key_reused' } });
  });

  it('gives nobody the answer of somebody else', async () => {
    const key = uuidv7();
    const [hers, his] = [await write(key), await write(key, 'Buy milk', boris)];
    expect(his.status).toBe(201);
    expect(his.body.noteId).not.toBe(hers.body.noteId);
  });

  it('sends a second caller away while the first is being answered', async () => {
    const key = uuidv7();
    const before = await written();
    let go = () => {};
    let begun = false;
    pause.beforeCommit = () =>
      new Promise((resolve) => {
        begun = true;
        go = resolve;
      });
    const first = write(key);
    await until(() => begun, { what: 'the first request' });
    const second = await write(key);
    expect(second).toMatchObject({ status: 409, body: { code: 'request_in_progress' } });
    expect(second.headers.get('retry-after')).toBe('1');
    go();
    pause.beforeCommit = () => Promise.resolve();
    const answered = await first;
    expect((await write(key)).body).toEqual(answered.body);
    expect(await written()).toBe(before + 1);
  });

  it('that failed did nothing, and is done when it is asked again', async () => {
    const key = uuidv7();
    const before = await written();
    pause.beforeCommit = () => Promise.reject(new Error('killed in the middle'));
    expect((await write(key)).status).toBe(500);
    expect((await write(key, 'xyzzy')).status).toBe(500);
    pause.beforeCommit = () => Promise.resolve();
    expect(await write(key, 'xyzzy')).toMatchObject({ status: 409, body: { code: 'notes.forbidden_word' } });
    expect(await written()).toBe(before);
    expect((await write(key)).status).toBe(201);
    expect(await written()).toBe(before + 1);
  });

  it.each(['', 'short', 'with spaces in it, sixteen long', 'x'.repeat(256)])('refuses "%s" for a key', async (key) => {
    expect(await write(key)).toMatchObject({ status: 400, body: { code: 'malformed_idempotency_key' } });
  });

  describe('that asks somebody first', () => {
    const copy = (key: string, text = 'Buy milk') => post('/copies', key, text);

    it('holds no connection to the database while it waits for them', async () => {
      const { promise, resolve } = Promise.withResolvers<void>();
      let waiting = 0;
      pause.beforeTransaction = () => {
        waiting++;
        return promise;
      };
      const copies = Array.from({ length: 25 }, () => copy(uuidv7()));
      try {
        await until(() => waiting === copies.length, { what: 'more than the pool has connections' });
        expect((await write(uuidv7())).status).toBe(201);
      } finally {
        resolve();
      }
      expect((await Promise.all(copies)).map(({ status }) => status)).toEqual(copies.map(() => 200));
    });

    it('asked twice asks nobody again, and does its work once', async () => {
      let asked = 0;
      pause.beforeTransaction = async () => void asked++;
      const key = uuidv7();
      const before = await written();
      const [first, second] = [await copy(key), await copy(key)];
      expect(second.body).toEqual(first.body);
      expect(second.headers.get('idempotency-replayed')).toBe('true');
      expect([asked, await written()]).toEqual([1, before + 1]);
      expect(await copy(key, 'Buy tea')).toMatchObject({ status: 422, body: { code: 'idempotency_key_reused' } });
    });

    it('answers as before when it is refused for what the same request has done meanwhile', async () => {
      const { promise, resolve } = Promise.withResolvers<void>();
      const key = uuidv7();
      let began = false;
      pause.beforeTransaction = () => {
        began = true;
        return promise.then(() => Promise.reject(new DomainError('notes.forbidden_word', 'It is there', 409)));
      };
      const late = copy(key);
      await until(() => began, { what: 'the check of the first' });
      pause.beforeTransaction = () => Promise.resolve();
      const first = await copy(key);
      resolve();
      expect(await late).toMatchObject({ status: 200, body: first.body });
      pause.beforeTransaction = () => Promise.reject(new DomainError('notes.forbidden_word', 'No', 409));
      expect(await copy(uuidv7())).toMatchObject({ status: 409, body: { code: 'notes.forbidden_word' } });
    });
  });

  it('keeps its answers unreadable, and not for ever', async () => {
    await write(uuidv7(), 'Meet Chloe at nine');
    const rows = await app.service.db.query<object[]>('SELECT * FROM idempotency_keys');
    expect(JSON.stringify(rows)).not.toContain('Chloe');
    const idempotency = app.service.nest.get(Idempotency);
    expect(await idempotency.forgetBefore(new Date(app.clock.now().getTime() - 1000))).toBe(0);
    const later = new Date(app.clock.now().getTime() + 1000);
    expect(await idempotency.forgetBefore(later)).toBe(rows.length);
  });

  it('keeps its answers readable when the keys are rotated', async () => {
    const key = uuidv7();
    const first = await write(key);
    const keys = [8, 7].map((byte) => Buffer.alloc(32, byte).toString('base64'));
    const more = {
      database: app.database,
      clock: app.clock,
      env: { ENCRYPTION_KEYS: `newer:${keys[0]},test:${keys[1]}` },
    };
    const rotated = await startApp(notesApp, more);
    const older = async () => {
      const sql = `SELECT FROM idempotency_keys WHERE answer NOT LIKE 'r1.newer.%'`;
      return (await rotated.service.db.query<object[]>(sql)).length;
    };
    await until(async () => (await older()) === 0, { what: 'the rotation' });
    const { noteId } = await rotated.gateway.call(
      WriteNote,
      { body: { text: 'Buy milk' }, idempotencyKey: key },
      { actor: anna },
    );
    expect(noteId).toBe(first.body.noteId);
    await rotated.stop({ keepDatabase: true });
  });
});
