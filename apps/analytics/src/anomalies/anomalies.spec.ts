import {
  AddKnownPeriod,
  AllowanceChangeRequested,
  ListAlerts,
  ListKnownPeriods,
  NoticeSendRequested,
  RecordProviderBill,
  RemoveKnownPeriod,
} from '@switchboard/contracts';
import { startApp, type TestApp, until } from '@switchboard/testing';
import { v7 as uuidv7 } from 'uuid';
import { ask, aUsage, clear, eventAt, runScheduled } from '../../test/build';
import { AlertNoticesService } from '../alerts/alert-notices.service';
import { analyticsApp } from '../analytics.app';
import { EventsService } from '../events/events.service';
import { AnomaliesService } from './anomalies.service';
import { PersonUsageService } from './person-usage.service';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
/** Some days after the clocks were changed in Europe; each fact has a day of its own, because what is usual is kept for an hour. */
let NOW = new Date('2026-10-26T14:00:00Z');

let app: TestApp;
beforeAll(async () => {
  app = await startApp(analyticsApp);
});
afterAll(() => app.stop());
beforeEach(async () => {
  NOW = new Date(NOW.getTime() + DAY_MS);
  app.clock.set(NOW);
  await clear(app);
  await ask(app, 'TRUNCATE alerts, alert_routes, alert_settings, known_periods');
});

const service = <T>(type: new (...args: never[]) => T): T => app.service.nest.get(type, { strict: false });
const alerts = async () =>
  (await app.gateway.call(ListAlerts, {})).data.map(({ rule, subject, severity, state }) => ({
    rule,
    subject,
    severity,
    state,
  }));

/**
 * Weeks of usage as it is counted: 80 calls of 20,000 micros each five minutes, a tenth of it at night.
 * @param which for minutes only the hours around the present are looked at, for hours only quarters of hours
 */
const history = (weeks: number, which: 'for minutes' | 'for hours' = 'for minutes') =>
  ask(
    app,
    `INSERT INTO measures (minutes, type, measure, at, bot_id, platform, kind, model, outcome, le, events, total)
     SELECT minutes, 'chat-ai.usage.recorded', measure, date_bin(minutes * interval '1 minute', at, '2000-01-01Z'), 'lumen', '', 'turn', 'gpt-main',
       'answered', 0, sum(calls)::bigint, sum(calls * each)::bigint
     FROM unnest($3::smallint[]) AS minutes,
       (VALUES ('events', 0), ('inputTokens', 1500), ('cachedInputTokens', 600), ('outputTokens', 300), ('costMicros', 20000)) AS m (measure, each),
       (SELECT at, ((CASE WHEN extract(hour FROM at) BETWEEN 7 AND 22 THEN 80 ELSE 8 END) * (1 + 0.1 * sin(extract(epoch FROM at) / 777)))::integer AS calls
        FROM generate_series($1::timestamptz, $2::timestamptz - interval '5 minutes', interval '5 minutes') AS at
        WHERE $4 OR extract(hour FROM at) BETWEEN 11 AND 16) AS slot
     GROUP BY 1, 3, 4`,
    [
      new Date(NOW.getTime() - weeks * 7 * DAY_MS),
      NOW,
      which === 'for minutes' ? [5, 15] : [15],
      which === 'for hours',
    ],
  );

/** What happens now, as events. */
const use = async (calls: number, rest: Parameters<typeof aUsage>[0] = {}, at = app.clock.now()) => {
  const events = Array.from({ length: calls }, () =>
    eventAt(
      at,
      aUsage({
        model: 'gpt-main',
        purpose: 'turn',
        inputTokens: 1500,
        cachedInputTokens: 600,
        outputTokens: 300,
        costMicros: 20_000,
        ...rest,
      }),
    ),
  );
  await app.service.db.transaction((tx) => service(EventsService).receive(tx, events));
};

/** Sixteen calls, then a minute passes, and is looked at. */
const minute = async (calls = 16, rest: Parameters<typeof aUsage>[0] = {}) => {
  await use(calls, rest, new Date(app.clock.now().getTime() + 30_000));
  app.clock.advance(MINUTE_MS);
  await service(AnomaliesService).lookAtMinutes();
  await service(AlertNoticesService).send();
};

