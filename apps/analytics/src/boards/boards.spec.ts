import {
  type Actor,
  ListDefinitions,
  ListRates,
  PutRate,
  ReadActivity,
  ReadBusiness,
  ReadFunnel,
  ReadGrowth,
  ReadModelUsage,
  ReadOverview,
  ReadPersonUsage,
  ReadRetention,
  ReadRevenue,
  ReadShopPage,
  ReadSurvival,
} from '@switchboard/contracts';
import { FakeClock, startApp, type TestApp } from '@switchboard/testing';
import { runScheduled } from '../../test/build';
import { type Deed, happened, MESSAGE, userId } from '../../test/deeds';
import { analyticsApp } from '../analytics.app';

const NOW = '2026-06-01T12:00:00Z';
const MARCH = { from: '2026-03-01', to: '2026-03-31' };

let app: TestApp;
beforeAll(async () => {
  app = await startApp(analyticsApp, { clock: new FakeClock(new Date(NOW)) });
  await happened(app, [...come('busy', 40), ...come('quiet', 19, 100), ...come('some', 38, 700, '2026-02')]);
});
afterAll(() => app.stop());

/** People who write on the first day of a month, and half of them on the second as well. */
function come(bot: string, people: number, from = 0, month = '2026-03'): Deed[] {
  return Array.from({ length: people }, (_, i) => i).flatMap((i) => [
    { who: from + i, at: `${month}-01T10:00:00Z`, bot },
    {
      who: from + i,
      at: `${month}-01T10:01:00Z`,
      bot,
      type: 'chat-ai.reply.completed',
      props: { outcome: 'answered' },
    },
    ...(i % 2 === 0 ? [{ who: from + i, at: `${month}-02T10:00:00Z`, bot }] : []),
  ]);
}

const staffOf = (...bots: string[]): Actor => ({
  kind: 'staff',
  id: 'anna',
  roles: [],
  scopes: ['analytics:read'],
  bots,
});

describe('a board', () => {
  it('says of which days and zone it speaks, how fresh it is, and of how many people', async () => {
    const { about } = await app.gateway.call(ReadGrowth, { query: { ...MARCH, zone: 'Europe/Berlin' } });
    expect(about).toEqual({
      ...MARCH,
      zone: 'Europe/Berlin',
      computedAt: new Date(NOW),
      eventsUpTo: new Date('2026-03-02T10:00:00Z'),
      provisionalFrom: null,
      keptFrom: null,
      people: 59,
    });
  });

  it('ends with today, and is provisional where late events may come', async () => {
    const { about, days } = await app.gateway.call(ReadGrowth, {
      query: { from: '2026-05-30', to: '2026-07-01', zone: 'Pacific/Kiritimati' },
    });
    // There it is two in the night of the second of June; two days before that is the thirty-first of May.
    expect(about).toMatchObject({ to: '2026-06-02', provisionalFrom: '2026-05-31' });
    expect(days.at(-1)!.day).toBe('2026-06-02');
    const { about: recent } = await app.gateway.call(ReadGrowth, { query: { from: '2026-06-01', to: '2026-06-01' } });
    expect(recent.provisionalFrom).toBe('2026-06-01');
  });

  it.each([
    ['a zone of another planet', 'zone=Mars/Olympus'],
    ['an offset, which is read differently by others', 'zone=%2B03:00'],
    ['an abbreviation, likewise', 'zone=CET'],
    ['nothing as a zone', 'zone='],
    ['days in the wrong order', 'from=2026-03-02&to=2026-03-01'],
    ['no day', 'from=2026-02-30'],
    ['more than 800 days', 'from=2020-01-01'],
  ])('refuses %s', async (_, query) => {
    const search = new URLSearchParams({
      from: '2026-03-01',
      to: '2026-03-01',
      ...Object.fromEntries(new URLSearchParams(query)),
    });
    const headers = await app.as('gateway', { kind: 'staff', id: 'anna', roles: [], scopes: ['*'] });
    const response = await fetch(`${app.url}/analytics/boards/growth?${search}`, { headers });
    expect(response.status).toBe(422);
  });

  it('of staff who may see some bots shows these alone, and of another bot nothing', async () => {
    const read = async (botId?: string) => {
      const { about, days } = await app.gateway.call(
        ReadGrowth,
        { query: { ...MARCH, botId } },
        { actor: staffOf('busy') },
      );
      return [about.people, days[0]!.dau];
    };
    expect(await read()).toEqual([40, 40]);
    expect(await read('busy')).toEqual([40, 40]);
    expect(await read('quiet')).toEqual([null, null]);
  });

  it('means what its definitions say, in the language of who looks', async () => {
    const [en, ru] = await Promise.all(
      (['en', 'ru'] as const).map(
        async (locale) => (await app.gateway.call(ListDefinitions, { query: { locale } })).definitions,
      ),
    );
    expect(en!.map(({ id }) => id)).toEqual(ru!.map(({ id }) => id));
    expect(en!.find(({ id }) => id === 'dau')!.text).toBe('People who were active on the day.');
    expect(ru!.every(({ text }) => /[а-я]/.test(text))).toBe(true);
  });
});

