import { startApp, type TestApp } from '@switchboard/testing';
import fc from 'fast-check';
import { DateTime } from 'luxon';
import { type Deed, happened, userId } from '../../test/deeds';
import * as reference from '../../test/reference';
import { analyticsApp } from '../analytics.app';
import { type FunnelQuestion, FunnelsService } from './funnels.service';
import { GrowthService } from './growth.service';
import { averageOf, type RetentionQuestion, RetentionService } from './retention.service';
import type { Scope } from './scope';

let app: TestApp;
let bots = 0;
beforeAll(async () => {
  app = await startApp(analyticsApp);
});
afterAll(() => app.stop());

const berlin = (local: string) => DateTime.fromISO(local, { zone: 'Europe/Berlin' }).toMillis();

/** What people do in a bot of their own, and questions about it. */
async function inBot(deeds: readonly Deed[]) {
  const bot = `bot-${++bots}`;
  const own = deeds.map((deed) => ({ ...deed, bot }));
  if (own.length > 0) await happened(app, own);
  const scope = (about: Partial<Scope>): Scope => ({
    ...{ zone: 'UTC', from: '2026-03-01', to: '2026-03-31', bots: [bot], now: new Date('2026-06-01T12:00:00Z') },
    ...about,
  });
  const get = <Service>(type: new (...args: never[]) => Service) => app.service.nest.get(type, { strict: false });
  return {
    bot,
    growth: (about: Partial<Scope> = {}) => get(GrowthService).days(app.service.db.manager, scope(about)),
    people: (about: Partial<Scope> = {}) => get(GrowthService).people(app.service.db.manager, scope(about)),
    retention: (question: Partial<RetentionQuestion> = {}, about: Partial<Scope> = {}) =>
      get(RetentionService).cohorts(app.service.db.manager, scope(about), {
        ...{ kind: 'calendar', cohort: 'day', days: [1] },
        ...question,
      }),
    stays: (about: Partial<Scope> = {}) => get(RetentionService).stays(app.service.db.manager, scope(about)),
    funnel: (question: Partial<FunnelQuestion> = {}, about: Partial<Scope> = {}) =>
      app.service.db.transaction((tx) =>
        get(FunnelsService).run(tx, scope(about), {
          ...{
            steps: ['a', 'b'],
            exclude: [],
            order: 'sequential',
            windowMs: 3_600_000,
            per: 'person',
            completeWindows: true,
          },
          ...question,
        }),
      ),
  };
}

type Asked = Awaited<ReturnType<typeof inBot>>;
const dauOf = async (asked: Asked, about: Partial<Scope>) =>
  (await asked.growth(about)).map(({ day, dau }) => [day, dau]).filter(([, dau]) => dau !== 0);

describe('a day', () => {
  it('is one of the zone, also where clocks change: it has 23 hours in spring and 25 in autumn', async () => {
    const asked = await inBot([
      { who: 1, at: '2026-03-28T22:59:00Z' },
      { who: 2, at: '2026-03-28T23:00:00Z' },
      { who: 3, at: '2026-03-29T21:59:00Z' },
      { who: 4, at: '2026-03-29T22:00:00Z' },
      { who: 5, at: '2026-10-24T22:00:00Z' },
      { who: 6, at: '2026-10-25T22:59:00Z' },
      { who: 7, at: '2026-10-25T23:00:00Z' },
    ]);
    const zone = 'Europe/Berlin';
    expect(await dauOf(asked, { zone, from: '2026-03-27', to: '2026-03-31' })).toEqual([
      ['2026-03-28', 1],
      ['2026-03-29', 2],
      ['2026-03-30', 1],
    ]);
    expect(await dauOf(asked, { zone, from: '2026-10-24', to: '2026-10-27', now: new Date('2026-12-01') })).toEqual([
      ['2026-10-25', 2],
      ['2026-10-26', 1],
    ]);
  });

  it.each([
    ['Pacific/Kiritimati', '2026-06-02'],
    ['Etc/GMT+12', '2026-05-31'],
    ['Asia/Kathmandu', '2026-06-01'],
    ['UTC', '2026-06-01'],
  ])('of %s: half past ten in UTC on the first of June is on %s', async (zone, day) => {
    const asked = await inBot([{ who: 1, at: '2026-06-01T10:30:00Z' }]);
    const about = { zone, from: '2026-05-30', to: '2026-06-03', now: new Date('2026-06-10') };
    expect(await dauOf(asked, about)).toEqual([[day, 1]]);
    expect((await asked.retention({}, about)).map(({ start }) => start)).toEqual([day]);
  });

  it('of Kathmandu begins a quarter past six in the evening', async () => {
    const asked = await inBot([
      { who: 1, at: '2026-05-31T18:14:59Z' },
      { who: 2, at: '2026-05-31T18:15:00Z' },
    ]);
    const about = { zone: 'Asia/Kathmandu', from: '2026-05-31', to: '2026-06-01' };
    expect(await dauOf(asked, about)).toEqual([
      ['2026-05-31', 1],
      ['2026-06-01', 1],
    ]);
  });

  it('that begins twice, because clocks are put back at one in the morning, begins with the first midnight', async () => {
    const asked = await inBot([
      { who: 1, at: '2026-11-01T03:59:00Z' },
      { who: 2, at: '2026-11-01T04:00:00Z' },
      { who: 3, at: '2026-11-01T05:30:00Z' },
    ]);
    const about = { zone: 'America/Havana', from: '2026-10-31', to: '2026-11-01', now: new Date('2026-12-01') };
    expect(await dauOf(asked, about)).toEqual([
      ['2026-10-31', 1],
      ['2026-11-01', 2],
    ]);
  });
});

