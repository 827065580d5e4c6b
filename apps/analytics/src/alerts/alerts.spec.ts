import {
  type Actor,
  AcknowledgeAlert,
  AllowanceChangeRequested,
  AnomalyDetected,
  AnomalyResolved,
  ChangeAlertSettings,
  LiftThrottle,
  ListAlerts,
  NoticeSendRequested,
  ReadAlert,
  ReadAlertSettings,
  SnoozeAlert,
} from '@switchboard/contracts';
import { erasePerson, startApp, type TestApp, until } from '@switchboard/testing';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { v7 as uuidv7 } from 'uuid';
import { aPerson, ask, runScheduled, withdraws } from '../../test/build';
import { analyticsApp } from '../analytics.app';
import { AlertNoticesService, isQuiet } from './alert-notices.service';
import { type AlertState, observed } from './alert.states';
import { AlertsService } from './alerts.service';
import type { Finding } from './finding';

const MINUTE_MS = 60_000;

describe('the states of an alert', () => {
  const after = (looks: string, confirmation = { cleanLooks: 3 } as Parameters<typeof observed>[2]) => {
    let state: AlertState | undefined;
    for (const look of looks) state = observed(state, look === '1', confirmation);
    return state?.state ?? 'ok';
  };

  it.each([
    ['0', 'ok'],
    ['1', 'pending'],
    ['10', 'pending'],
    ['100', 'ok'],
    ['11', 'firing'],
    ['101', 'firing'],
    ['1001', 'pending'],
    ['1100', 'firing'],
    ['11001', 'firing'],
    ['110010', 'firing'],
    ['11000', 'resolved'],
    ['1100100', 'firing'],
    ['11001000', 'resolved'],
  ])('after %s: %s', (looks, state) => expect(after(looks)).toBe(state));

  it('fire at the first sight where a rule needs no second', () => {
    expect(after('1', { atOnce: true, cleanLooks: 1 })).toBe('firing');
    expect(after('10', { atOnce: true, cleanLooks: 1 })).toBe('resolved');
  });
});

describe('quiet hours', () => {
  const quiet = (time: string, zone: string, quietHours = { from: '22:00', to: '08:00' }) =>
    isQuiet({ quietHours, zone }, new Date(time));

  it('are those of the wall clock, also over midnight', () => {
    expect(quiet('2026-11-27T21:59:00Z', 'UTC')).toBe(false);
    expect(quiet('2026-11-27T22:00:00Z', 'UTC')).toBe(true);
    expect(quiet('2026-11-28T07:59:00Z', 'UTC')).toBe(true);
    expect(quiet('2026-11-28T08:00:00Z', 'UTC')).toBe(false);
    expect(quiet('2026-11-27T19:30:00Z', 'Asia/Kolkata')).toBe(true);
    expect(quiet('2026-11-27T12:30:00Z', 'UTC', { from: '12:00', to: '13:00' })).toBe(true);
  });

  it('move with the clocks', () => {
    // Berlin, before and after the clocks are set back on 25 October.
    expect(quiet('2026-10-24T06:30:00Z', 'Europe/Berlin')).toBe(false);
    expect(quiet('2026-10-26T06:30:00Z', 'Europe/Berlin')).toBe(true);
  });
});

let app: TestApp;
beforeAll(async () => {
  app = await startApp(analyticsApp);
  app.clock.set(new Date('2026-11-26T12:00:00Z'));
});
afterAll(() => app.stop());
beforeEach(() => ask(app, 'TRUNCATE alerts, alert_routes, alert_settings'));

const aFinding = (rest: Partial<Finding> = {}): Finding => ({
  rule: 'usage-spike',
  severity: 'critical',
  subject: 'bot:lumen',
  botId: 'lumen',
  measure: 'cost_micros',
  windowSeconds: 300,
  expected: 2_000_000,
  seen: 6_100_000,
  score: 7.3,
  since: new Date(app.clock.now().getTime() - 5 * MINUTE_MS),
  contributors: [{ name: 'gpt-main · turn', expected: 1_800_000, seen: 5_900_000 }],
  ...rest,
});