describe('days that are no longer kept', () => {
  beforeAll(async () => {
    await happened(
      app,
      ['2024-04-10', '2024-06-10', '2025-04-10'].flatMap((day) =>
        Array.from({ length: 20 }, (_, i): Deed => ({ who: 600 + i, at: `${day}T10:00:00Z`, bot: 'old' })),
      ),
    );
    await happened(app, [
      {
        ...{ who: 600, at: '2025-04-10T10:00:00Z', bot: 'old', type: 'payments.order.paid' },
        props: { amountMinor: 300, currency: 'USD' },
      },
    ]);
    await runScheduled(app, 'forget-old-events');
  });

  it('are left out of growth, with those whose month began in them, and the report says so', async () => {
    const { about, days } = await app.gateway.call(ReadGrowth, { query: { from: '2024-04-01', to: '2026-05-31' } });
    // The first of May is the first day of which it is known who was active: 25 months ago.
    expect(about).toMatchObject({ from: '2024-05-30', keptFrom: '2024-05-30', to: '2026-05-31' });
    expect(days[0]).toMatchObject({ day: '2024-05-30', new: 0, resurrected: 0 });
    expect(days.find(({ day }) => day === '2024-06-10')).toMatchObject({ dau: 20, new: 0, resurrected: 20 });
  });

  it('are left out of what is read from events sooner, by whole days of the zone', async () => {
    const funnel = { from: '2025-01-01', to: '2026-05-31', steps: `${MESSAGE},chat-ai.reply.completed` };
    const keptFrom = async (zone: string) =>
      (await app.gateway.call(ReadFunnel, { query: { ...funnel, zone } })).about.keptFrom;
    expect(await keptFrom('UTC')).toBe('2025-05-01');
    expect(await keptFrom('America/New_York')).toBe('2025-05-01');
    expect(await keptFrom('Asia/Kolkata')).toBe('2025-05-02');
    const hours = await app.gateway.call(ReadRetention, { query: { ...funnel, kind: 'hours24', days: '1' } });
    expect(hours.about.keptFrom).toBe('2025-05-01');
    const person = await app.gateway.call(ReadPersonUsage, { params: { userId: userId(600) }, query: funnel });
    expect(person).toMatchObject({ keptFrom: '2025-05-01', days: [] });
  });

  it('are there in sums for good, without people', async () => {
    const { about } = await app.gateway.call(ReadActivity, { query: { from: '2024-04-01', to: '2024-04-30' } });
    expect(about).toMatchObject({ from: '2024-04-01', keptFrom: null, people: null });
    const revenue = await app.gateway.call(ReadRevenue, { query: { from: '2025-04-01', to: '2025-05-31' } });
    expect(revenue).toMatchObject({ total: { netMinor: 300 }, payers: null, arpuMinor: null, arppuMinor: null });
    expect(revenue.conversion).toMatchObject([{ people: null }, { people: null }]);
  });

  it('alone are no report', async () => {
    const query = { from: '2024-04-01', to: '2024-04-30' };
    await expect(app.gateway.call(ReadGrowth, { query })).rejects.toMatchObject({
      status: 422,
      problem: { code: 'analytics.days_not_kept', params: { keptFrom: '2024-05-30' } },
    });
  });

  it('of which only the newcomers are known have no negative numbers', async () => {
    await happened(
      app,
      Array.from({ length: 20 }, (_, i) => ({ who: 650 + i, at: '2026-05-05T10:00:00Z', bot: 'lost' })),
    );
    await app.service.db.query(`DELETE FROM active_people WHERE bot_id = 'lost'`);
    const { days } = await app.gateway.call(ReadGrowth, { query: { from: '2026-05-05', to: '2026-05-05' } });
    expect(days).toMatchObject([{ dau: 0, new: 0, resurrected: 0 }]);
  });
});

