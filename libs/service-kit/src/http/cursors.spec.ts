import type { Actor } from '@switchboard/contracts';
import { startApp, type TestApp } from '@switchboard/testing';
import { v7 as uuidv7 } from 'uuid';
import { ListNotes, notesApp, WriteNote } from '../../test/notes.app';

const anna: Actor = { kind: 'person', id: 'anna', roles: [], scopes: ['notes:*'] };

describe('a list in pages', () => {
  let app: TestApp;
  const list = (query: { after?: string; limit?: number; words?: string } = {}, actor = anna) =>
    app.gateway.call(ListNotes, { query: { limit: 2, ...query } }, { actor });
  const texts = ({ data }: Awaited<ReturnType<typeof list>>) => data.map(({ text }) => text);
  const refused = { status: 400, problem: { code: 'invalid_cursor' } };

  beforeAll(async () => {
    app = await startApp(notesApp);
    for (const text of ['one', 'two', 'three', 'four', 'five']) {
      await app.gateway.call(WriteNote, { body: { text }, idempotencyKey: uuidv7() });
    }
  });
  afterAll(() => app.stop());

  it('is read forwards and backwards, and knows where it ends', async () => {
    const first = await list();
    const second = await list({ after: first.page.next! });
    const third = await list({ after: second.page.next! });
    expect([first, second, third].map(texts)).toEqual([['one', 'two'], ['three', 'four'], ['five']]);
    expect([first.page.prev, third.page.next]).toEqual([null, null]);
    const back = await list({ after: third.page.prev! });
    expect(texts(back)).toEqual(['three', 'four']);
    const home = await list({ after: back.page.prev! });
    expect(texts(home)).toEqual(['one', 'two']);
    expect(home.page.prev).toBeNull();
    expect(texts(await list({ after: home.page.next! }))).toEqual(['three', 'four']);
  });

  it('that is just full ends there', async () => {
    expect((await list({ limit: 5 })).page.next).toBeNull();
  });

  it('takes several values of a filter', async () => {
    expect(texts(await list({ words: 'two,five' }))).toEqual(['two', 'five']);
    const headers = await app.as('gateway', anna);
    const twice = await fetch(`${app.url}/notes?words=two&words=five`, { headers });
    expect(texts((await twice.json()) as never)).toEqual(['two', 'five']);
  });

  it('is left by a cursor only where it was entered', async () => {
    const { next } = (await list({ words: 'one,two,three' })).page;
    expect(texts(await list({ words: 'one,two,three', after: next! }))).toEqual(['three']);
    await expect(list({ after: next! })).rejects.toMatchObject(refused);
    await expect(list({ words: 'one', after: next! })).rejects.toMatchObject(refused);
    await expect(list({ words: 'one,two,three', after: next! }, { ...anna, id: 'boris' })).rejects.toMatchObject(
      refused,
    );
    const forged = `${next!.slice(0, -2)}${next!.endsWith('AA') ? 'BB' : 'AA'}`;
    await expect(list({ words: 'one,two,three', after: forged })).rejects.toMatchObject(refused);
  });

  it('is begun anew after a day', async () => {
    const { next } = (await list()).page;
    app.clock.advance(23 * 60 * 60 * 1000);
    expect(texts(await list({ after: next! }))).toEqual(['three', 'four']);
    app.clock.advance(2 * 60 * 60 * 1000);
    await expect(list({ after: next! })).rejects.toMatchObject(refused);
  });

  it('goes on under a new key as long as the old one is there', async () => {
    const { next } = (await list()).page;
    const older = `test:${Buffer.alloc(32, 7).toString('base64')}`;
    const newer = `newer:${Buffer.alloc(32, 8).toString('base64')}`;
    const more = { database: app.database, clock: app.clock };
    const rotated = await startApp(notesApp, { ...more, env: { ENCRYPTION_KEYS: `${newer},${older}` } });
    const page = await rotated.gateway.call(ListNotes, { query: { limit: 2, after: next! } }, { actor: anna });
    expect(texts(page)).toEqual(['three', 'four']);
    expect(page.page.next).toMatch(/^v1\.newer\./);
    await rotated.stop({ keepDatabase: true });
  });
});