const service = <T>(type: new (...args: never[]) => T): T => app.service.nest.get(type, { strict: false });
/** One look; a minute later it is over. */
const look = async (findings: Finding[], rules: Finding['rule'][] = ['usage-spike'], cleanLooks = 3) => {
  await app.service.db.transaction((tx) =>
    service(AlertsService).observe(tx, { rules, findings, confirmation: { cleanLooks } }),
  );
  app.clock.advance(MINUTE_MS);
};
const send = () => service(AlertNoticesService).send();
const list = async () => (await app.gateway.call(ListAlerts, {})).data;
const open = async () => (await list())[0]!;
const change = async (rest: object) => {
  const { revision, ...settings } = await app.gateway.call(ReadAlertSettings, {});
  return app.gateway.call(ChangeAlertSettings, { body: { ...settings, ...rest }, ifMatch: `"${revision}"` });
};

/** What was told since the spec began. */
let heard: number;
beforeEach(() => {
  heard = app.probe.all(NoticeSendRequested).length;
});
const told = (count: number) =>
  until(
    () => {
      const all = app.probe.all(NoticeSendRequested).slice(heard);
      return all.length >= count && all;
    },
    { what: `${count} notices` },
  );
const nothingTold = async () => {
  // What is said after it is heard after it.
  await app.probe.say(
    AllowanceChangeRequested({
      userId: uuidv7(),
      botId: 'lumen',
      microsPerDay: null,
      until: '2026-01-01T00:00:00Z',
      reason: 'unusual_usage',
    }),
  );
  expect(app.probe.all(NoticeSendRequested).slice(heard)).toEqual([]);
};

