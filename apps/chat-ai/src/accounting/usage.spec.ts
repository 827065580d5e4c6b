import { type Actor, ReadUsage, ReadUsageSeries } from '@switchboard/contracts';
import { startApp, type TestApp } from '@switchboard/testing';
import { v7 as uuidv7 } from 'uuid';
import { rowsOf } from '../../test/build';
import { chatAiApp } from '../chat-ai.app';

describe('usage, for charts', () => {
  let app: TestApp;
  const anna = uuidv7();

  beforeAll(async () => {
    app = await startApp(chatAiApp);
    await used('2026-03-28T22:30:00Z', 'desk', 'small', 10);
    await used('2026-03-28T23:30:00Z', 'desk', 'small', 20, { userId: anna });
    await used('2026-03-29T00:30:00Z', 'desk', 'large', 300);
    await used('2026-03-29T21:59:59Z', 'desk', 'small', 40, { purpose: 'summary' });
    await used('2026-03-29T22:00:00Z', 'desk', 'small', 50);
    await used('2026-03-29T12:00:00Z', 'shop', 'small', 6, { priceKnown: false });
  });
  afterAll(() => app.stop());

  const used = (at: string, botId: string, model: string, micros: number, more: object = {}) => {
    const row = { purpose: 'turn', userId: uuidv7(), priceKnown: true, ...more } as Record<string, unknown>;
    return rowsOf(
      app,
      `INSERT INTO usages (id, purpose, bot_id, user_id, model, input_tokens, cached_input_tokens, output_tokens, cost_micros,
         price_known, estimated, outcome, duration_ms, created_at)
       VALUES ($1, $2, $3, $4, $5, 100, 10, 5, $6, $7, false, 'answered', 1, $8)`,
      [uuidv7(), row['purpose'], botId, row['userId'], model, micros, row['priceKnown'], at],
    );
  };
  const period = { from: '2026-03-28T00:00:00Z', to: '2026-03-31T00:00:00Z' };
  const series = (more: object = {}, actor?: Actor) =>
    app.gateway.call(ReadUsageSeries, { query: { ...period, ...more } }, actor && { actor });
  const costs = async (more: object = {}, actor?: Actor) =>
    (await series(more, actor)).points.map(({ at, botId, model, costMicros }) => [
      at.toISOString(),
      botId,
      model,
      costMicros,
    ]);

  it('a day begins when it does in the zone of who asks, also where it has 23 hours', async () => {
    expect(await costs({ zone: 'Europe/Berlin', botId: 'desk' })).toEqual([
      ['2026-03-27T23:00:00.000Z', 'desk', 'small', 10],
      ['2026-03-28T23:00:00.000Z', 'desk', 'large', 300],
      ['2026-03-28T23:00:00.000Z', 'desk', 'small', 60],
      ['2026-03-29T22:00:00.000Z', 'desk', 'small', 50],
    ]);
    expect(await costs({ zone: 'Asia/Kolkata', step: 'hour', botId: 'shop' })).toEqual([
      ['2026-03-29T11:30:00.000Z', 'shop', 'small', 6],
    ]);
  });

  it('the points of a period are the ledger, to the micro-dollar', async () => {
    const { points } = await series({ step: 'hour' });
    const [ledger] = await rowsOf<{ cost: number; input: number }>(
      app,
      'SELECT sum(cost_micros)::int AS cost, sum(input_tokens)::int AS input FROM usages',
    );
    expect(points.reduce((sum, { costMicros }) => sum + costMicros, 0)).toBe(ledger!.cost);
    expect(points.reduce((sum, { inputTokens }) => sum + inputTokens, 0)).toBe(ledger!.input);
    expect(points.filter(({ callsWithoutPrice }) => callsWithoutPrice > 0)).toMatchObject([{ botId: 'shop' }]);
    const { totals } = await app.gateway.call(ReadUsage, { query: period });
    expect(totals.reduce((sum, { costMicros }) => sum + costMicros, 0)).toBe(ledger!.cost);
  });

  it('it is asked for one model, one purpose or one person', async () => {
    expect((await costs({ model: 'large' })).map(([, , , micros]) => micros)).toEqual([300]);
    expect((await costs({ purpose: 'summary' })).map(([, , , micros]) => micros)).toEqual([40]);
    expect((await costs({ userId: anna })).map(([, , , micros]) => micros)).toEqual([20]);
  });

  it('who may see some bots only sees what these have used', async () => {
    const actor: Actor = { kind: 'staff', id: 'sam', roles: [], scopes: ['usage:read'], bots: ['shop'] };
    expect((await costs({}, actor)).map(([, botId]) => botId)).toEqual(['shop']);
    expect(await costs({ botId: 'desk' }, actor)).toEqual([]);
    const { totals } = await app.gateway.call(ReadUsage, { query: period }, { actor });
    expect(totals.map(({ botId }) => botId)).toEqual(['shop']);
  });

  it.each([
    ['a zone that is none', { zone: 'Mars/Olympus' }, '/zone'],
    ['an offset in place of a zone', { zone: '+03:00' }, '/zone'],
    ['an end before the beginning', { to: '2026-03-27T00:00:00Z' }, '/to'],
    ['too many hours', { step: 'hour', to: '2026-06-01T00:00:00Z' }, '/to'],
    ['too many days', { to: '2028-01-01T00:00:00Z' }, '/to'],
    ['another step', { step: 'week' }, '/step'],
  ])('%s does not fit', async (_, query, pointer) => {
    await expect(series(query)).rejects.toMatchObject({
      status: 422,
      problem: { errors: expect.arrayContaining([expect.objectContaining({ pointer })]) as object },
    });
  });
});
