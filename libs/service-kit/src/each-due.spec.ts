import { startApp, type TestApp } from '@switchboard/testing';
import { randomUUID } from 'node:crypto';
import type { EntityManager } from 'typeorm';
import { diaryApp } from '../test/diary.app';
import { eachDue, type EachDueOptions } from './each-due';

const DUE = `SELECT id, title::timestamptz AS at FROM notes WHERE text = 'due' AND title::timestamptz <= $1`;
const NOW = new Date('2026-11-28T12:00:00Z');
const signal = new AbortController().signal;

describe('what is due', () => {
  let app: TestApp;
  beforeAll(async () => {
    app = await startApp(diaryApp);
  });
  beforeEach(() => app.service.db.query('DELETE FROM notes'));
  afterAll(() => app.stop());

  /** Each a second later than the one before, the last of them now. */
  async function aQueue(count: number): Promise<string[]> {
    const ids = Array.from({ length: count }, () => randomUUID());
    for (const [index, id] of ids.entries()) {
      const at = new Date(NOW.getTime() - (count - 1 - index) * 1000).toISOString();
      await app.service.db.query(`INSERT INTO notes VALUES ($1, $1, $2, 'due')`, [id, at]);
    }
    return ids;
  }
  const finish = (tx: EntityManager, id: string) => tx.query(`UPDATE notes SET text = 'done' WHERE id = $1`, [id]);
  const run = (change: (tx: EntityManager, id: string) => Promise<void>, options: Partial<EachDueOptions> = {}) =>
    eachDue(app.service.db, DUE, [NOW], change, { signal, ...options });
  const left = async () => {
    const rows: { id: string }[] = await app.service.db.query(`SELECT id FROM notes WHERE text = 'due' ORDER BY title`);
    return rows.map(({ id }) => id);
  };

  it('is changed, the longest due first, and so much of it at once', async () => {
    const ids = await aQueue(5);
    await run(finish, { atOnce: 3 });
    expect(await left()).toEqual(ids.slice(3));
    await eachDue(app.service.db, DUE, [new Date(NOW.getTime() - 1000)], finish, { signal });
    expect(await left()).toEqual(ids.slice(4));
  });

  it('has its turn whatever is wrong with all that are due before it', async () => {
    const ids = await aQueue(26);
    const failing = ids.slice(0, 25);
    const error: unknown = await run(
      async (tx, id) => {
        await finish(tx, id);
        if (failing.includes(id)) throw new Error(`no ${id}`);
      },
      { atOnce: 4 },
    ).catch((thrown: unknown) => thrown);
    expect(await left()).toEqual(failing);
    expect(error).toMatchObject({ message: '25 of 26 failed' });
    expect((error as AggregateError).errors).toEqual(failing.slice(0, 10).map((id) => new Error(`no ${id}`)));
  });

  it('passes on rows of one and the same moment', async () => {
    const ids = await aQueue(7);
    await app.service.db.query(`UPDATE notes SET title = '2026-11-28T11:00:00.123456Z'`);
    const seen: string[] = [];
    const all = run((_, id) => Promise.reject(new Error(String(seen.push(id)))), { atOnce: 2 });
    await expect(all).rejects.toThrow('7 of 7');
    expect(seen.toSorted()).toEqual(ids.toSorted());
  });

  it('is left for the next run when the signal says so', async () => {
    const ids = await aQueue(4);
    const stopping = new AbortController();
    const started = performance.now();
    await run(
      async (tx, id) => {
        await finish(tx, id);
        if (id === ids[1]) stopping.abort();
      },
      { signal: stopping.signal, pauseMs: 50 },
    );
    expect(await left()).toEqual(ids.slice(2));
    expect(performance.now() - started).toBeGreaterThanOrEqual(45);
  });
});