describe('groups of fewer than 20 people', () => {
  const read = (botId?: string) =>
    Promise.all([
      app.gateway.call(ReadGrowth, { query: { ...MARCH, botId } }),
      app.gateway.call(ReadRetention, { query: { ...MARCH, botId, days: '1', cohort: 'day' } }),
      app.gateway.call(ReadFunnel, {
        query: { ...MARCH, botId, steps: 'bot-adapter.message.received,chat-ai.reply.completed' },
      }),
      app.gateway.call(ReadSurvival, { query: { ...MARCH, botId } }),
    ]);

  it('are hidden: 19 are too few, 20 are not', async () => {
    const [growth, retention, funnel, survival] = await read('quiet');
    expect(growth.days[0]).toMatchObject({ day: '2026-03-01', dau: null, mau: null, new: null, dormant: null });
    expect([growth.about.people, growth.stickiness, funnel.incomplete]).toEqual([null, null, null]);
    expect(retention.cohorts).toMatchObject([{ people: null, cells: [{ mature: null, active: null, share: null }] }]);
    expect(retention.average).toMatchObject([{ mature: null, share: null }]);
    expect(funnel.steps[1]).toMatchObject({
      count: null,
      droppedOff: null,
      ofFirst: null,
      ofPrevious: null,
      medianSeconds: null,
    });
    expect(survival).toMatchObject({ points: null, medianDays: null });
  });

  it('are not hidden among all: everybody together are no group', async () => {
    const [growth] = await read();
    expect(growth.days[0]).toMatchObject({ dau: 59, new: 59 });
  });

  it('of more people, of whom 20 or more did it, everything is shown', async () => {
    const [growth, retention, funnel, survival] = await read('busy');
    expect(growth.days.slice(0, 2)).toMatchObject([
      { dau: 40, new: 40 },
      { dau: 20, retained: 20, mau: 40 },
    ]);
    expect(retention.cohorts).toMatchObject([
      { start: '2026-03-01', people: 40, cells: [{ mature: 40, active: 20, share: 0.5 }] },
    ]);
    expect(retention.average).toMatchObject([{ share: 0.5 }]);
    const [first, second] = funnel.steps;
    expect(first).toMatchObject({ count: 40, ofFirst: { share: 1 }, medianSeconds: null });
    // Wilson: 40 of 40.
    expect(second).toMatchObject({ count: 40, droppedOff: 0, medianSeconds: 60, ofPrevious: { share: 1 } });
    expect(second!.ofPrevious!.low).toBeCloseTo(0.9124, 4);
    expect(survival.points!.map(({ day, atRisk, share }) => [day, atRisk, share])).toEqual([
      [0, 40, 0.5],
      [1, 20, 0],
    ]);
    expect(survival.medianDays).toBe(0);
  });

  it('are hidden as well where they are those of a larger group who did it: 19 of 38', async () => {
    const query = { from: '2026-02-01', to: '2026-02-28', botId: 'some' };
    const [growth, retention, funnel, survival] = await Promise.all([
      app.gateway.call(ReadGrowth, { query }),
      app.gateway.call(ReadRetention, { query: { ...query, days: '1', cohort: 'day' } }),
      app.gateway.call(ReadFunnel, { query: { ...query, steps: `${MESSAGE},analytics.page.opened` } }),
      app.gateway.call(ReadSurvival, { query }),
    ]);
    expect(growth.days.slice(0, 2)).toMatchObject([
      { dau: 38, new: 38, retained: 0 },
      { dau: null, new: 0, retained: null, mau: 38 },
    ]);
    expect(retention.cohorts).toMatchObject([{ people: 38, cells: [{ mature: 38, active: null, share: null }] }]);
    expect(funnel.steps).toMatchObject([{ count: 38 }, { count: 0, droppedOff: 38, ofFirst: { share: 0 } }]);
    expect(survival.points!.map(({ day, atRisk, churned }) => [day, atRisk, churned])).toEqual([[1, 38, 38]]);
  });
});

