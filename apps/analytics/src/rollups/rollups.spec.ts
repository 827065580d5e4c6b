import { type CloudEvent, RebuildMeasures } from '@switchboard/contracts';
import { erasePerson, startApp, type TestApp } from '@switchboard/testing';
import fc from 'fast-check';
import { v7 as uuidv7 } from 'uuid';
import { aMessage, ask, aUsage, clear, consents, eventAt, say, withdraws } from '../../test/build';
import { analyticsApp } from '../analytics.app';
import { EventsService } from '../events/events.service';

const DAY_MS = 86_400_000;
/** A day on which summer time ends in Europe; nothing here may depend on it. */
const NOW = new Date('2026-10-25T22:10:00Z');

let app: TestApp;
beforeAll(async () => {
  app = await startApp(analyticsApp);
  app.clock.set(NOW);
});
afterAll(() => app.stop());

beforeEach(() => clear(app));

const receive = (events: readonly CloudEvent[]) =>
  app.service.db.transaction((tx) => app.service.nest.get(EventsService, { strict: false }).receive(tx, events));

const rebuild = () =>
  app.gateway.call(RebuildMeasures, {
    body: { from: new Date(NOW.getTime() - 9 * DAY_MS).toISOString().slice(0, 10), to: NOW.toISOString().slice(0, 10) },
  });

/** All that is counted, in one order. */
const counted = async () => ({
  measures: await ask(
    app,
    `SELECT * FROM measures ORDER BY minutes, type, measure, at, bot_id, platform, kind, model, outcome, le`,
  ),
  active: await ask(app, 'SELECT day::text, user_id, bot_id, quarters FROM active_people ORDER BY 1, 2, 3'),
  people: await ask(app, 'SELECT * FROM people ORDER BY 1, 2'),
});

const CONSENTING = Array.from({ length: 4 }, () => uuidv7());
const OTHERS = Array.from({ length: 3 }, () => uuidv7());

/** Events of a week, some of them late; each batch may repeat some of those before it. */
const history = fc.array(
  fc.record({
    userId: fc.constantFrom(...CONSENTING, ...OTHERS),
    botId: fc.constantFrom('lumen', 'northwind'),
    secondsAgo: fc.integer({ min: 0, max: 7 * 86_400 - 60 }),
    what: fc.oneof(
      fc.record({ kind: fc.constantFrom('text', 'voice') }),
      fc.record({
        model: fc.constantFrom('small', 'large'),
        outcome: fc.constantFrom('answered', 'timed_out'),
        costMicros: fc.nat(10_000),
        durationMs: fc.nat(90_000),
      }),
    ),
  }),
  { minLength: 1, maxLength: 120 },
);

type Happening = typeof history extends fc.Arbitrary<(infer One)[]> ? One : never;

const said = ({ userId, botId, secondsAgo, what }: Happening): CloudEvent =>
  eventAt(
    new Date(NOW.getTime() - secondsAgo * 1000 + 7),
    'model' in what ? aUsage({ userId, botId, ...what }) : aMessage({ userId, botId, ...what }),
  );

