import { setTimeout as sleep } from 'node:timers/promises';
import type { CloudEvent, EventOf } from '@switchboard/contracts';
import { until } from '@switchboard/testing';
import type { EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { Consumer, Handles, HandlesBatch } from '../src/handles.decorator';
import type { Transport } from '../src/transport';
import { OrderCancelled, OrderPlaced, type Running } from './backbone';
import { Installation, note, notes, say, untilNoted } from './installation';
import { notesOf, OrderBook, placed } from './order-book';

/** What the whole backbone promises while handlers do their work, on whichever transport. */
export function backboneContract(openTransport: () => Transport): void {
  let shop: Installation;
  let orders: OrderBook;

  const start = (options: { ordered?: boolean; shards?: number } = {}) =>
    shop.start({ consumers: [orders.group(options)] });
  const outbox = (app: Running): Promise<unknown[]> => app.db.query('SELECT FROM outbox');
  /** A transaction that has said something and goes on. */
  const lateCommit = async (app: Running, draft: ReturnType<typeof OrderPlaced>) => {
    const late = app.db.createQueryRunner();
    await late.startTransaction();
    await app.bus.outbox.add(late.manager, draft);
    return async () => {
      await late.commitTransaction();
      await late.release();
    };
  };

  beforeEach(async () => {
    shop = await Installation.on(openTransport());
    orders = new OrderBook();
  });
  afterEach(() => shop.close());

  it('a committed change is heard, a rolled back one is not', async () => {
    const app = await start();
    await say(app, ...placed('kept', 1));
    await expect(
      app.db.transaction(async (tx) => {
        await app.bus.outbox.add(tx, ...placed('undone', 2));
        throw new Error('changed my mind');
      }),
    ).rejects.toThrow('changed my mind');
    await say(app, OrderCancelled({ orderId: 'kept' }));
    expect((await untilNoted(app, 2)).sort()).toEqual(['kept 1', 'kept cancelled']);
    await until(async () => (await outbox(app)).length === 0, { what: 'an empty outbox' });
  });

  it('twice delivered is once done', async () => {
    const app = await start();
    const event = await shop.publish(OrderPlaced({ orderId: 'o1', n: 1 }));
    await untilNoted(app, 1);
    await Promise.all([1, 2].map(() => shop.publish(OrderPlaced({ orderId: 'o1', n: 1 }), { id: event.id })));
    await shop.publish(OrderPlaced({ orderId: 'marker', n: 2 }));
    expect(await untilNoted(app, 2)).toEqual(['o1 1', 'marker 2']);
    await until(async () => /bus_duplicates_absorbed_total\{group="[^"]+"\} 2\n/.test(await app.registry.metrics()), {
      what: 'both copies to be counted',
    });
  });

  it('a crash between commit and publish loses nothing', async () => {
    const before = await shop.start({ relay: false });
    await say(before, ...placed('survivor', 1));
    await shop.stop(before);
    expect(await untilNoted(await start(), 1)).toEqual(['survivor 1']);
  });

  it('an event whose transaction commits late is found below the cursor', async () => {
    const app = await start();
    const commit = await lateCommit(app, OrderPlaced({ orderId: 'late', n: 1 }));
    await say(app, ...placed('early', 2));
    await untilNoted(app, 1);
    await commit();
    expect(await untilNoted(app, 2)).toEqual(['early 2', 'late 1']);
  });

  it('an event that becomes visible late is not overtaken by a later one of its subject', async () => {
    const app = await start({ ordered: true });
    const commit = await lateCommit(app, OrderPlaced({ orderId: 'late', n: 1 }));
    await say(app, ...placed('other', 2));
    await untilNoted(app, 1);
    await commit();
    await say(app, ...placed('late', 3));
    expect(await untilNoted(app, 3)).toEqual(['other 2', 'late 1', 'late 3']);
  });

  it('the shards of an ordered group work side by side, each subject in order, also when one fails', async () => {
    let active = 0;
    let mostActive = 0;
    let failures = 1;
    orders.before = async ({ data: { orderId, n } }) => {
      mostActive = Math.max(mostActive, ++active);
      await sleep(1);
      active--;
      if (orderId === 'order-3' && n === 2 && failures-- > 0) throw new Error('not now');
    };
    const app = await start({ ordered: true, shards: 4 });
    const subjects = Array.from({ length: 12 }, (_, index) => `order-${index}`);
    for (const n of [1, 2, 3, 4]) await say(app, ...subjects.flatMap((orderId) => placed(orderId, n)));
    const noted = await untilNoted(app, 48);
    for (const subject of subjects) expect(notesOf(subject, noted)).toEqual([1, 2, 3, 4].map((n) => `${subject} ${n}`));
    expect(mostActive).toBeGreaterThan(1);
  });

  it('a batch handler gets the waiting events together', async () => {
    const sizes: number[] = [];
    @Consumer(`batches-${uuidv7()}`, { concurrency: 1 })
    class BatchHandlers {
      @HandlesBatch(OrderPlaced)
      async placed(events: EventOf<typeof OrderPlaced>[], tx: EntityManager) {
        sizes.push(events.length);
        for (const { subject } of events) await note(tx, subject);
      }
    }
    const app = await shop.start({ consumers: [{ controller: BatchHandlers }] });
    await say(app, ...Array.from({ length: 120 }, (_, n) => OrderPlaced({ orderId: `o${n}`, n })));
    expect(new Set(await untilNoted(app, 120)).size).toBe(120);
    expect(Math.max(...sizes)).toBeGreaterThan(10);
  });

  it('an event that does not concern its handler is passed over, and nothing of it is remembered', async () => {
    const group = `large-orders-${uuidv7()}`;
    @Consumer(group)
    class LargeOrders {
      @Handles(OrderPlaced, { when: ({ n }) => n >= 10 })
      placed({ data: { orderId, n } }: EventOf<typeof OrderPlaced>, tx: EntityManager) {
        return note(tx, `${orderId} ${n}`);
      }
    }
    const app = await shop.start({ consumers: [{ controller: LargeOrders }] });
    await say(app, ...placed('a', 1, 10, 2), ...placed('b', 11));
    expect((await untilNoted(app, 2)).sort()).toEqual(['a 10', 'b 11']);
    expect(await app.db.query('SELECT count(*)::int AS count FROM inbox WHERE consumer = $1', [group])).toEqual([
      { count: 2 },
    ]);
  });

  it('a shutdown finishes what it began', async () => {
    let began = false;
    orders.before = async () => {
      began = true;
      await sleep(100);
    };
    const app = await start();
    await say(app, ...placed('o1', 1));
    await until(() => began, { what: 'the handler to begin' });
    await shop.stop(app);
    const later = await shop.start({ relay: false });
    expect(await notes(later)).toEqual(['o1 1']);
    expect(await outbox(later)).toEqual([]);
  });

  it('what is said while the consumers stop is heard after the next start', async () => {
    let began = false;
    orders.before = async () => {
      began = true;
      await sleep(200);
    };
    const consumers = [orders.group()];
    const app = await shop.start({ consumers });
    await say(app, ...placed('o1', 1));
    await until(() => began, { what: 'the handler to begin' });
    const stopping = app.bus.stop();
    await say(app, ...placed('o2', 2));
    await stopping;
    expect((await untilNoted(await shop.start({ consumers }), 2)).sort()).toEqual(['o1 1', 'o2 2']);
  });

  it('a database that goes away in the middle costs no attempt and loses nothing', async () => {
    let interruptions = 2;
    orders.before = async (_event, tx) => {
      if (interruptions-- > 0) await tx.query('SELECT pg_terminate_backend(pg_backend_pid())');
    };
    const app = await start();
    await say(app, ...placed('o1', 1));
    expect(await untilNoted(app, 1)).toEqual(['o1 1']);
    expect(await app.db.query('SELECT FROM parked_events')).toEqual([]);
  });

  it('two processes share one outbox: one carries, the other takes over', async () => {
    const leads = async ({ registry }: Running) =>
      (await registry.getSingleMetric('bus_relay_leader')!.get()).values[0]!.value === 1;
    const first = await start();
    await until(() => leads(first), { what: 'the first one to lead' });
    const second = await shop.start();
    await say(second, ...placed('said-by-the-second', 1));
    await untilNoted(first, 1);
    expect(await leads(second)).toBe(false);
    await shop.stop(first);
    await until(() => leads(second), { what: 'the second one to lead' });
  });

  it('an event names its cause and the first of its chain', async () => {
    const heard: CloudEvent[] = [];
    @Consumer(`chain-${uuidv7()}`)
    class ChainHandlers {
      @Handles(OrderPlaced)
      async placed(event: EventOf<typeof OrderPlaced>, tx: EntityManager) {
        await app.bus.outbox.add(tx, OrderCancelled({ orderId: event.data.orderId }));
      }
      @Handles(OrderCancelled)
      cancelled(event: EventOf<typeof OrderCancelled>) {
        heard.push(event);
      }
    }
    const app = await shop.start({ consumers: [{ controller: ChainHandlers }] });
    const [first] = await say(app, ...placed('o1', 1));
    await until(() => heard.length === 1, { what: 'the second event' });
    expect(heard[0]).toMatchObject({ causationid: first, correlationid: first, source: 'shop', subject: 'o1' });
  });
}