describe('the overview', () => {
  it('is today so far beside yesterday at the same time, and the last hours', async () => {
    await happened(app, [
      { who: 200, at: '2026-06-01T11:30:00Z', bot: 'live' },
      { who: 200, at: '2026-06-01T11:40:00Z', bot: 'live' },
      { who: 200, at: '2026-05-31T11:40:00Z', bot: 'live' },
      // Later in the day than it is now.
      { who: 200, at: '2026-05-31T15:00:00Z', bot: 'live' },
      { who: 201, at: '2026-05-31T15:00:00Z', bot: 'live' },
      {
        who: 200,
        at: '2026-06-01T09:00:00Z',
        bot: 'live',
        type: 'chat-ai.usage.recorded',
        props: { costMicros: 42, model: 'm' },
      },
    ]);
    const board = await app.gateway.call(ReadOverview, { query: { botId: 'live' } });
    expect(board).toMatchObject({ messages: { today: 2, yesterday: 1 }, costMicros: { today: 42, yesterday: 0 } });
    expect(board.people).toEqual({ today: null, yesterday: null, week: null, month: null });
    expect(board.hours).toHaveLength(24);
    expect(board.hours.at(-2)).toMatchObject({ at: new Date('2026-06-01T11:00:00Z'), messages: 2 });
    const all = await app.gateway.call(ReadOverview, { query: { zone: 'Asia/Kolkata' } });
    expect(all.people).toEqual({ today: 1, yesterday: 1, week: 2, month: 2 });
  });

  it('is beside a whole yesterday also after a day of 25 hours', async () => {
    const before = app.clock.now();
    app.clock.set(new Date('2026-10-26T12:00:00Z'));
    try {
      await happened(app, [{ who: 210, at: '2026-10-24T22:30:00Z', bot: 'autumn' }]);
      const board = await app.gateway.call(ReadOverview, { query: { botId: 'autumn', zone: 'Europe/Berlin' } });
      expect(board).toMatchObject({ messages: { today: 0, yesterday: 1 } });
    } finally {
      app.clock.set(before);
    }
  });
});

describe('usage', () => {
  it('is told by day, model and bot, and over time', async () => {
    const call = (at: string, model: string, costMicros: number): Deed => ({
      ...{ who: 300, at, bot: 'thinker', type: 'chat-ai.usage.recorded' },
      props: { model, costMicros, inputTokens: 5, outputTokens: 2, outcome: 'answered', durationMs: 400 },
    });
    await happened(app, [call('2026-04-01T10:00:00Z', 'large', 7), call('2026-04-02T10:00:00Z', 'small', 3)]);
    const query = { from: '2026-04-01', to: '2026-04-02', botId: 'thinker' };
    const by = async (name: 'model' | 'bot' | 'day' | 'hour') => {
      const { total, groups } = await app.gateway.call(ReadModelUsage, { query: { ...query, by: name } });
      expect(total).toMatchObject({ calls: 2, costMicros: 10, inputTokens: 10 });
      return groups.filter(({ calls }) => calls > 0).map(({ key, costMicros }) => [key, costMicros]);
    };
    expect(await by('model')).toEqual([
      ['large', 7],
      ['small', 3],
    ]);
    expect(await by('bot')).toEqual([['thinker', 10]]);
    expect(await by('day')).toEqual([
      ['2026-04-01', 7],
      ['2026-04-02', 3],
    ]);
    expect(await by('hour')).toEqual([
      ['2026-04-01T10:00:00.000Z', 7],
      ['2026-04-02T10:00:00.000Z', 3],
    ]);
    const { points } = await app.gateway.call(ReadActivity, { query });
    expect(points).toMatchObject([
      { at: new Date('2026-04-01T00:00:00Z'), calls: 1, medianMs: 400 },
      { calls: 1, costMicros: 3 },
    ]);
  });
});