describe('usage', () => {
  it('that trebles is told within ten minutes, and whoever caused it is limited', async () => {
    await history(6);
    const userId = uuidv7();
    await ask(app, `INSERT INTO consents VALUES ($1, true, '1', 'bot', $2)`, [userId, NOW]);
    const before = app.probe.all(NoticeSendRequested).length;
    const notices = () => app.probe.all(NoticeSendRequested).slice(before);
    for (let i = 0; i < 4; i++) await minute();
    expect(await alerts()).toEqual([]);
    let minutes = 0;
    while (notices().length === 0 && minutes < 15) {
      await minute(16, { userId, inputTokens: 4500, cachedInputTokens: 1800, outputTokens: 900, costMicros: 60_000 });
      minutes++;
      if ((await alerts())[0]?.state === 'firing') await until(() => notices().length > 0, { what: 'the notice' });
    }
    expect(minutes).toBeLessThanOrEqual(10);
    expect(notices()[0]!.data.texts.en).toContain('gpt-main · turn: ');
    while ((await alerts())[0]!.severity !== 'critical' && minutes < 10) {
      await minute(16, { userId, costMicros: 60_000 });
      minutes++;
    }
    expect(await alerts()).toEqual([
      { rule: 'usage-spike', subject: 'bot:lumen', severity: 'critical', state: 'firing' },
    ]);
    const { data } = await app.probe.until(AllowanceChangeRequested, (event) => event.data.userId === userId);
    expect(data).toMatchObject({ botId: 'lumen', microsPerDay: 40_000 });
  });

  it('that ends is told within a quarter of an hour', async () => {
    await history(6);
    for (let i = 0; i < 15; i++) await minute(0);
    expect(await alerts()).toEqual([
      { rule: 'usage-absent', subject: 'bot:lumen', severity: 'critical', state: 'firing' },
    ]);
    for (let i = 0; i < 15; i++) await minute();
    expect(await alerts()).toMatchObject([{ state: 'resolved' }]);
  });

  it('of a bot that is a day old wakes nobody', async () => {
    await history(1 / 7);
    for (let i = 0; i < 3; i++) await minute(100);
    // With one day there is one hour to compare with, and nobody is woken.
    expect((await alerts()).filter(({ severity }) => severity === 'critical')).toEqual([]);
  });

  it('that nobody has ever seen wakes nobody', async () => {
    for (let i = 0; i < 3; i++) await minute(100);
    await service(AnomaliesService).lookAtHours();
    await service(AnomaliesService).lookAtPersons();
    expect(await alerts()).toEqual([]);
  });

  it('is looked at by the clock, once for each minute, however many processes there are', async () => {
    await history(6);
    await Promise.all(
      ['watch-usage', 'watch-usage-drift', 'watch-person-usage', 'send-alerts'].map((job) => runScheduled(app, job)),
    );
    expect(await alerts()).toEqual([]);
  });

  it('is compared by the wall clock of the zone that staff have chosen', async () => {
    // In Berlin it was 15:00 all these weeks, while in UTC the first of them lie an hour earlier.
    await history(6);
    await ask(
      app,
      `UPDATE measures SET events = events / 10, total = total / 10 WHERE minutes = 5
         AND extract(hour FROM at AT TIME ZONE 'Europe/Berlin') = 15`,
    );
    await ask(app, `INSERT INTO alert_settings VALUES (1, 'Europe/Berlin', NULL, 1000000, 5000000, true, 24, 1)`);
    for (let i = 0; i < 8; i++) await minute();
    expect(await alerts()).toEqual([expect.objectContaining({ rule: 'usage-spike', state: 'firing' })]);
  });
});