describe('growth', () => {
  /** 1 comes daily for a while, 2 once and again after 14 silent days, 3 once and again after 13. */
  const DEEDS: Deed[] = [
    ...['01', '02', '03'].map((day) => ({ who: 1, at: `2026-03-${day}T09:00:00Z` })),
    { who: 2, at: '2026-03-01T10:00:00Z' },
    { who: 2, at: '2026-03-16T10:00:00Z' },
    { who: 3, at: '2026-03-01T11:00:00Z' },
    { who: 3, at: '2026-03-15T11:00:00Z' },
    // Notices are no activity.
    { who: 4, at: '2026-03-02T11:00:00Z', type: 'bot-adapter.message.delivered' },
  ];

  it('tells new people from those who were there, and those from others who come back', async () => {
    const days = await (await inBot(DEEDS)).growth();
    const on = (day: string) => days.find((one) => one.day === `2026-03-${day}`);
    expect(on('01')).toMatchObject({ dau: 3, new: 3, retained: 0, resurrected: 0, dormant: 0 });
    expect(on('02')).toMatchObject({ dau: 1, new: 0, retained: 1, resurrected: 0 });
    // 13 silent days are no absence, 14 are one.
    expect(on('15')).toMatchObject({ dau: 1, retained: 1, resurrected: 0, dormant: 1 });
    expect(on('16')).toMatchObject({ dau: 1, retained: 0, resurrected: 1, dormant: 0 });
    // Who was last there on the third is dormant on the seventeenth.
    expect(on('17')).toMatchObject({ dau: 0, dormant: 1 });
  });

  it('counts weeks of 7 days and months of 30', async () => {
    const days = await (await inBot(DEEDS)).growth({ to: '2026-04-16' });
    const series = (key: 'wau' | 'mau') => Object.fromEntries(days.map((day) => [day.day.slice(5), day[key]]));
    expect([series('wau')['03-07'], series('wau')['03-08'], series('wau')['03-10']]).toEqual([3, 1, 0]);
    expect([series('wau')['03-15'], series('wau')['03-16'], series('wau')['03-22'], series('wau')['03-23']]).toEqual([
      ...[1, 2, 1, 0],
    ]);
    expect([series('mau')['04-01'], series('mau')['04-02'], series('mau')['04-14'], series('mau')['04-15']]).toEqual([
      ...[3, 2, 1, 0],
    ]);
  });

  it('knows who came before the period: nobody is new twice', async () => {
    const days = await (await inBot(DEEDS)).growth({ from: '2026-03-15' });
    expect(days[0]).toMatchObject({ day: '2026-03-15', dau: 1, new: 0, retained: 1, mau: 3 });
    expect(days[1]).toMatchObject({ new: 0, resurrected: 1 });
  });

  it('has the whole month before the first day of the period: the first of March is in it on the thirtieth', async () => {
    const asked = await inBot([{ who: 1, at: '2026-03-01T00:00:00Z' }]);
    expect((await asked.growth({ from: '2026-03-30' })).map(({ mau }) => mau)).toEqual([1, 0]);
  });

  it('counts a day that began, and none that did not', async () => {
    const days = await (await inBot(DEEDS)).growth({ now: new Date('2026-03-02T00:00:01Z') });
    expect(days.map(({ day }) => day)).toEqual(['2026-03-01', '2026-03-02']);
  });

  it('is empty where there is nothing', async () => {
    const asked = await inBot([]);
    expect((await asked.growth({ to: '2026-03-02' })).map(({ mau, dormant }) => [mau, dormant])).toEqual([
      [0, 0],
      [0, 0],
    ]);
    expect(await asked.retention()).toEqual([]);
    expect(await asked.stays()).toEqual([]);
    expect(await asked.people()).toBe(0);
  });
});