it('the page without an account is told by step and campaign, of visits and of nobody', async () => {
  const step = (at: string, reached: string, campaign?: string): Deed => ({
    ...{ who: undefined, at, bot: 'stall', type: 'payments.shop-page.step-reached' },
    props: { step: reached, ...(campaign && { campaign }) },
  });
  await happened(app, [
    ...['opened', 'opened', 'chosen', 'placed', 'paid', 'claimed'].map((name) =>
      step('2026-04-01T10:00:00Z', name, 'spring'),
    ),
    ...['opened', 'chosen'].map((name) => step('2026-04-02T10:00:00Z', name)),
    step('2026-04-03T10:00:00Z', 'opened', 'spring'),
  ]);
  const query = { from: '2026-04-01', to: '2026-04-02', botId: 'stall' };
  for (const zone of ['UTC', 'Europe/Moscow'])
    expect(await app.gateway.call(ReadShopPage, { query: { ...query, zone } })).toMatchObject({
      total: { opened: 3, chosen: 2, placed: 1, paid: 1, claimed: 1 },
      campaigns: [
        { campaign: 'spring', opened: 2, chosen: 1, placed: 1, paid: 1, claimed: 1 },
        { campaign: null, opened: 1, chosen: 1, placed: 0, paid: 0, claimed: 0 },
      ],
    });
  const others = await app.gateway.call(ReadShopPage, { query }, { actor: staffOf('busy') });
  expect(others.campaigns).toEqual([]);
});

