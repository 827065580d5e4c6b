import { until } from '@switchboard/testing';
import fc from 'fast-check';
import type { DataSource } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { openBackboneDatabase } from '../test/backbone';
import { DeadLetters } from './dead-letters';

describe('dead letters', () => {
  let files: Awaited<ReturnType<typeof openBackboneDatabase>>;
  let db: DataSource;
  let deadLetters: DeadLetters;
  let woken: number;

  const died = (over: { type?: string; reason?: string; error?: string; minutesAgo?: number } = {}) =>
    db.query(
      `INSERT INTO parked_events (consumer, event_id, type, subject, envelope, state, attempts, error, reason, parked_at)
       VALUES ('orders', $1, $2, 'o1', '{}', 'dead', 5, $3, $4, now() - make_interval(mins => $5))`,
      [
        uuidv7(),
        over.type ?? 'shop.order.placed.v1',
        over.error ?? 'Error: no',
        over.reason ?? 'exhausted',
        over.minutesAgo ?? 0,
      ],
    );
  const deaths = async (count: number) => {
    for (let i = 0; i < count; i++) await died();
  };
  /** Seconds from now at which each replayed event has its turn. */
  const turns = async () =>
    (
      (await db.query(
        `SELECT extract(epoch FROM due_at - min(due_at) OVER ()) AS turn, due_at = parked_at AS "afresh"
         FROM parked_events WHERE state = 'retrying' ORDER BY id`,
      )) as { turn: string; afresh: boolean }[]
    ).map(({ turn, afresh }) => ({ turn: Number(turn), afresh }));

  beforeAll(async () => {
    files = await openBackboneDatabase();
    db = await files.open();
  });
  beforeEach(async () => {
    await db.query('TRUNCATE parked_events RESTART IDENTITY');
    woken = 0;
    deadLetters = new DeadLetters(db, () => woken++);
  });
  afterAll(async () => {
    await db.destroy();
    await files.database.drop();
  });

  it('are replayed one after the other, as many in a second as asked for', async () => {
    await deaths(4);
    expect(await deadLetters.replay({}, { perSecond: 2 })).toBe(4);
    expect((await turns()).map(({ turn }) => turn)).toEqual([0, 0.5, 1, 1.5]);
    expect(woken).toBe(1);
  });

  it('are replayed fifty in a second when nothing is said', async () => {
    await deaths(3);
    await deadLetters.replay({});
    expect((await turns()).map(({ turn }) => turn)).toEqual([0, 0.02, 0.04]);
  });

  it('have their patience again from their turn on, however late that is', async () => {
    await died({ minutesAgo: 6000 });
    await died({ minutesAgo: 6000 });
    await deadLetters.replay({}, { perSecond: 0.1 });
    expect((await turns()).map(({ afresh }) => afresh)).toEqual([true, true]);
  });

  it('are not replayed when they are discarded at the same moment', async () => {
    await died();
    const other = db.createQueryRunner();
    await other.startTransaction();
    await other.query(`UPDATE parked_events SET state = 'discarded'`);
    const replaying = deadLetters.replay({});
    await until(
      async () => {
        const waiting: unknown[] = await db.query(
          `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
        );
        return waiting.length > 0;
      },
      { what: 'the replay to wait for the discard' },
    );
    await other.commitTransaction();
    await other.release();
    expect(await replaying).toBe(0);
    expect(await turns()).toEqual([]);
  });

  it('are replayed by filter, no more than the limit', async () => {
    await died({ reason: 'permanent' });
    await deaths(3);
    expect(await deadLetters.replay({ reason: 'exhausted', limit: 2 })).toBe(2);
    expect((await deadLetters.list()).map(({ reason }) => reason)).toEqual(['permanent', 'exhausted']);
    expect(await deadLetters.replay({ type: 'shop.order.lost.v1' })).toBe(0);
    expect(woken).toBe(1);
  });

  it('are listed page by page, each once, however large the pages are', async () => {
    await deaths(11);
    const all = (await deadLetters.list()).map(({ id }) => id);
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 12 }), async (limit) => {
        const seen: string[] = [];
        for (let page; (page = await deadLetters.list({ limit, after: seen.at(-1)! })).length > 0;) {
          seen.push(...page.map(({ id }) => id));
        }
        expect(seen).toEqual(all);
      }),
      { numRuns: 12 },
    );
  });

  it('are summed up with the oldest, the newest and what went wrong last', async () => {
    await died({ error: 'Error: at first', minutesAgo: 9 });
    await died({ error: 'Error: in the end', minutesAgo: 2 });
    await died({ reason: 'permanent', error: 'PermanentError: never' });
    const summary = await deadLetters.summary();
    expect(summary).toMatchObject([
      { consumer: 'orders', type: 'shop.order.placed.v1', reason: 'exhausted', count: 2, error: 'Error: in the end' },
      { reason: 'permanent', count: 1, error: 'PermanentError: never' },
    ]);
    expect(summary[0]!.newest.getTime() - summary[0]!.oldest.getTime()).toBeCloseTo(7 * 60_000, -3);
  });

  it('are discarded with who decided it, when and why, and what they died of stays', async () => {
    await deaths(2);
    expect(await deadLetters.discard({ limit: 1 }, { by: 'ops@shop.example', why: 'a test order' })).toBe(1);
    expect(await deadLetters.list()).toHaveLength(1);
    expect(
      await db.query(
        `SELECT reason, discarded_by AS by, discarded_why AS why, now() - discarded_at < interval '1 min' AS now
         FROM parked_events WHERE state = 'discarded'`,
      ),
    ).toEqual([{ reason: 'exhausted', by: 'ops@shop.example', why: 'a test order', now: true }]);
    expect(await deadLetters.replay({})).toBe(1);
  });
});
