import type { EventOf } from '@switchboard/contracts';
import { FakeClock } from '@switchboard/testing';
import type { DataSource, EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { OrderPlaced, type Running } from '../test/backbone';
import { Installation, note, notes, say, untilNoted } from '../test/installation';
import { Consumer, Handles } from './handles.decorator';
import { keepInboxPartitions } from './inbox-partitions';
import { MemoryTransport } from './memory.transport';

const DAY_MS = 86_400_000;
const NOON = Date.parse('2026-03-10T12:00:00Z');

@Consumer('orders')
class OrderHandlers {
  @Handles(OrderPlaced)
  placed(event: EventOf<typeof OrderPlaced>, tx: EntityManager) {
    return note(tx, event.data.orderId);
  }
}
const consumers = [{ controller: OrderHandlers }];

describe('the partitions of the inbox', () => {
  let shop: Installation;
  let clock: FakeClock;
  const now = () => clock.now();
  const partitions = async (db: DataSource) =>
    (
      (await db.query(
        `SELECT inhrelid::regclass::text AS name FROM pg_inherits WHERE inhparent = 'inbox'::regclass ORDER BY 1`,
      )) as { name: string }[]
    ).map(({ name }) => name);
  const count = (app: Running, table: string) =>
    app.db.query(`SELECT count(*)::int AS n FROM ${table}`).then(([{ n }]: [{ n: number }]) => n);

  beforeEach(async () => {
    clock = new FakeClock(new Date(NOON));
    shop = await Installation.on(new MemoryTransport());
  });
  afterEach(() => shop.close());

  it('reach from the retention to the days ahead, and follow the clock', async () => {
    const app = await shop.start({ now });
    const first = await partitions(app.db);
    expect([first[0], first.at(-1)]).toEqual(['inbox_20260303', 'inbox_20260314']);
    await keepInboxPartitions(app.db, NOON + 2 * DAY_MS);
    const later = await partitions(app.db);
    expect([later[0], later.at(-1)]).toEqual(['inbox_20260305', 'inbox_20260316']);
    expect(later).toHaveLength(first.length);
  });

  it('are made and dropped while the process runs', async () => {
    const app = await shop.start({ now });
    for (const [days, oldest, newest] of [
      [9, 'inbox_20260312', 'inbox_20260323'],
      [1, 'inbox_20260313', 'inbox_20260324'],
    ] as const) {
      clock.advance(days * DAY_MS);
      await app.bus.keepPartitions();
      const kept = await partitions(app.db);
      expect([kept[0], kept.at(-1), kept.length]).toEqual([oldest, newest, 12]);
    }
  });

  it('are not dropped by a process that starts with a clock far ahead', async () => {
    const app = await shop.start({ now });
    await shop.start({ now: () => new Date(NOON + 40 * DAY_MS) });
    expect((await partitions(app.db))[0]).toBe('inbox_20260303');
  });

  it('are made at once by processes that start together', async () => {
    const [app] = await Promise.all([shop.start({ now, service: 'one' }), shop.start({ now, service: 'two' })]);
    expect(await partitions(app.db)).toHaveLength(12);
  });

  it('are made on demand for a process that slept for a week, and nothing goes to the dead letters', async () => {
    const app = await shop.start({ now, consumers });
    await say(app, OrderPlaced({ orderId: 'before', n: 1 }));
    await untilNoted(app, 1);
    clock.advance(8 * DAY_MS);
    await say(app, ...['a', 'b', 'c'].map((orderId, n) => OrderPlaced({ orderId, n })));
    expect(await untilNoted(app, 4)).toEqual(['before', 'a', 'b', 'c']);
    expect(await count(app, 'parked_events')).toBe(0);
    // What is too old is dropped by the schedule, which looks at the clock first.
    expect(await count(app, 'inbox')).toBe(4);
    await app.bus.keepPartitions();
    expect(await count(app, 'inbox')).toBe(3);
  });

  it('take an event of a sender whose clock is days ahead, once', async () => {
    const app = await shop.start({ now, consumers });
    const early = { id: uuidv7({ msecs: NOON + 3 * DAY_MS }) };
    await shop.publish(OrderPlaced({ orderId: 'early', n: 1 }), early);
    await shop.publish(OrderPlaced({ orderId: 'early', n: 1 }), early);
    expect(await notes(app)).toEqual(['early']);
  });

  it('refuse an event from further ahead, which can be replayed', async () => {
    const app = await shop.start({ now, consumers });
    await shop.publish(OrderPlaced({ orderId: 'far', n: 1 }), { id: uuidv7({ msecs: NOON + 5 * DAY_MS }) });
    expect(await app.bus.deadLetters.list()).toMatchObject([{ reason: 'from_the_future' }]);
    await app.bus.deadLetters.replay({});
    expect(await untilNoted(app, 1)).toEqual(['far']);
  });
});