describe('money', () => {
  it('is told in dollars, so that nobody sets what a dollar is worth', async () => {
    const rate = {
      params: { currency: 'USD', validFrom: '2026-01-01' },
      body: { usdPerUnit: 2, exponent: 2, source: 'x' },
    };
    await expect(app.gateway.call(PutRate, rate)).rejects.toMatchObject({
      status: 422,
      problem: { errors: [{ pointer: '/currency' }] },
    });
  });

  const paid = (who: number, at: string, amountMinor: number, currency: string): Deed => ({
    ...{ who, at, bot: 'shop', type: 'payments.order.paid', props: { amountMinor, currency } },
  });

  it('is added up by the rates of its days', async () => {
    const put = (validFrom: string, usdPerUnit: number) =>
      app.gateway.call(PutRate, {
        params: { currency: 'EUR', validFrom },
        body: { usdPerUnit, exponent: 2, source: 'a bank' },
      });
    await put('2026-01-01', 1);
    await put('2026-04-02', 1.5);
    await put('2026-04-02', 1.25);
    expect((await app.gateway.call(ListRates)).rates.map(({ currency, usdPerUnit }) => [currency, usdPerUnit])).toEqual(
      [
        ['EUR', 1],
        ['EUR', 1.25],
        ['USD', 1],
      ],
    );
    await happened(app, [
      ...Array.from({ length: 20 }, (_, i) => paid(400 + i, '2026-04-01T10:00:00Z', 100, 'EUR')),
      paid(400, '2026-04-02T10:00:00Z', 400, 'EUR'),
      paid(401, '2026-04-02T10:00:00Z', 50, 'USD'),
      paid(402, '2026-04-02T10:00:00Z', 7, 'XTR'),
    ]);
    const board = await app.gateway.call(ReadRevenue, {
      query: { from: '2026-04-01', to: '2026-04-30', botId: 'shop' },
    });
    expect(board.byCurrency).toEqual([
      { currency: 'EUR', grossMinor: 2400, refundsMinor: 0, netMinor: 2400, payments: 21, rateKnown: true },
      { currency: 'USD', grossMinor: 50, refundsMinor: 0, netMinor: 50, payments: 1, rateKnown: true },
      { currency: 'XTR', grossMinor: 7, refundsMinor: 0, netMinor: 7, payments: 1, rateKnown: false },
    ]);
    expect(board.total).toMatchObject({ currency: 'USD', netMinor: 2000 + 500 + 50 });
    expect(board.days).toEqual([
      { day: '2026-04-01', netMinor: 2000 },
      { day: '2026-04-02', netMinor: 550 },
    ]);
    expect(board).toMatchObject({ payers: 20, arpuMinor: 2550 / 20, arppuMinor: 2550 / 20 });
    expect(board.conversion).toMatchObject([{ days: 7, people: 20, payers: 20, share: 1 }, { days: 30 }]);
  });

  it('and what becomes of people are on one board', async () => {
    const day = (n: number) => new Date(Date.parse('2026-06-01T09:00:00Z') - n * 86_400_000).toISOString();
    const deeds = Array.from({ length: 40 }, (_, i): Deed[] => [
      { who: 500 + i, at: day(45), bot: 'one' },
      // Half of them stay.
      ...(i % 2 === 0 ? [{ who: 500 + i, at: day(5), bot: 'one' }] : []),
      ...(i % 2 === 0
        ? [
            {
              who: 500 + i,
              at: day(44),
              bot: 'one',
              type: 'payments.order.paid',
              props: { amountMinor: 100, currency: 'USD' },
            },
          ]
        : []),
      {
        who: 500 + i,
        at: day(10),
        bot: 'one',
        type: 'bot-adapter.survey.answered',
        props: { question: 'nps', score: i < 30 ? 9 : 3 },
      },
    ]).flat();
    await happened(app, deeds);
    const board = await app.gateway.call(ReadBusiness, { query: { botId: 'one' } });
    expect(board.mau).toEqual({ people: 20, previous: 40 });
    expect(board.conversion).toEqual({ people: 40, payers: 20, share: 0.5 });
    expect(board.churn).toMatchObject({ people: 40, lost: 20, share: 0.5, goal: 0.05, forecast: null });
    expect(board.nps).toMatchObject({ answers: 40, score: 50, mean: 7.5, goal: 8 });
    expect(board.lifetimeValue.withoutRate).toEqual([]);
    const [seven, thirty, ninety] = board.lifetimeValue.horizons;
    expect(seven).toMatchObject({ days: 7, people: 40, realisedMinor: 50 });
    expect(thirty).toMatchObject({ days: 30, people: 40, realisedMinor: 50 });
    expect(ninety).toMatchObject({ days: 90, people: null, realisedMinor: null });
    expect(ninety!.predictedMinor!.value).toBeGreaterThanOrEqual(50);
  });
});

describe('what staff see of one person', () => {
  const ann = { who: 9001, bot: 'busy' };
  const call = (at: string, model: string, costMicros: number, outcome = 'answered'): Deed => ({
    ...ann,
    ...{ at, type: 'chat-ai.usage.recorded' },
    props: { model, inputTokens: 100, cachedInputTokens: 40, outputTokens: 10, costMicros, outcome, durationMs: 900 },
  });
  const read = (who: number, query: object, viewer?: Actor) =>
    app.gateway.call(
      ReadPersonUsage,
      { params: { userId: userId(who) }, query: { from: '2026-04-01', to: '2026-04-30', ...query } },
      viewer && { actor: viewer },
    );

  beforeAll(() =>
    happened(app, [
      { ...ann, at: '2026-04-02T22:30:00Z' },
      call('2026-04-02T22:30:05Z', 'large', 4001),
      call('2026-04-05T10:00:00Z', 'small', 17, 'timed_out'),
      { ...call('2026-04-05T11:00:00Z', 'small', 3), bot: 'quiet' },
      call('2026-05-01T00:00:00Z', 'large', 1_000_000),
    ]),
  );

  it('is counted by day of the zone, by model and by bot, to the millionth of a dollar', async () => {
    const usage = await read(9001, { zone: 'Europe/Berlin' });
    expect(usage).toMatchObject({
      isCounted: true,
      total: { messages: 1, calls: 3, failedCalls: 1, costMicros: 4021 },
    });
    expect(usage.days.map(({ day, messages, costMicros }) => [day, messages, costMicros])).toEqual([
      ['2026-04-03', 1, 4001],
      ['2026-04-05', 0, 20],
    ]);
    expect(usage.models.map(({ model, calls, inputTokens }) => [model, calls, inputTokens])).toEqual([
      ['large', 1, 100],
      ['small', 2, 200],
    ]);
    expect(usage.bots.map(({ botId, costMicros }) => [botId, costMicros])).toEqual([
      ['busy', 4018],
      ['quiet', 3],
    ]);
  });

  it('is that of the bots they may see', async () => {
    const usage = await read(9001, {}, { ...staffOf('quiet'), scopes: ['people:read'] });
    expect(usage).toMatchObject({ total: { costMicros: 3 }, bots: [{ botId: 'quiet' }] });
  });

  it('is nothing of who has not agreed', async () => {
    expect(await read(9002, {})).toMatchObject({
      isCounted: false,
      total: { calls: 0 },
      days: [],
      models: [],
      bots: [],
    });
  });

  it('is refused to who may not see people', async () => {
    await expect(read(9001, {}, staffOf('busy'))).rejects.toMatchObject({ status: 403 });
  });
});