describe('retention', () => {
  const sharesOf = (cohorts: Awaited<ReturnType<Asked['retention']>>) =>
    cohorts.map(({ start, people, cells }) => [
      start,
      people,
      cells.map(({ mature, active }) => `${active}/${mature}`),
    ]);

  it('who comes at 23:45 and stays until 00:01 is back on the calendar, and not after 24 hours', async () => {
    const asked = await inBot([
      { who: 1, at: berlin('2026-03-10T23:45') },
      { who: 1, at: berlin('2026-03-11T00:01') },
      { who: 2, at: berlin('2026-03-10T23:45') },
      { who: 2, at: berlin('2026-03-11T23:45') },
    ]);
    const about = { zone: 'Europe/Berlin' };
    expect(sharesOf(await asked.retention({}, about))).toEqual([['2026-03-10', 2, ['2/2']]]);
    expect(sharesOf(await asked.retention({ kind: 'hours24' }, about))).toEqual([['2026-03-10', 2, ['1/2']]]);
  });

  it('24 hours are 24 hours, also on the day that has 23', async () => {
    const asked = await inBot([
      { who: 1, at: berlin('2026-03-28T12:00') },
      { who: 1, at: berlin('2026-03-29T12:00') },
      { who: 2, at: berlin('2026-03-28T12:00') },
      { who: 2, at: berlin('2026-03-29T13:00') },
    ]);
    expect(sharesOf(await asked.retention({ kind: 'hours24' }, { zone: 'Europe/Berlin' }))).toEqual([
      ['2026-03-28', 2, ['1/2']],
    ]);
  });

  /** Two come on the first of March and one on the second. */
  const DEEDS: Deed[] = [
    ...['01', '02', '04', '08'].map((day) => ({ who: 1, at: `2026-03-${day}T09:00:00Z` })),
    ...['01', '11'].map((day) => ({ who: 2, at: `2026-03-${day}T09:00:00Z` })),
    ...['02', '05'].map((day) => ({ who: 3, at: `2026-03-${day}T09:00:00Z` })),
  ];

  it('is told by day, by day or later, and by brackets', async () => {
    const asked = await inBot(DEEDS);
    const days = [1, 3, 7];
    expect(sharesOf(await asked.retention({ days }))).toEqual([
      ['2026-03-01', 2, ['1/2', '1/2', '1/2']],
      ['2026-03-02', 1, ['0/1', '1/1', '0/1']],
    ]);
    expect(sharesOf(await asked.retention({ days, kind: 'rolling' }))).toEqual([
      ['2026-03-01', 2, ['2/2', '2/2', '2/2']],
      ['2026-03-02', 1, ['1/1', '1/1', '0/1']],
    ]);
    // 1, 2–3, 4–7, 8–14, 15–30
    expect(sharesOf(await asked.retention({ kind: 'brackets' }))).toEqual([
      ['2026-03-01', 2, ['1/2', '1/2', '1/2', '1/2', '0/2']],
      ['2026-03-02', 1, ['0/1', '1/1', '0/1', '0/1', '0/1']],
    ]);
  });

  it('counts only those for whom the day is over, and averages over cohorts of which it is for all', async () => {
    const asked = await inBot(DEEDS);
    // The ninth is over, the tenth is not.
    const about = { now: new Date('2026-03-10T23:59:00Z') };
    const cohorts = await asked.retention({ days: [1, 8] }, about);
    expect(sharesOf(cohorts)).toEqual([
      ['2026-03-01', 2, ['1/2', '0/2']],
      ['2026-03-02', 1, ['0/1', '0/0']],
    ]);
    expect(cohorts[1]!.cells.map(({ isMature }) => isMature)).toEqual([true, false]);
    expect(averageOf(cohorts).map(({ active, mature }) => `${active}/${mature}`)).toEqual(['1/3', '0/2']);
    // In a week of both cohorts the eighth day is over for two of three.
    const [, week] = await asked.retention({ days: [8], cohort: 'week' }, about);
    expect(week).toMatchObject({ start: '2026-03-02', people: 1, cells: [{ mature: 0, isMature: false }] });
  });

  it('takes the first day in life, not the first in the period', async () => {
    const asked = await inBot(DEEDS);
    expect(await asked.retention({}, { from: '2026-03-03' })).toEqual([]);
  });

  it('who comes late changes the past: an earlier event moves its person into another cohort', async () => {
    const asked = await inBot(DEEDS);
    await happened(app, [{ who: 3, at: '2026-03-01T08:00:00Z', bot: asked.bot }]);
    expect(sharesOf(await asked.retention())).toEqual([['2026-03-01', 3, ['2/3']]]);
  });

  it('what comes twice counts once', async () => {
    const twice = DEEDS.map((deed, i) => ({
      ...deed,
      id: `018f0000-0000-7000-8000-0000000000${String(i).padStart(2, '0')}`,
    }));
    const asked = await inBot(twice);
    const before = [await asked.growth(), await asked.retention({ days: [1, 3, 7] })];
    await happened(
      app,
      twice.toReversed().map((deed) => ({ ...deed, bot: asked.bot })),
    );
    expect([await asked.growth(), await asked.retention({ days: [1, 3, 7] })]).toEqual(before);
  });
});

