import { startApp, type TestApp, until } from '@switchboard/testing';
import { ItemSold, shopApp } from '../test/shop.app';

describe('dead letters, as the gateway asks for them', () => {
  let app: TestApp;
  const ask = async (path: string, body?: object) => {
    const headers = { ...(await app.as('gateway')), 'content-type': 'application/json' };
    return fetch(`${app.url}/bus/dead-letters${path}`, {
      headers,
      ...(body && { method: 'POST', body: JSON.stringify(body) }),
    });
  };
  const list = async (query = '') =>
    (await (await ask(query)).json()) as { id: string; subject: string; reason: string; event: { data: unknown } }[];
  const parked = (columns: string) =>
    app.service.db.query(`SELECT ${columns} FROM parked_events ORDER BY id`) as Promise<object[]>;

  beforeAll(async () => {
    app = await startApp(shopApp);
  });
  beforeEach(async () => {
    await app.service.db.query('TRUNCATE parked_events');
    for (let i = 0; i < 3; i++) await app.probe.say(ItemSold({ item: 'ghost' }));
    await until(async () => (await list()).length === 3, { what: 'three dead letters' });
  });
  afterAll(() => app.stop());

  it('are listed in pages', async () => {
    const [first, second, third] = await list();
    expect(first).toMatchObject({ subject: 'ghost', reason: 'permanent', event: { data: { item: 'ghost' } } });
    expect((await list('?limit=2')).map(({ id }) => id)).toEqual([first!.id, second!.id]);
    expect((await list(`?limit=2&after=${second!.id}`)).map(({ id }) => id)).toEqual([third!.id]);
    expect((await ask('?after=yesterday')).status).toBe(400);
  });

  it('are summed up', async () => {
    const [{ oldest, newest, ...group }] = (await (await ask('/summary')).json()) as [Record<string, string>];
    expect(group).toEqual({
      consumer: 'sales',
      type: 'shop.item.sold.v1',
      reason: 'permanent',
      count: 3,
      error: 'PermanentError: ghosts are not sold',
    });
    expect(Date.parse(oldest!)).toBeLessThanOrEqual(Date.parse(newest!));
  });

  it('are replayed no faster than asked', async () => {
    expect(await (await ask('/replay', { reason: 'permanent', perSecond: 0.1 })).json()).toEqual({ replayed: 3 });
    // The first has its turn at once.
    const [, second, third] = await parked(
      `state, extract(epoch FROM due_at - lag(due_at) OVER (ORDER BY id))::int AS later`,
    );
    expect(second).toMatchObject({ state: 'retrying' });
    expect(third).toEqual({ state: 'retrying', later: 10 });
    expect((await ask('/replay', { perSecond: 0 })).status).toBe(400);
  });

  it('are discarded with who and why', async () => {
    const [{ id } = { id: '' }] = await list();
    const why = 'ghosts do not pay';
    expect(await (await ask('/discard', { ids: [id], why, by: 'ops@shop.example' })).json()).toEqual({ discarded: 1 });
    expect(await (await ask('/discard', { consumer: 'sales', why })).json()).toEqual({ discarded: 2 });
    expect(await parked('discarded_by AS by, discarded_why AS why')).toEqual([
      { by: 'ops@shop.example', why },
      { by: 'gateway', why },
      { by: 'gateway', why },
    ]);
    expect((await ask('/discard', { consumer: 'sales' })).status).toBe(400);
  });
});