describe('what is hidden cannot be had by subtraction', () => {
  const at = (day: string, hour = 10) => `${day}T${hour}:00:00Z`;
  /** So many people, each at so many times. */
  const of = (bot: string, from: number, people: number, ...deeds: Pick<Deed, 'at' | 'type' | 'props'>[]): Deed[] =>
    Array.from({ length: people }, (_, i) => deeds.map((deed) => ({ ...deed, bot, who: from + i }))).flat();
  const on = (...days: string[]) => days.map((day) => ({ at: at(day) }));

  it('from the steps of a funnel: 60, 55, 30', async () => {
    const replied = { at: at('2025-09-01', 11), type: 'chat-ai.reply.completed', props: { outcome: 'answered' } };
    const opened = { at: at('2025-09-01', 12), type: 'analytics.page.opened' };
    await happened(app, [
      ...of('funnel', 10_000, 30, ...on('2025-09-01'), replied, opened),
      ...of('funnel', 10_100, 25, ...on('2025-09-01'), replied),
      ...of('funnel', 10_200, 5, ...on('2025-09-01')),
    ]);
    const { steps } = await app.gateway.call(ReadFunnel, {
      query: {
        ...{ from: '2025-09-01', to: '2025-09-30', botId: 'funnel' },
        steps: `${MESSAGE},chat-ai.reply.completed,analytics.page.opened`,
      },
    });
    expect(steps).toMatchObject([
      { count: 60 },
      { count: null, droppedOff: null, ofFirst: null, ofPrevious: null, medianSeconds: null, p90Seconds: null },
      { count: 30, droppedOff: null, ofFirst: { share: 0.5 }, ofPrevious: null },
    ]);
  });

  it('from the parts of those active on a day', async () => {
    await happened(app, [
      ...of('grows', 11_000, 30, ...on('2025-09-09', '2025-09-10')),
      ...of('grows', 11_100, 5, ...on('2025-08-10', '2025-09-10')),
      ...of('grows', 11_200, 25, ...on('2025-09-10')),
    ]);
    const { days } = await app.gateway.call(ReadGrowth, {
      query: { from: '2025-09-10', to: '2025-09-10', botId: 'grows' },
    });
    expect(days).toMatchObject([{ dau: 60, new: null, retained: 30, resurrected: null }]);
  });

  it('from those active on a day, in a week and in a month', async () => {
    await happened(app, [
      ...of('months', 11_400, 35, ...on('2025-09-20')),
      ...of('months', 11_500, 5, ...on('2025-09-01')),
    ]);
    const { days } = await app.gateway.call(ReadGrowth, {
      query: { from: '2025-09-20', to: '2025-09-20', botId: 'months' },
    });
    expect(days).toMatchObject([{ dau: null, wau: null, mau: 40, new: null, retained: 0, resurrected: 0 }]);
  });

  it('from how sticky those are of whom one day is hidden', async () => {
    await happened(app, [
      ...of('sticks', 11_300, 40, ...on('2025-09-09', '2025-09-10')),
      ...of('sticks', 11_300, 5, ...on('2025-09-11')),
    ]);
    const until = async (to: string) =>
      (await app.gateway.call(ReadGrowth, { query: { from: '2025-09-09', to, botId: 'sticks' } })).stickiness;
    expect(await until('2025-09-10')).toBe(1);
    expect(await until('2025-09-11')).toBeNull();
  });

  it('from how many did not do it: 5 of 40', async () => {
    const order = {
      at: at('2025-09-01', 11),
      type: 'payments.order.paid',
      props: { amountMinor: 100, currency: 'USD' },
    };
    await happened(app, [
      ...of('nearly', 12_000, 35, ...on('2025-09-01', '2025-09-02'), order),
      ...of('nearly', 12_100, 5, ...on('2025-09-01')),
    ]);
    const query = { from: '2025-09-01', to: '2025-09-30', botId: 'nearly' };
    const retention = await app.gateway.call(ReadRetention, { query: { ...query, days: '1', cohort: 'day' } });
    expect(retention.cohorts).toMatchObject([{ people: 40, cells: [{ mature: 40, active: null, share: null }] }]);
    const revenue = await app.gateway.call(ReadRevenue, { query });
    expect(revenue).toMatchObject({ payers: null, arppuMinor: null, arpuMinor: (35 * 100) / 40 });
    expect(revenue.conversion).toMatchObject([{ people: 40, payers: null, share: null }, {}]);
  });

  it('from the average of cohorts, which is without those that are few together', async () => {
    const cohort = (bot: string, from: number, first: string, second: string, came: number) => [
      ...of(bot, from, came, ...on(first, second)),
      ...of(bot, from + came, 40 - came, ...on(first)),
    ];
    await happened(app, [
      ...cohort('few', 13_000, '2025-09-01', '2025-09-02', 20),
      ...cohort('few', 13_100, '2025-09-03', '2025-09-04', 5),
      ...cohort('many', 13_200, '2025-09-01', '2025-09-02', 20),
      ...cohort('many', 13_300, '2025-09-03', '2025-09-04', 10),
      ...cohort('many', 13_400, '2025-09-05', '2025-09-06', 10),
    ]);
    const averageOf = async (botId: string) => {
      const query = { from: '2025-09-01', to: '2025-09-30', botId, days: '1', cohort: 'day' } as const;
      return (await app.gateway.call(ReadRetention, { query })).average;
    };
    expect(await averageOf('few')).toMatchObject([{ mature: 40, active: 20, share: 0.5 }]);
    expect(await averageOf('many')).toMatchObject([{ mature: 120, active: 40 }]);
  });

  it('from the steps of survival, which are taken together until each is that of many', async () => {
    const first = '2025-09-01';
    await happened(app, [
      ...of('leave', 14_000, 25, ...on(first)),
      ...of('leave', 14_100, 10, ...on(first, '2025-09-02')),
      ...of('leave', 14_200, 15, ...on(first, '2025-09-04')),
      ...of('leave', 14_300, 30, ...on(first, '2025-09-05')),
    ]);
    const survival = await app.gateway.call(ReadSurvival, {
      query: { from: first, to: '2025-09-30', botId: 'leave' },
    });
    expect(survival.points!.map(({ day, atRisk, churned, share }) => [day, atRisk, churned, share])).toEqual([
      [0, 80, 25, 55 / 80],
      [3, 55, 25, expect.closeTo(30 / 80, 10)],
      [4, 30, 30, 0],
    ]);
    expect(survival.medianDays).toBe(3);
  });

  it('from the overview, where few of many are there today', async () => {
    await happened(app, [
      ...of('now', 15_000, 40, ...on('2026-05-20')),
      ...of('now', 15_000, 5, { at: '2026-06-01T11:00:00Z' }),
    ]);
    const { people } = await app.gateway.call(ReadOverview, { query: { botId: 'now' } });
    expect(people).toEqual({ today: null, yesterday: 0, week: null, month: 40 });
  });
});