describe('survival', () => {
  it('ends with the last active day before 14 silent ones; who was not silent for so long is still there', async () => {
    const asked = await inBot([
      // Left after the third day of life, although they came back later.
      ...['01', '04', '25'].map((day) => ({ who: 1, at: `2026-03-${day}T09:00:00Z` })),
      // 13 silent days are none.
      ...['01', '15', '20'].map((day) => ({ who: 2, at: `2026-03-${day}T09:00:00Z` })),
    ]);
    const stays = async (now: string) =>
      (await asked.stays({ now: new Date(now) })).map(({ time, happened: left }) => [time, left]);
    expect(await stays('2026-04-03T12:00:00Z')).toEqual([
      [3, true],
      [19, false],
    ]);
    // The fourteenth silent day, the third of April, is over.
    expect(await stays('2026-04-04T00:00:00Z')).toEqual([
      [3, true],
      [19, true],
    ]);
  });
});

describe('a funnel over stored events', () => {
  const countsOf = ({ steps }: Awaited<ReturnType<Asked['funnel']>>) => steps.map(({ count }) => count);

  it('joins events of the same moment in the order of their ids', async () => {
    const at = '2026-03-10T10:00:00Z';
    const [first, second] = [1, 2].map((n) => `018f1000-0000-7000-8000-00000000000${n}`);
    const asked = await inBot([
      { who: 1, at, type: 'a', id: first! },
      { who: 1, at, type: 'b', id: second! },
    ]);
    expect(countsOf(await asked.funnel())).toEqual([1, 1]);
    expect(countsOf(await asked.funnel({ steps: ['b', 'a'] }))).toEqual([1, 0]);
  });

  it('tells times between steps, who is left out, and whose window is open', async () => {
    const at = (minute: number) => Date.parse('2026-03-10T10:00:00Z') + minute * 60_000;
    const asked = await inBot([
      ...[10, 20, 30].flatMap((minutes, who) => [
        { who, at: at(0), type: 'a' },
        { who, at: at(minutes), type: 'b' },
      ]),
      { who: 3, at: at(0), type: 'a' },
      { who: 3, at: at(61), type: 'b' },
      { who: 4, at: at(0), type: 'a' },
      { who: 4, at: at(1), type: 'x' },
      { who: 5, at: at(2), type: 'a' },
    ]);
    const now = new Date(at(61));
    const result = await asked.funnel({ exclude: ['x'] }, { now });
    expect(result).toMatchObject({ excluded: 1, incomplete: 1 });
    expect(countsOf(result)).toEqual([4, 3]);
    expect(result.steps[1]).toMatchObject({ medianMs: 20 * 60_000, p90Ms: 28 * 60_000 });
    expect(countsOf(await asked.funnel({ exclude: ['x'], completeWindows: false }, { now }))).toEqual([5, 3]);
  });

  it('may be one of sessions: 30 minutes of silence end one', async () => {
    const at = (minute: number) => Date.parse('2026-03-10T10:00:00Z') + minute * 60_000;
    const asked = await inBot([
      { who: 1, at: at(0), type: 'a' },
      { who: 1, at: at(31), type: 'b' },
      { who: 2, at: at(0), type: 'a' },
      { who: 2, at: at(30) },
      { who: 2, at: at(31), type: 'b' },
      { who: 3, at: at(0), type: 'a' },
      { who: 3, at: at(60), type: 'a' },
      { who: 3, at: at(61), type: 'b' },
    ]);
    expect(countsOf(await asked.funnel({ per: 'session' }))).toEqual([4, 2]);
    expect(countsOf(await asked.funnel())).toEqual([3, 3]);
  });
});

