import { type Actor, ReadMyStatistics } from '@switchboard/contracts';
import { startApp, type TestApp } from '@switchboard/testing';
import { type Deed, happened, userId } from '../../test/deeds';
import { analyticsApp } from '../analytics.app';

let app: TestApp;
beforeAll(async () => {
  app = await startApp(analyticsApp);
});
afterAll(() => app.stop());

const person = (who: number): Actor => ({ kind: 'person', id: userId(who), roles: [], scopes: ['me:*'] });
const month = (who: number, query: { month: string; zone?: string }) =>
  app.gateway.call(ReadMyStatistics, { query }, { actor: person(who) });

describe('a person’s own month', () => {
  const practice = (who: number, from: string, to: string): Deed[] => [
    { who, at: from, bot: 'calm', type: 'chat-ai.practice.started' },
    { who, at: to, bot: 'calm', type: 'chat-ai.practice.finished', props: { percent: 100 } },
  ];

  it('shows three practices as three sessions, with their minutes and on the days of the zone', async () => {
    await happened(app, [
      ...practice(1, '2026-03-05T07:00:00Z', '2026-03-05T07:12:00Z'),
      ...practice(1, '2026-03-05T19:00:00Z', '2026-03-05T19:20:00Z'),
      // In Berlin it is half past eleven in the evening; it goes on into the next day, and belongs to the first.
      ...practice(1, '2026-03-06T22:30:00Z', '2026-03-06T23:05:00Z').map((deed, i) => ({
        ...deed,
        at: i === 0 ? '2026-03-06T22:40:00Z' : '2026-03-06T23:05:00Z',
      })),
      ...practice(2, '2026-03-05T07:00:00Z', '2026-03-05T07:12:00Z'),
    ]);
    const statistics = await month(1, { month: '2026-03', zone: 'Europe/Berlin' });
    expect(statistics).toMatchObject({ isCounted: true, total: { sessions: 3, minutes: 57, practices: 3 } });
    expect(statistics.days).toEqual([
      { day: '2026-03-05', sessions: 2, minutes: 32, practices: 2, messages: 0, tokens: 0, costMicros: 0 },
      { day: '2026-03-06', sessions: 1, minutes: 25, practices: 0, messages: 0, tokens: 0, costMicros: 0 },
      { day: '2026-03-07', sessions: 0, minutes: 0, practices: 1, messages: 0, tokens: 0, costMicros: 0 },
    ]);
  });

  it('is that of the month alone, whose first and last session may reach over its ends', async () => {
    await happened(app, [
      { who: 3, at: '2026-03-31T23:50:00Z', bot: 'calm' },
      { who: 3, at: '2026-04-01T00:10:00Z', bot: 'calm' },
      { who: 3, at: '2026-04-30T23:55:00Z', bot: 'calm' },
      { who: 3, at: '2026-05-01T00:15:00Z', bot: 'calm' },
      {
        who: 3,
        at: '2026-04-10T10:00:00Z',
        bot: 'calm',
        type: 'chat-ai.usage.recorded',
        props: { inputTokens: 10, outputTokens: 5, costMicros: 7 },
      },
    ]);
    const { total } = await month(3, { month: '2026-04' });
    // The session of the night before is one of March, though a message of it is one of April.
    expect(total).toEqual({ sessions: 1, minutes: 20, messages: 2, practices: 0, tokens: 15, costMicros: 7 });
    expect((await month(3, { month: '2026-03' })).total).toMatchObject({ sessions: 1, minutes: 20, messages: 1 });
  });

  it('is empty of who did not agree, and says so', async () => {
    expect(await month(9, { month: '2026-03' })).toMatchObject({ isCounted: false, days: [], total: { sessions: 0 } });
  });

  it('is nobody else’s: a statement that asks for all rows sees those of the person', async () => {
    const [row] = await app.service.db.transaction(async (tx) => {
      await tx.query(
        `SELECT set_config('app.user_id', $1, true), set_config('role', current_user || '_person', true)`,
        [userId(2)],
      );
      return tx.query<{ people: string[] }[]>('SELECT array_agg(DISTINCT user_id) AS people FROM events');
    });
    expect(row!.people).toEqual([userId(2)]);
  });

  it.each(['2026-13', '2026-3', 'march'])('of %s there is none', async (wrong) => {
    const headers = await app.as('gateway', person(1));
    expect((await fetch(`${app.url}/me/statistics?month=${wrong}`, { headers })).status).toBe(422);
  });
});