describe('a time that is out of the ordinary for a known reason', () => {
  const period = (from: number, to: number, botId: string | null = 'lumen') => ({
    body: {
      botId,
      from: new Date(NOW.getTime() + from).toISOString(),
      to: new Date(NOW.getTime() + to).toISOString(),
      label: 'Launch of the new menu',
    },
    idempotencyKey: uuidv7(),
  });

  it('raises no alert, and is listed until it is removed', async () => {
    await history(6);
    const { id } = await app.gateway.call(AddKnownPeriod, period(0, HOUR_MS));
    for (let i = 0; i < 5; i++) await minute(160);
    expect(await alerts()).toEqual([]);
    const { data } = await app.gateway.call(ListKnownPeriods, {});
    expect(data).toEqual([expect.objectContaining({ id, label: 'Launch of the new menu', createdBy: 'staff:root' })]);
    await app.gateway.call(RemoveKnownPeriod, { params: { periodId: id } });
    for (let i = 0; i < 5; i++) await minute(160);
    expect(await alerts()).toHaveLength(1);
  });

  it('has an end after its beginning', async () => {
    await expect(app.gateway.call(AddKnownPeriod, period(HOUR_MS, 0))).rejects.toMatchObject({ status: 422 });
  });
});

describe('usage that changes slowly', () => {
  const lately = (change: string, hours = 48) =>
    ask(app, `UPDATE measures SET ${change} AND at >= $1`, [new Date(NOW.getTime() - hours * HOUR_MS)]);
  const twoHours = async () => {
    for (let i = 0; i < 2; i++) await service(AnomaliesService).lookAtHours();
    return (await alerts()).map(({ rule, subject, severity, state }) => [rule, subject, severity, state].join(', '));
  };

  beforeEach(() => history(4, 'for hours'));

  it('is none as long as nothing has changed', async () => {
    expect(await twoHours()).toEqual([]);
  });

  it('is told when there is more of it for two days', async () => {
    await lately('events = events * 1.4, total = total * 1.4 WHERE TRUE');
    expect(await twoHours()).toEqual(['usage-drift, bot:lumen, warning, firing']);
  });

  it('is told when calls cost more', async () => {
    await lately(`total = total * 1.25 WHERE measure = 'costMicros'`, 12);
    expect(await twoHours()).toContain('cost-per-call, bot:lumen, warning, firing');
  });

  it.each([
    ['failures', `outcome = 'timed_out' WHERE measure = 'events' AND extract(minute FROM at) < 30`],
    ['cached input', `total = total / 20 WHERE measure = 'cachedInputTokens'`],
    ['output per input', `total = total * 3 WHERE measure = 'outputTokens'`],
  ])('is told when calls become others: %s', async (name, change) => {
    await lately(change, 1);
    expect(await twoHours()).toEqual([`usage-ratio, bot:lumen · ${name}, warning, firing`]);
  });
});

describe('a person', () => {
  const person = async (micros: readonly number[]) => {
    const userId = uuidv7();
    await ask(app, `INSERT INTO consents VALUES ($1, true, '1', 'bot', $2)`, [userId, NOW]);
    for (const [daysAgo, costMicros] of micros.entries())
      if (costMicros > 0) await store(userId, costMicros, new Date(NOW.getTime() - daysAgo * DAY_MS - HOUR_MS));
    return userId;
  };
  /** Older than what is still taken from the bus. */
  const store = (userId: string, costMicros: number, at: Date) =>
    ask(
      app,
      `INSERT INTO events (event_id, occurred_at, received_at, user_id, version, type, source, bot_id, props)
       VALUES ($1, $2, $2, $3, 1, 'chat-ai.usage.recorded', 'chat-ai', 'lumen', $4)`,
      [uuidv7(), at, userId, JSON.stringify({ costMicros })],
    );
  const look = () => service(AnomaliesService).lookAtPersons();

  beforeEach(async () => {
    // A crowd of 300 person-days of a cent or two.
    await use(1, {}, NOW);
    await ask(
      app,
      `INSERT INTO events (event_id, occurred_at, received_at, user_id, version, type, source, bot_id, props)
       SELECT gen_random_uuid(), $1::timestamptz - (1 + i % 10) * interval '1 day', $1, gen_random_uuid(), 1, 'chat-ai.usage.recorded', 'chat-ai', 'lumen',
         jsonb_build_object('costMicros', 10000 + i * 30)
       FROM generate_series(1, 300) AS i`,
      [NOW],
    );
  });

  it('who uses much more than others, and than they do themselves, is told and limited', async () => {
    const unusual = await person([900_000, 20_000, 30_000, 10_000]);
    const always = await person([900_000, ...Array<number>(14).fill(800_000)]);
    const modest = await person([15_000]);
    await look();
    app.clock.advance(10 * MINUTE_MS);
    await look();
    const found = (await app.gateway.call(ListAlerts, {})).data;
    expect(found.map(({ userId, state }) => [userId, state])).toEqual([[unusual, 'firing']]);
    expect(found[0]).toMatchObject({ rule: 'person-usage', severity: 'warning', seen: 900_000, expected: 20_000 });
    expect([always, modest]).not.toContain(found[0]!.userId);
    const { data } = await app.probe.until(AllowanceChangeRequested, (event) => event.data.userId === unusual);
    expect(data.microsPerDay).toBe(40_000);
  });
});