describe('the statements', () => {
  const ZONES = ['UTC', 'Europe/Berlin', 'Asia/Kolkata', 'Pacific/Kiritimati', 'Etc/GMT+12', 'America/St_Johns'];
  const BEGIN = Date.parse('2026-03-20T00:00:00Z');
  const deeds = fc.array(
    fc.record({
      who: fc.integer({ min: 1, max: 4 }),
      // Days around the change of clocks, mostly near midnight somewhere.
      hour: fc.integer({ min: 0, max: 45 * 24 }),
      minute: fc.constantFrom(0, 14, 15, 30, 59),
    }),
    { minLength: 1, maxLength: 16 },
  );
  const situation = fc.record({
    deeds,
    zone: fc.constantFrom(...ZONES),
    from: fc.constantFrom('2026-03-15', '2026-03-25', '2026-04-10'),
    to: fc.constantFrom('2026-04-10', '2026-05-20'),
    nowDay: fc.integer({ min: 10, max: 70 }),
  });

  const factsOf = (some: { who: number; hour: number; minute: number }[]) =>
    some.map(({ who, hour, minute }, i) => ({
      id: `018f${String(++bots).padStart(4, '0')}-0000-7000-8000-${String(i).padStart(12, '0')}`,
      ...{ type: 'message', userId: userId(who), who },
      at: BEGIN + (hour * 60 + minute) * 60_000,
      receivedAt: 0,
    }));

  it('say what the definitions say, whatever happened', async () => {
    await fc.assert(
      fc.asyncProperty(situation, async ({ deeds: some, zone, from, to, nowDay }) => {
        const now = BEGIN + nowDay * 86_400_000;
        const facts = factsOf(some).filter(({ at }) => at <= now);
        const asked = await inBot(facts.map(({ who, at, id }) => ({ who, at, id })));
        const question = { zone, from, to, now };
        const about = { zone, from, to, now: new Date(now) };
        expect(await asked.growth(about)).toEqual(reference.growth(facts, question));
        for (const kind of ['calendar', 'rolling', 'hours24'] as const) {
          const of = { kind, cohort: 'week', days: [0, 1, 2, 7, 13] } as const;
          const brackets = of.days.map((n) => ({ from: n, to: n }));
          expect(await asked.retention({ ...of, days: [...of.days] }, about)).toEqual(
            reference.retention(facts, { ...question, ...of }, brackets),
          );
        }
        const inOrder = (stays: { days: number; hasLeft: boolean }[]) => stays.map((one) => JSON.stringify(one)).sort();
        const stays = (await asked.stays(about)).map(({ time, happened: hasLeft }) => ({ days: time, hasLeft }));
        expect(inOrder(stays)).toEqual(inOrder(reference.stays(facts, question)));
      }),
      { numRuns: 40 },
    );
  });

  it('do not mind in which order, in how many parts and how often events come', async () => {
    await fc.assert(
      fc.asyncProperty(deeds, fc.integer(), async (some, seed) => {
        const facts = factsOf(some).map(({ who, at, id }) => ({ who, at, id }));
        const asked = await inBot(facts);
        const before = [
          await asked.growth({ to: '2026-05-10' }),
          await asked.retention({ kind: 'brackets', cohort: 'week' }),
        ];
        const again = inSomeOrder([...facts, ...facts], seed);
        const other = await inBot([]);
        // Ids are those of the first bot, whose events are the same: here they are others.
        const moved = again.map((deed) => ({ ...deed, id: `ffff${deed.id.slice(4)}`, bot: other.bot }));
        for (const part of [moved.slice(0, seed & 7), moved.slice(seed & 7)])
          if (part.length > 0) await happened(app, part);
        expect([
          await other.growth({ to: '2026-05-10' }),
          await other.retention({ kind: 'brackets', cohort: 'week' }),
        ]).toEqual(before);
      }),
      { numRuns: 15 },
    );
  });
});

const inSomeOrder = <T>(items: readonly T[], seed: number): T[] =>
  items
    .map((item, i) => ({ item, key: (i * 2654435761 + seed) % 1009 }))
    .sort((a, b) => a.key - b.key)
    .map(({ item }) => item);