describe('what is counted', () => {
  it('is what a person with paper and pencil counts, however events come, and the same when counted anew', async () => {
    const property = fc.asyncProperty(history, fc.integer({ min: 1, max: 40 }), async (happenings, batch) => {
      await clear(app);
      await consents(app, ...CONSENTING);
      const consenting = await ask<unknown>(app, `SELECT FROM measures`);
      expect(consenting.length).toBeGreaterThan(0);
      await ask(app, `TRUNCATE events, measures, anonymous_measures`);
      const events = happenings.map(said);
      for (let from = 0; from < events.length; from += batch) {
        const repeated = events
          .slice(0, from)
          .filter((event, i) => i % 3 === 0 && CONSENTING.includes(personOf(event)));
        await receive([...events.slice(from, from + batch), ...repeated]);
      }
      const once = await counted();
      expect(once.measures.map(keyed).sort()).toEqual(byHand(events));
      expect(once.active).toEqual(activeByHand(events));
      await rebuild();
      expect(await counted()).toEqual(once);

      // In another order, all together: the same.
      await ask(app, 'TRUNCATE events, measures, anonymous_measures, active_people, people');
      await receive(events.toReversed());
      expect(await counted()).toEqual(once);
    });
    await fc.assert(property, { numRuns: 6 });
  });

  it('stays when a person is forgotten, and is the same when counted anew', async () => {
    const [anna, ben, clara] = [uuidv7(), uuidv7(), uuidv7()];
    await consents(app, anna, ben, clara);
    for (const userId of [anna, ben, clara]) {
      await say(app, aUsage({ userId }));
      await say(app, aMessage({ userId }));
    }
    const ofEvents = async () => (await counted()).measures.filter((row) => !keyed(row).includes('gateway.'));
    const before = await ofEvents();
    await withdraws(app, anna);
    expect(await erasePerson(app, ben)).toEqual([]);
    expect(await ask(app, 'SELECT DISTINCT user_id FROM events WHERE user_id IS NOT NULL')).toEqual([
      { user_id: clara },
    ]);
    expect((await ofEvents()).filter((row) => !keyed(row).includes('erasure'))).toEqual(before);
    const all = await counted();
    await rebuild();
    expect(await counted()).toEqual(all);
    expect(all.active).toHaveLength(1);
  });

  it('cannot be counted anew of days whose events are gone', async () => {
    await ask(app, `UPDATE rollup_state SET countable_since = '2026-10-20'`);
    const body = { from: '2026-10-19', to: '2026-10-25' };
    await expect(app.gateway.call(RebuildMeasures, { body })).rejects.toMatchObject({
      status: 409,
      problem: { code: 'analytics.events_not_kept', params: { since: '2026-10-20' } },
    });
    await ask(app, `UPDATE rollup_state SET countable_since = '-infinity'`);
  });

  it('knows who was active in the days of any zone', async () => {
    const [early, late] = [uuidv7(), uuidv7()];
    await consents(app, early, late);
    // 23:45 and 00:01 in Kathmandu, which is 5:45 ahead.
    await receive([
      eventAt(new Date('2026-10-20T18:00:00Z'), aMessage({ userId: early })),
      eventAt(new Date('2026-10-20T18:16:00Z'), aMessage({ userId: late })),
    ]);
    const people = (zone: string) =>
      ask<{ day: string; people: number }>(
        app,
        `WITH slice AS (
           SELECT day, local_day, bit_or(1::bit(96) << (95 - q)) AS quarters
           FROM generate_series(date '2026-10-18', date '2026-10-23', interval '1 day') AS d (at), generate_series(0, 95) AS q,
             LATERAL (SELECT at::date AS day,
               ((at::date + q * interval '15 minutes') AT TIME ZONE 'UTC' AT TIME ZONE $1)::date AS local_day) l
           GROUP BY 1, 2
         )
         SELECT local_day::text AS day, count(DISTINCT user_id)::int AS people FROM slice JOIN active_people USING (day)
         WHERE active_people.quarters & slice.quarters <> 0::bit(96) GROUP BY 1 ORDER BY 1`,
        [zone],
      );
    expect(await people('UTC')).toEqual([{ day: '2026-10-20', people: 2 }]);
    expect(await people('Asia/Kathmandu')).toEqual([
      { day: '2026-10-20', people: 1 },
      { day: '2026-10-21', people: 1 },
    ]);
    expect(await people('Pacific/Kiritimati')).toEqual([{ day: '2026-10-21', people: 2 }]);
  });
});

const personOf = ({ data }: CloudEvent) => (data as { userId: string }).userId;

const WIDTHS = [5, 15, 1440];
const BOUNDS = [
  50, 100, 200, 300, 500, 750, 1000, 1500, 2000, 3000, 5000, 7500, 10_000, 15_000, 30_000, 60_000, 2_147_483_647,
];

/** A row of `measures` as a text, to be compared. */
const keyed = (row: unknown): string => {
  const { minutes, type, measure, at, bot_id, platform, kind, model, outcome, le, events, total } = row as Record<
    string,
    string
  >;
  const time = new Date(at!).toISOString();
  return [minutes, type, measure, time, bot_id, platform, kind, model, outcome, le].join('|') + ` ${events} ${total}`;
};

/** The measures of these events, counted in another way. */
function byHand(events: readonly CloudEvent[]): string[] {
  const found = new Map<string, [number, number]>();
  for (const { type, time, data } of events) {
    const { botId, channel = '', kind = '', model = '', outcome = '', ...rest } = data as Record<string, string>;
    const isUsage = type.startsWith('chat-ai');
    const values: [string, number, number][] = [['events', 0, 0]];
    if (isUsage) {
      for (const field of ['inputTokens', 'cachedInputTokens', 'outputTokens', 'costMicros'])
        values.push([field, 0, Number(rest[field])]);
      const ms = Number(rest['durationMs']);
      values.push(['durationMs', BOUNDS.find((bound) => ms <= bound)!, ms]);
    }
    for (const minutes of WIDTHS) {
      const width = minutes * 60_000;
      const at = new Date(Math.floor(Date.parse(time) / width) * width).toISOString();
      const name = type.replace(/\.v1$/, '');
      for (const [measure, le, value] of values) {
        const key = [minutes, name, measure, at, botId, channel, isUsage ? '' : kind, model, outcome, le].join('|');
        const [count, total] = found.get(key) ?? [0, 0];
        found.set(key, [count + 1, total + value]);
      }
    }
  }
  return [...found].map(([key, [count, total]]) => `${key} ${count} ${total}`).sort();
}

function activeByHand(events: readonly CloudEvent[]) {
  const found = new Map<string, Set<number>>();
  for (const event of events) {
    if (!event.type.startsWith('bot-adapter') || !CONSENTING.includes(personOf(event))) continue;
    const key = [event.time.slice(0, 10), personOf(event), (event.data as { botId: string }).botId].join('|');
    const quarter = Math.floor((Date.parse(event.time) % DAY_MS) / 900_000);
    found.set(key, (found.get(key) ?? new Set()).add(quarter));
  }
  return [...found.keys()].sort().map((key) => {
    const [day, user_id, bot_id] = key.split('|');
    const quarters = Array.from({ length: 96 }, (_, q) => (found.get(key)!.has(q) ? '1' : '0')).join('');
    return { day, user_id, bot_id, quarters };
  });
}