describe('an alert', () => {
  it('is told when it is seen twice, with what, since when, how much, because of what, and what to do', async () => {
    await look([aFinding()]);
    await send();
    expect((await open()).state).toBe('pending');
    await nothingTold();
    await look([aFinding({ seen: 6_500_000 })]);
    await send();
    const [notice] = await told(1);
    const { id } = await open();
    expect(notice!.data.audience).toBe('staff');
    expect(notice!.data.texts.en).toBe(
      [
        '🔴 **Sudden usage of bot lumen**',
        'Since 26 Nov 11:55 UTC: $6.50 instead of $2.00 in 5 min.',
        '- gpt-main · turn: $5.90 instead of $1.80',
        `What to do: docs/runbooks/usage/usage-spike.md · alert ${id}`,
      ].join('\n'),
    );
    expect(notice!.data.texts.ru).toBe(
      [
        '🔴 **Внезапный расход: бот lumen**',
        'С 26 нояб. 11:55 UTC: 6,50 $ вместо 2,00 $ за 5 мин.'.replaceAll(/(?<=\d) (?=\$)/g, '\u00a0'),
        '- gpt-main · turn: 5,90 $ вместо 1,80 $'.replaceAll(/(?<=\d) (?=\$)/g, '\u00a0'),
        `Что делать: docs/runbooks/usage/usage-spike.md · номер ${id}`,
      ].join('\n'),
    );
    const event = await app.probe.until(AnomalyDetected, ({ data }) => data.alertId === id);
    expect(event.data).toMatchObject({ rule: 'usage-spike', severity: 'critical', botId: 'lumen', seen: 6_500_000 });
  });

  it('is one, however often it is seen, and is over after three looks without it', async () => {
    for (let i = 0; i < 6; i++) await look([aFinding()]);
    expect(await list()).toHaveLength(1);
    await send();
    await told(1);
    const { id } = await open();
    for (let i = 0; i < 3; i++) await look([]);
    expect(await open()).toMatchObject({ state: 'resolved', title: { ru: 'Внезапный расход: бот lumen' } });
    await app.probe.until(AnomalyResolved, ({ data }) => data.alertId === id);
    app.clock.advance(10 * MINUTE_MS);
    await send();
    const [, over] = await told(2);
    expect(over!.data.texts.en).toBe('🟢 Over: Sudden usage of bot lumen');
    // And then it may begin anew.
    await look([aFinding()]);
    expect((await list()).map(({ state }) => state)).toEqual(['pending', 'resolved']);
  });

  it('of another rule or bot is another one', async () => {
    const findings = [aFinding(), aFinding({ subject: 'bot:northwind', botId: 'northwind' })];
    await look(findings);
    await look([aFinding({ rule: 'usage-drift', severity: 'warning' })], ['usage-drift']);
    await look(findings);
    expect((await list()).map(({ rule, subject, state }) => [rule, subject, state])).toEqual([
      ['usage-drift', 'bot:lumen', 'pending'],
      ['usage-spike', 'bot:northwind', 'firing'],
      ['usage-spike', 'bot:lumen', 'firing'],
    ]);
  });

  it('is told with others in one message, at most every ten minutes of each severity', async () => {
    const bots = ['a', 'b', 'c', 'd', 'e', 'f', 'g'].map((name) =>
      aFinding({ subject: `bot:${name}`, botId: `bot-${name}` }),
    );
    for (let i = 0; i < 2; i++) await look(bots);
    await send();
    const [first] = await told(1);
    expect(first!.data.texts.en).toContain('bot-e');
    expect(first!.data.texts.en).not.toContain('bot-f');
    expect(first!.data.texts.en).toContain('And 2 more.');
    expect(first!.data.texts.en.length).toBeLessThan(3500);
    const later = aFinding({ subject: 'bot:later', botId: 'later' });
    const warning = aFinding({
      rule: 'usage-ratio',
      severity: 'warning',
      subject: 'bot:lumen · failures',
      measure: 'ratio',
      expected: 0.01,
      seen: 0.25,
    });
    for (let i = 0; i < 2; i++) await look([...bots, later, warning], ['usage-spike', 'usage-ratio']);
    await send();
    // Warnings have a time of their own.
    const [, second] = await told(2);
    expect(second!.data.texts.en).toContain('🟡 **Unusual calls of bot lumen (failures)**');
    expect(second!.data.texts.en).toContain('0.25 instead of 0.01');
    app.clock.advance(9 * MINUTE_MS);
    await send();
    const [, , third] = await told(3);
    expect(third!.data.texts.en).toContain('bot later');
  });

  it('that is only a warning waits for the end of the quiet hours, one that is critical does not', async () => {
    await change({ quietHours: { from: '11:00', to: '12:30' } });
    const warning = aFinding({ rule: 'usage-drift', severity: 'warning' });
    for (let i = 0; i < 2; i++) await look([aFinding(), warning], ['usage-spike', 'usage-drift']);
    await send();
    const [critical] = await told(1);
    expect(critical!.data.texts.en).toContain('🔴');
    expect(critical!.data.texts.en).not.toContain('🟡');
    // Nobody else is told of the critical one afterwards.
    const { id } = (await list()).find(({ severity }) => severity === 'critical')!;
    await app.gateway.call(AcknowledgeAlert, { params: { alertId: id } });
    app.clock.set(new Date('2026-11-26T12:31:00Z'));
    await send();
    const later = await told(2);
    expect(later.map(({ data }) => data.texts.en).join()).toContain('🟡 **Growing usage of bot lumen**');
    app.clock.set(new Date('2026-11-26T12:00:00Z'));
  });

  it('that nobody takes for fifteen minutes is told to others, once', async () => {
    for (let i = 0; i < 2; i++) await look([aFinding()]);
    await send();
    app.clock.advance(14 * MINUTE_MS);
    await send();
    app.clock.advance(MINUTE_MS);
    await send();
    app.clock.advance(30 * MINUTE_MS);
    await send();
    const notices = await told(2);
    expect(notices.map(({ data }) => data.audience)).toEqual(['staff', 'on-call']);
    expect(notices[1]!.data.texts.en).toMatch(/^\*\*Nobody has taken this for 15 minutes/);
    expect(await open()).toMatchObject({ escalatedAt: expect.any(Date) as Date });
  });

  it('that somebody takes, or lets rest, is not told to others', async () => {
    const findings = [aFinding(), aFinding({ subject: 'bot:northwind', botId: 'northwind' })];
    for (let i = 0; i < 2; i++) await look(findings);
    await send();
    await told(1);
    const [first, second] = await list();
    const taken = await app.gateway.call(AcknowledgeAlert, { params: { alertId: first!.id } });
    expect(taken).toMatchObject({ acknowledgedBy: 'staff:root', acknowledgedAt: app.clock.now() });
    const rest = new Date(app.clock.now().getTime() + 60 * MINUTE_MS);
    await app.gateway.call(SnoozeAlert, { params: { alertId: second!.id }, body: { until: rest.toISOString() } });
    app.clock.advance(20 * MINUTE_MS);
    await send();
    heard += 1;
    await nothingTold();
    heard -= 1;
    app.clock.advance(41 * MINUTE_MS);
    await send();
    expect((await told(2))[1]!.data.audience).toBe('on-call');
  });

  it('that becomes critical is told again', async () => {
    for (let i = 0; i < 2; i++) await look([aFinding({ severity: 'warning' })]);
    await send();
    await told(1);
    await look([aFinding()]);
    await send();
    expect((await told(2))[1]!.data.texts.en).toContain('🔴');
    await look([aFinding({ severity: 'warning' })]);
    expect((await open()).severity).toBe('critical');
  });

  it('that is over, or never was, is neither taken nor let rest', async () => {
    for (const findings of [[aFinding()], [aFinding()], [], [], []]) await look(findings);
    const { id } = await open();
    const over = { status: 409, problem: { code: 'analytics.alert_is_over' } };
    await expect(app.gateway.call(AcknowledgeAlert, { params: { alertId: id } })).rejects.toMatchObject(over);
    const body = { until: app.clock.now().toISOString() };
    await expect(app.gateway.call(SnoozeAlert, { params: { alertId: id }, body })).rejects.toMatchObject(over);
    await expect(app.gateway.call(ReadAlert, { params: { alertId: uuidv7() } })).rejects.toMatchObject({ status: 404 });
  });

  it('does not rest for longer than two weeks', async () => {
    await look([aFinding()]);
    const until = new Date(app.clock.now().getTime() + 15 * 86_400_000).toISOString();
    const { id } = await open();
    await expect(app.gateway.call(SnoozeAlert, { params: { alertId: id }, body: { until } })).rejects.toMatchObject({
      status: 422,
    });
  });

  it('is forgotten after a year', async () => {
    for (const findings of [[aFinding()], [aFinding()], [], [], []]) await look(findings);
    await ask(app, `UPDATE alerts SET resolved_at = resolved_at - interval '14 months'`);
    await runScheduled(app, 'forget-old-alerts');
    expect(await list()).toEqual([]);
  });

  it('has a page that says what to do, whatever its rule', () => {
    const rules: Finding['rule'][] = [
      'usage-spike',
      'usage-drift',
      'cost-per-call',
      'usage-ratio',
      'person-usage',
      'usage-absent',
      'bill-mismatch',
    ];
    const pages = join(__dirname, '../../../../docs/runbooks/usage');
    expect(rules.filter((rule) => !existsSync(join(pages, `${rule}.md`)))).toEqual([]);
  });

  it('is told although one was told at a time that has not come yet, by a clock that was ahead', async () => {
    await ask(app, 'INSERT INTO alert_routes VALUES ($1, $2)', ['critical', new Date('2027-11-26T12:00:00Z')]);
    for (let i = 0; i < 2; i++) await look([aFinding()]);
    await send();
    await told(1);
    await ask(app, `UPDATE alerts SET notified_at = '2027-11-26T12:00:00Z'`);
    await send();
    expect((await told(2)).at(-1)!.data).toMatchObject({ audience: 'on-call' });
  });
});

