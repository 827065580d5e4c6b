import { DiscardDeadLetters, ListDeadLetters, ReplayDeadLetters, SummarizeDeadLetters } from '@switchboard/contracts';
import { startApp, type TestApp, until } from '@switchboard/testing';
import { ItemSold, shopApp } from '../../test/shop.app';

describe('dead letters, as an operator asks for them', () => {
  let app: TestApp;
  const service = 'shop';
  const anna = { kind: 'staff' as const, id: 'anna', roles: ['developer'], scopes: ['dead-letters:*'] };
  const list = (query: { limit?: number; after?: string } = {}) =>
    app.gateway.call(ListDeadLetters, { service, query }, { actor: anna });
  const parked = (columns: string) =>
    app.service.db.query(`SELECT ${columns} FROM parked_events ORDER BY id`) as Promise<object[]>;

  beforeAll(async () => {
    app = await startApp(shopApp);
  });
  beforeEach(async () => {
    await app.service.db.query('TRUNCATE parked_events');
    for (let i = 0; i < 3; i++) await app.probe.say(ItemSold({ item: 'ghost' }));
    await until(async () => (await list()).data.length === 3, { what: 'three dead letters' });
  });
  afterAll(() => app.stop());

  it('are listed in pages', async () => {
    const { data, page } = await list();
    expect(page).toEqual({ next: null, prev: null });
    expect(data[0]).toMatchObject({ subject: 'ghost', reason: 'permanent', event: { data: { item: 'ghost' } } });
    const first = await list({ limit: 2 });
    expect(first.data.map(({ id }) => id)).toEqual(data.slice(0, 2).map(({ id }) => id));
    const second = await list({ limit: 2, after: first.page.next! });
    expect(second.data.map(({ id }) => id)).toEqual([data[2]!.id]);
    expect(second.page.next).toBeNull();
  });

  it('are summed up', async () => {
    const { groups } = await app.gateway.call(SummarizeDeadLetters, { service });
    const [{ oldest, newest, ...group } = { oldest: 0, newest: -1 }] = groups;
    expect(group).toEqual({
      consumer: 'sales',
      type: 'shop.item.sold.v1',
      reason: 'permanent',
      count: 3,
      error: 'PermanentError: ghosts are not sold',
    });
    expect(+oldest).toBeLessThanOrEqual(+newest);
  });

  it('are replayed no faster than asked', async () => {
    const body = { reason: 'permanent', perSecond: 0.1 };
    expect(await app.gateway.call(ReplayDeadLetters, { service, body })).toEqual({ replayed: 3 });
    // The first has its turn at once.
    const [, second, third] = await parked(
      `state, extract(epoch FROM due_at - lag(due_at) OVER (ORDER BY id))::int AS later`,
    );
    expect(second).toMatchObject({ state: 'retrying' });
    expect(third).toEqual({ state: 'retrying', later: 10 });
    await expect(app.gateway.call(ReplayDeadLetters, { service, body: { perSecond: 0 } })).rejects.toMatchObject({
      status: 422,
    });
  });

  it('are discarded with who and why', async () => {
    const [{ id } = { id: '' }] = (await list()).data;
    const why = 'ghosts do not pay';
    const byAnna = app.gateway.call(DiscardDeadLetters, { service, body: { ids: [id], why } }, { actor: anna });
    expect(await byAnna).toEqual({ discarded: 1 });
    const rest = app.gateway.call(DiscardDeadLetters, { service, body: { consumer: 'sales', why } });
    expect(await rest).toEqual({ discarded: 2 });
    expect(await parked('discarded_by AS by, discarded_why AS why')).toEqual([
      { by: 'staff:anna', why },
      { by: 'staff:root', why },
      { by: 'staff:root', why },
    ]);
  });

  it('are nothing to people who may not see them', async () => {
    const support = { ...anna, scopes: ['users:read'] };
    const ask = app.gateway.call(ListDeadLetters, { service }, { actor: support });
    await expect(ask).rejects.toMatchObject({ status: 403, problem: { code: 'forbidden' } });
  });
});
