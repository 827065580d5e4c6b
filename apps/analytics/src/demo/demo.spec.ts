import { ConsentGiven, type EventDraft, ReadActivity, RemoveDemoEvents, TakeDemoEvents } from '@switchboard/contracts';
import { startApp, tablesWith, type TestApp } from '@switchboard/testing';
import { aMessage, ask, aUsage, eventAt, say } from '../../test/build';
import { analyticsApp } from '../analytics.app';

const DAY_MS = 86_400_000;

let app: TestApp;
beforeAll(async () => {
  app = await startApp(analyticsApp);
});
afterAll(() => app.stop());

/** Ids of the version that says that their person does not exist. */
let ids = 0;
const aDemoId = () => `01900000-0000-8000-8000-${String(++ids).padStart(12, '0')}`;
const ago = (days: number) => new Date(app.clock.now().getTime() - days * DAY_MS);
const asPast = (at: Date, draft: EventDraft) => {
  const { id: _, type, source, subject, time, data } = eventAt(at, draft);
  return { id: aDemoId(), type, source, subject, time, data: data as Record<string, unknown> };
};

const raise = (botId: string, userId: string | null = null) =>
  ask(
    app,
    `INSERT INTO alerts (id, rule, subject, bot_id, user_id, severity, state, recent, clean, measure, window_seconds, expected, seen,
                         contributors, since, last_seen_at)
     VALUES (gen_random_uuid(), 'spike', $1, $1, $2, 'warning', 'firing', '', 0, 'cost', 900, 1, 2, '[]', now(), now())`,
    [botId, userId],
  );

describe('the demo company', () => {
  it('is removed with all that was counted of it, also when that broke off in the middle', async () => {
    const userId = aDemoId();
    const consent = { consentId: aDemoId(), userId, purpose: 'analytics', version: '1', source: 'bot' };
    const events = [
      asPast(ago(5), ConsentGiven({ ...consent, givenAt: ago(5).toISOString() })),
      ...[4, 3, 2].flatMap((days) =>
        [aMessage({ userId }), aUsage({ userId })].map((draft) => asPast(ago(days), draft)),
      ),
    ];
    await say(app, aUsage());
    await raise('played');
    await raise('played', userId);
    await raise('lumen');
    await app.gateway.call(TakeDemoEvents, { body: { events } });
    await ask(
      app,
      `CREATE FUNCTION break_off() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'pulled the plug'; END $$`,
    );
    await ask(
      app,
      `CREATE TRIGGER break_off BEFORE DELETE ON measures FOR EACH ROW WHEN (old.at >= '${ago(3).toISOString().slice(0, 10)}')
       EXECUTE FUNCTION break_off()`,
    );
    await expect(app.gateway.call(RemoveDemoEvents, {})).rejects.toMatchObject({ status: 500 });
    await ask(app, 'DROP TRIGGER break_off ON measures');
    await app.gateway.call(RemoveDemoEvents, {});
    expect(await tablesWith(app, userId)).toEqual([]);
    expect(await ask(app, 'SELECT bot_id FROM alerts')).toEqual([{ bot_id: 'lumen' }]);
    const day = (days: number) => ago(days).toISOString().slice(0, 10);
    const { points } = await app.gateway.call(ReadActivity, { query: { from: day(6), to: day(0) } });
    expect(points.map(({ messages, calls }) => [messages, calls]).slice(0, -1)).toEqual(
      Array.from({ length: 6 }, () => [0, 0]),
    );
    expect(points.at(-1)!.calls).toBe(1);
    // There is nothing left to do.
    expect(await app.gateway.call(RemoveDemoEvents, {})).toEqual({ removed: 0, alerts: 0 });
  });
});