describe('who has withdrawn', () => {
  it('has no alerts any more, and neither has the next one', async () => {
    const people = [await aPerson(app), await aPerson(app)];
    const findings = people.map((userId) => aFinding({ rule: 'person-usage', subject: 'bot:lumen · person', userId }));
    for (const _ of [1, 2]) await look(findings, ['person-usage']);
    const alertsOf = async () => (await list()).filter(({ rule }) => rule === 'person-usage');
    expect((await alertsOf()).map(({ state }) => state)).toEqual(['firing', 'firing']);
    const ids = (await alertsOf()).map(({ id }) => id);
    app.clock.advance(MINUTE_MS);
    for (const userId of people) await withdraws(app, userId);
    await until(async () => (await alertsOf()).every(({ state, userId }) => state === 'resolved' && !userId), {
      what: 'the end of both alerts',
    });
    for (const id of ids) await app.probe.until(AnomalyResolved, ({ data }) => data.alertId === id);
  });
});

describe('who may see one bot only', () => {
  it('sees and takes the alerts of that one', async () => {
    const actor: Actor = { kind: 'staff', id: 'anna', roles: [], scopes: ['alerts:*'], bots: ['lumen'] };
    const findings = [
      aFinding(),
      aFinding({ subject: 'bot:northwind', botId: 'northwind' }),
      aFinding({ subject: 'providers', botId: null }),
    ];
    await look(findings);
    const own = (await app.gateway.call(ListAlerts, {}, { actor })).data;
    expect(own.map(({ subject }) => subject)).toEqual(['bot:lumen']);
    for (const { id, subject } of await list()) {
      const taken = app.gateway.call(AcknowledgeAlert, { params: { alertId: id } }, { actor });
      if (subject === 'bot:lumen') expect(await taken).toMatchObject({ acknowledgedBy: 'staff:anna' });
      else await expect(taken).rejects.toMatchObject({ status: 404 });
    }
    await expect(app.gateway.call(ReadAlertSettings, {}, { actor })).rejects.toMatchObject({ status: 403 });
  });
});