describe('who caused a sudden usage', () => {
  const MINUTE_AGO = () => new Date(NOW.getTime() - MINUTE_MS);
  const cause = (from: Date) => service(PersonUsageService).causeOf('lumen', from, app.clock.now());
  const someone = async () => {
    const userId = uuidv7();
    await ask(app, `INSERT INTO consents VALUES ($1, true, '1', 'bot', $2)`, [userId, NOW]);
    return userId;
  };

  it('is nobody who is known, where those who have not consented used most', async () => {
    const known = await someone();
    await use(1, { userId: known }, MINUTE_AGO());
    await use(20, { userId: uuidv7() }, MINUTE_AGO());
    const hourAgo = new Date(NOW.getTime() - HOUR_MS);
    expect(await cause(hourAgo)).toBeUndefined();
    await use(30, { userId: known }, MINUTE_AGO());
    expect(await cause(hourAgo)).toMatchObject({ userId: known });
  });

  it('is found also where a night lies between', async () => {
    const [known, other] = [await someone(), await someone()];
    NOW = new Date(`${new Date(NOW.getTime() + DAY_MS).toISOString().slice(0, 10)}T00:10:00Z`);
    app.clock.set(NOW);
    const before = new Date(NOW.getTime() - 20 * MINUTE_MS);
    await use(3, { userId: known }, before);
    await use(3, { userId: known }, MINUTE_AGO());
    await use(4, { userId: other }, MINUTE_AGO());
    expect(await cause(new Date(NOW.getTime() - HOUR_MS))).toMatchObject({ userId: known });
    NOW = new Date(`${NOW.toISOString().slice(0, 10)}T14:00:00Z`);
  });
});

describe('the bill of the providers', () => {
  const day = (ago: number) => new Date(NOW.getTime() - ago * DAY_MS).toISOString().slice(0, 10);
  const yesterday = () => day(1);
  const bill = (day: string, costMicros: number) =>
    app.gateway.call(RecordProviderBill, { params: { day }, body: { costMicros } });
  const counted = async (day: string) => (await bill(day, 0)).countedMicros;

  it('that differs by more than three parts of a hundred raises an alert, until one fits', async () => {
    await history(1, 'for hours');
    const usual = await counted(yesterday());
    expect(usual).toBeGreaterThan(1_000_000);
    expect(await bill(yesterday(), Math.round(usual * 1.02))).toMatchObject({ alerts: false });
    expect(await bill(yesterday(), Math.round(usual * 1.1))).toMatchObject({
      alerts: true,
      difference: expect.closeTo(-0.0909, 3) as number,
    });
    expect(await alerts()).toMatchObject([
      { rule: 'bill-mismatch', severity: 'critical', state: 'firing' },
      { state: 'resolved' },
    ]);
    // Of another day: its alert is another one.
    await bill(day(2), await counted(day(2)));
    expect(await alerts()).toMatchObject([
      { subject: `providers · ${day(2)}`, state: 'resolved' },
      { subject: `providers · ${yesterday()}`, state: 'firing' },
      { subject: `providers · ${yesterday()}`, state: 'resolved' },
    ]);
    await bill(yesterday(), usual);
    expect((await alerts()).map(({ state }) => state)).not.toContain('firing');
  });

  it('of a day of which nothing is kept any more is refused', async () => {
    await expect(bill(day(800), 5)).rejects.toMatchObject({
      status: 422,
      problem: { code: 'analytics.days_not_kept' },
    });
    expect(await alerts()).toEqual([]);
  });

  it('of a day that is not over is refused', async () => {
    await expect(bill(day(0), 5)).rejects.toMatchObject({
      status: 422,
      problem: { code: 'analytics.day_is_not_over' },
    });
  });
});
