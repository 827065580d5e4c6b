import { type Actor, MOST_UI_EVENTS, RecordUiEvents } from '@switchboard/contracts';
import { startApp, tablesWith, type TestApp } from '@switchboard/testing';
import { v7 as uuidv7 } from 'uuid';
import { aPerson, ask, clear, measuresOf } from '../../test/build';
import { analyticsApp } from '../analytics.app';

let app: TestApp;
beforeAll(async () => {
  app = await startApp(analyticsApp);
});
afterAll(() => app.stop());
beforeEach(() => clear(app));

const person = (id: string): Actor => ({ kind: 'person', id, roles: [], scopes: ['me:*'] });

type Post = Parameters<typeof app.gateway.call<typeof RecordUiEvents>>[1]['body'];
type Page = Post['events'][number];

const opened = (data: object = { page: 'cabinet', cold: true, ms: 420 }, rest: Partial<Page> = {}): Page => ({
  id: uuidv7(),
  type: 'analytics.page.opened.v1',
  at: app.clock.now().toISOString(),
  data: data as Record<string, unknown>,
  ...rest,
});

const post = (userId: string, events: Page[], rest: Partial<Post> = {}, headers: Record<string, string> = {}) =>
  app.gateway.call(
    RecordUiEvents,
    {
      headers,
      body: { app: 'cabinet', platform: 'web', tzOffset: 180, sentAt: app.clock.now().toISOString(), events, ...rest },
    },
    { actor: person(userId) },
  );

const stored = () =>
  ask<Record<string, unknown>>(app, `SELECT * FROM events WHERE source = 'cabinet' ORDER BY occurred_at`);
const quarantined = () =>
  ask<Record<string, unknown>>(
    app,
    'SELECT type, source, reason, detail, user_id, event FROM quarantined_events ORDER BY id',
  );

describe('what pages say', () => {
  it('is kept with the page it comes from, and counted', async () => {
    const userId = await aPerson(app);
    const sessionId = uuidv7();
    const event = opened();
    const more = { sessionId, appVersion: '1.4.0', locale: 'ru', experiments: { greeting: 'b' } };
    expect(await post(userId, [event], more)).toEqual({ stored: 1, known: 0, quarantined: 0 });
    expect(await stored()).toEqual([
      expect.objectContaining({
        event_id: event.id,
        type: 'analytics.page.opened',
        version: 1,
        source: 'cabinet',
        occurred_at: app.clock.now(),
        user_id: userId,
        session_id: sessionId,
        platform: 'web',
        app_version: '1.4.0',
        locale: 'ru',
        tz_offset: 180,
        experiments: { greeting: 'b' },
        props: { page: 'cabinet', cold: true, ms: 420 },
      }),
    ]);
    expect(await measuresOf(app, 'analytics.page.opened')).toEqual({ events: [1, 0], ms: [1, 420] });
  });

  it('is kept once, also when it is sent again with other times, or twice at once', async () => {
    const userId = await aPerson(app);
    const event = opened();
    await Promise.all([post(userId, [event, event]), post(userId, [event])]);
    app.clock.advance(90_000);
    const again = await post(userId, [{ ...event, at: app.clock.now().toISOString() }]);
    expect(again).toEqual({ stored: 0, known: 1, quarantined: 0 });
    expect(await stored()).toHaveLength(1);
    expect(await measuresOf(app, 'analytics.page.opened')).toMatchObject({ events: [1, 0] });
  });

  it('is quarantined when a field is not described, when no contract knows it, and when words of people are in it', async () => {
    const userId = await aPerson(app);
    const events = [
      opened({ page: 'cabinet', text: 'a peculiar zebra' }),
      opened({ page: 'a peculiar zebra' }),
      opened({}, { type: 'analytics.mind.read.v1' }),
      opened({ page: 'cabinet', friendId: uuidv7(), 'a peculiar zebra': 1 }),
      opened(),
    ];
    expect(await post(userId, events)).toEqual({ stored: 1, known: 0, quarantined: 4 });
    const nobodys = { source: 'cabinet', user_id: null, event: null };
    expect(await quarantined()).toEqual([
      { ...nobodys, type: 'analytics.page.opened.v1', reason: 'invalid', detail: 'data: unrecognized_keys (text)' },
      { ...nobodys, type: 'analytics.page.opened.v1', reason: 'invalid', detail: 'page: invalid_format' },
      { ...nobodys, type: 'analytics.mind.read.v1', reason: 'unknown_type', detail: 'no contract describes it' },
      {
        ...nobodys,
        type: 'analytics.page.opened.v1',
        reason: 'invalid',
        detail: 'data: unrecognized_keys (friendId, …)',
      },
    ]);
    expect(await tablesWith(app, 'zebra')).toEqual([]);
  });

  it('is not kept of who has not consented, and not of a browser that asks for it', async () => {
    const nothing = { stored: 0, known: 0, quarantined: 0 };
    const other = uuidv7();
    expect(await post(other, [opened(), opened({ no: 1 })])).toEqual(nothing);
    const userId = await aPerson(app);
    expect(await post(userId, [opened()], {}, { dnt: '1' })).toEqual(nothing);
    expect(await post(userId, [opened()], {}, { 'sec-gpc': '1' })).toEqual(nothing);
    expect([await stored(), await quarantined()]).toEqual([[], []]);
    expect(await measuresOf(app, 'analytics.page.opened')).toEqual({});
    expect(await post(userId, [opened()], {}, { dnt: '0' })).toMatchObject({ stored: 1 });
  });

  it('has the time of our clock where that of the page is wrong', async () => {
    const userId = await aPerson(app);
    const now = app.clock.now().getTime();
    const onPage = (ms: number) => new Date(now + 26 * 3_600_000 + ms).toISOString();
    await post(userId, [opened(undefined, { at: onPage(-5000) })], { sentAt: onPage(0) });
    expect((await stored())[0]).toMatchObject({ occurred_at: new Date(now - 5000) });
    const early = opened(undefined, { at: new Date(now + 600_000).toISOString() });
    expect(await post(userId, [early])).toMatchObject({ quarantined: 1 });
  });

  it('comes in posts of a size that is known, from people only', async () => {
    const userId = await aPerson(app);
    const many = Array.from({ length: MOST_UI_EVENTS + 1 }, () => opened());
    await expect(post(userId, many)).rejects.toMatchObject({ status: 422 });
    await expect(post(userId, [opened({ page: 'x'.repeat(70_000) })])).rejects.toMatchObject({
      status: 413,
      problem: { code: 'analytics.ui_events_too_large' },
    });
    const body = { app: 'cabinet', sentAt: app.clock.now().toISOString(), events: [opened()] };
    await expect(app.gateway.call(RecordUiEvents, { body })).rejects.toMatchObject({
      status: 403,
      problem: { code: 'analytics.not_a_person' },
    });
  });
});