describe('somebody who uses unusually much', () => {
  const ofPerson = (userId: string) =>
    aFinding({
      rule: 'person-usage',
      severity: 'warning',
      subject: 'bot:lumen · person',
      userId,
      suspect: { userId, botId: 'lumen', usualMicros: 50_000 },
    });
  const limits = (userId: string) =>
    app.probe.all(AllowanceChangeRequested).filter(({ data }) => data.userId === userId);

  it('is limited to two usual days, until somebody lifts it', async () => {
    const userId = uuidv7();
    for (let i = 0; i < 3; i++) await look([ofPerson(userId)], ['person-usage']);
    const limit = await app.probe.until(AllowanceChangeRequested, ({ data }) => data.userId === userId);
    const { id, throttledUntil, firedAt } = await open();
    expect(throttledUntil).toEqual(new Date(firedAt!.getTime() + 24 * 60 * MINUTE_MS));
    expect(limit.data).toEqual({
      userId,
      botId: 'lumen',
      microsPerDay: 100_000,
      until: throttledUntil!.toISOString(),
      reason: 'unusual_usage',
    });
    await send();
    expect((await told(1))[0]!.data.texts.en).toContain('Who causes most of it is limited until 27 Nov');
    expect(await app.gateway.call(LiftThrottle, { params: { alertId: id } })).toMatchObject({ throttledUntil: null });
    await until(() => limits(userId).length === 2, { what: 'that it is lifted' });
    expect(limits(userId)[1]!.data.microsPerDay).toBeNull();
  });

  it('is not limited where staff do not want it', async () => {
    await change({ throttle: false });
    const userId = uuidv7();
    for (let i = 0; i < 2; i++) await look([ofPerson(userId)], ['person-usage']);
    await app.probe.until(AnomalyDetected, ({ data }) => data.userId === userId);
    expect(limits(userId)).toEqual([]);
    expect(await open()).toMatchObject({ userId, throttledUntil: null });
  });

  it('is named by nothing that is kept when they are erased', async () => {
    const userId = uuidv7();
    for (let i = 0; i < 2; i++) await look([ofPerson(userId)], ['person-usage']);
    await erasePerson(app, userId);
    const [row] = await ask<{ row: string }>(app, 'SELECT alerts::text AS row FROM alerts');
    expect(row!.row).not.toContain(userId);
  });
});

describe('the settings', () => {
  it('are changed by whoever has seen them', async () => {
    const before = await app.gateway.call(ReadAlertSettings, {});
    expect(before).toMatchObject({ zone: 'UTC', quietHours: null, pageExcessMicrosPerHour: 5_000_000, revision: 0 });
    expect(await change({ zone: 'Europe/Berlin' })).toMatchObject({ zone: 'Europe/Berlin', revision: 1 });
    const { revision: _, ...body } = before;
    await expect(app.gateway.call(ChangeAlertSettings, { body, ifMatch: '"0"' })).rejects.toMatchObject({
      status: 412,
    });
  });

  it.each([
    ['a zone that is none', { zone: 'Mars/Olympus' }],
    ['an offset', { zone: '+03:00' }],
    ['a time that is none', { quietHours: { from: '24:00', to: '08:00' } }],
    ['less than nothing', { warnExcessMicrosPerHour: -1 }],
  ])('with %s are refused', async (_, rest) => {
    await expect(change(rest)).rejects.toMatchObject({ status: 422 });
  });
});
