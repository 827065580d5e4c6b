import { setTimeout as sleep } from 'node:timers/promises';
import { type CloudEvent, type EventDraft, type EventOf } from '@switchboard/contracts';
import { until } from '@switchboard/testing';
import type { DataSource, EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { PermanentError, RetryLater } from '../src/errors';
import { Consumer, Handles, HandlesBatch } from '../src/handles.decorator';
import type { Transport } from '../src/transport';
import { openBackboneDatabase, OrderCancelled, OrderPlaced, run, type Running } from './backbone';

/** What the whole backbone promises, on whichever transport. */
export function backboneContract(openTransport: () => Transport): void {
  let files: Awaited<ReturnType<typeof openBackboneDatabase>>;
  let transport: Transport;
  let running: Running[];
  /** What handlers of a test do; each test sets it. */
  let behaviour: (event: EventOf<typeof OrderPlaced>, tx: EntityManager) => Promise<void> | void;

  const apply = (tx: EntityManager, event: { data: { orderId: string; n?: number } }, what: string) =>
    tx.query('INSERT INTO applied (order_id, n, what) VALUES ($1, $2, $3)', [
      event.data.orderId,
      event.data.n ?? null,
      what,
    ]);

  // A group of its own for each test, because queues outlive tests.
  const consumers = (options: { ordered?: boolean; shards?: number } = {}) => {
    @Consumer(`orders-${uuidv7()}`, options)
    class OrderHandlers {
      @Handles(OrderPlaced)
      async placed(event: EventOf<typeof OrderPlaced>, tx: EntityManager) {
        await behaviour(event, tx);
        await apply(tx, event, 'placed');
      }
      @Handles(OrderCancelled)
      cancelled(event: EventOf<typeof OrderCancelled>, tx: EntityManager) {
        return apply(tx, event, 'cancelled');
      }
    }
    return [{ controller: OrderHandlers }];
  };

  const start = async (options: Parameters<typeof run>[3] = {}): Promise<Running> => {
    const started = await run(await files.open(), files.database.url, transport, options);
    running.push(started);
    return started;
  };
  const say = (app: Running, ...drafts: EventDraft[]) => app.db.transaction((tx) => app.bus.outbox.add(tx, ...drafts));
  const applied = async (db: DataSource) =>
    (await db.query('SELECT order_id, n, what FROM applied ORDER BY id')) as {
      order_id: string;
      n: number;
      what: string;
    }[];
  const untilApplied = (app: Running, count: number) =>
    until(async () => (await applied(app.db)).length >= count, { what: `${count} applied` });
  const publishRaw = (event: CloudEvent) =>
    transport.publish([{ id: event.id, type: event.type, subject: event.subject, body: JSON.stringify(event) }]);
  const envelope = (data: unknown, over: Partial<CloudEvent> = {}): CloudEvent => ({
    specversion: '1.0',
    id: uuidv7(),
    source: 'shop',
    type: OrderPlaced.type,
    subject: 'o1',
    time: new Date().toISOString(),
    datacontenttype: 'application/json',
    data,
    ...over,
  });

  beforeEach(async () => {
    files = await openBackboneDatabase();
    transport = openTransport();
    running = [];
    behaviour = () => undefined;
  });
  afterEach(async () => {
    await Promise.all(running.map((app) => app.stop()));
    await transport.close();
    await files.database.drop();
  });

  it('a committed change is heard, a rolled back one is not', async () => {
    const app = await start({ consumers: consumers() });
    await say(app, OrderPlaced({ orderId: 'kept', n: 1 }));
    await expect(
      app.db.transaction(async (tx) => {
        await app.bus.outbox.add(tx, OrderPlaced({ orderId: 'undone', n: 2 }));
        throw new Error('changed my mind');
      }),
    ).rejects.toThrow('changed my mind');
    await say(app, OrderCancelled({ orderId: 'kept' }));
    await untilApplied(app, 2);
    expect((await applied(app.db)).map((row) => `${row.order_id} ${row.what}`).sort()).toEqual([
      'kept cancelled',
      'kept placed',
    ]);
    await until(async () => ((await app.db.query('SELECT FROM outbox')) as unknown[]).length === 0, {
      what: 'an empty outbox',
    });
  });

  it('twice delivered is once done', async () => {
    const app = await start({ consumers: consumers() });
    const event = envelope({ orderId: 'o1', n: 1 });
    await publishRaw(event);
    await untilApplied(app, 1);
    await Promise.all([publishRaw(event), publishRaw(event)]);
    const marker = envelope({ orderId: 'marker', n: 2 });
    await publishRaw(marker);
    await untilApplied(app, 2);
    expect((await applied(app.db)).map((row) => row.order_id)).toEqual(['o1', 'marker']);
    await until(async () => /bus_duplicates_absorbed_total\{group="[^"]+"\} 2\n/.test(await app.registry.metrics()), {
      what: 'both copies to be counted',
    });
  });

  it('a crash between commit and publish loses nothing', async () => {
    const before = await start({ relay: false });
    await say(before, OrderPlaced({ orderId: 'survivor', n: 1 }));
    await before.stop();
    running = [];
    const after = await start({ consumers: consumers() });
    await untilApplied(after, 1);
    expect((await applied(after.db))[0]!.order_id).toBe('survivor');
  });

  it('an event whose transaction commits late is found below the cursor', async () => {
    const app = await start({ consumers: consumers() });
    const late = app.db.createQueryRunner();
    await late.startTransaction();
    await app.bus.outbox.add(late.manager, OrderPlaced({ orderId: 'late', n: 1 }));
    await say(app, OrderPlaced({ orderId: 'early', n: 2 }));
    await untilApplied(app, 1);
    await late.commitTransaction();
    await late.release();
    await untilApplied(app, 2);
    expect((await applied(app.db)).map((row) => row.order_id)).toEqual(['early', 'late']);
  });

  it('an event that becomes visible late is not overtaken by a later one of its subject', async () => {
    const app = await start({ consumers: consumers({ ordered: true }) });
    const late = app.db.createQueryRunner();
    await late.startTransaction();
    await app.bus.outbox.add(late.manager, OrderPlaced({ orderId: 'late', n: 1 }));
    await say(app, OrderPlaced({ orderId: 'other', n: 2 }));
    await untilApplied(app, 1);
    await late.commitTransaction();
    await late.release();
    await say(app, OrderPlaced({ orderId: 'late', n: 3 }));
    await untilApplied(app, 3);
    expect((await applied(app.db)).map((row) => row.n)).toEqual([2, 1, 3]);
  });

  it('a failing event is tried again and then goes to the dead letters, blocking no one', async () => {
    const app = await start({ consumers: consumers() });
    let tries = 0;
    behaviour = (event) => {
      if (event.data.orderId !== 'poison') return;
      tries++;
      throw new Error('this never works');
    };
    await say(
      app,
      OrderPlaced({ orderId: 'poison', n: 1 }),
      ...[2, 3, 4].map((n) => OrderPlaced({ orderId: `good-${n}`, n })),
    );
    await untilApplied(app, 3);
    const [dead] = await until(
      async () => {
        const letters = await app.bus.deadLetters.list();
        return letters.length > 0 && letters;
      },
      { what: 'a dead letter' },
    );
    expect(dead).toMatchObject({
      type: OrderPlaced.type,
      reason: 'exhausted',
      attempts: 3,
      error: 'Error: this never works',
    });
    // Once more than the waits: the first try, taken in a batch, is repeated alone.
    expect(tries).toBeGreaterThanOrEqual(3);
    expect((await applied(app.db)).map((row) => row.order_id).sort()).toEqual(['good-2', 'good-3', 'good-4']);
  });

  it('what a failed try has written is undone', async () => {
    const app = await start({ consumers: consumers() });
    let tries = 0;
    behaviour = async (event, tx) => {
      await apply(tx, event, 'half done');
      if (tries++ === 0) throw new Error('the second half failed');
    };
    await say(app, OrderPlaced({ orderId: 'o1', n: 1 }));
    await untilApplied(app, 2);
    expect((await applied(app.db)).map((row) => row.what)).toEqual(['half done', 'placed']);
  });

  it('a permanent error goes to the dead letters at once; a replay applies it once', async () => {
    const app = await start({ consumers: consumers() });
    let broken = true;
    behaviour = () => {
      if (broken) throw new PermanentError('no such customer');
    };
    await say(app, OrderPlaced({ orderId: 'o1', n: 1 }));
    const letters = await until(
      async () => (await app.bus.deadLetters.list()).length > 0 && app.bus.deadLetters.list(),
      { what: 'a dead letter' },
    );
    expect(letters[0]).toMatchObject({ reason: 'permanent', attempts: 1 });
    expect(await app.bus.deadLetters.summary()).toMatchObject([
      { type: OrderPlaced.type, reason: 'permanent', count: 1 },
    ]);
    broken = false;
    expect(await app.bus.deadLetters.replay({ ids: [letters[0]!.id] })).toBe(1);
    await untilApplied(app, 1);
    expect(await app.bus.deadLetters.replay({ type: OrderPlaced.type })).toBe(0);
    expect(await app.bus.deadLetters.list()).toEqual([]);
    expect(await applied(app.db)).toHaveLength(1);
  });

  it('a discarded dead letter is never applied, and the reason is kept', async () => {
    const app = await start({ consumers: consumers() });
    behaviour = () => {
      throw new PermanentError('no such customer');
    };
    await say(app, OrderPlaced({ orderId: 'o1', n: 1 }));
    await until(async () => (await app.bus.deadLetters.list()).length === 1, { what: 'a dead letter' });
    expect(
      await app.bus.deadLetters.discard({ reason: 'permanent' }, { by: 'an operator', why: 'a test customer' }),
    ).toBe(1);
    expect(await app.bus.deadLetters.list()).toEqual([]);
    expect(await app.db.query('SELECT state, reason, discarded_by, discarded_why FROM parked_events')).toEqual([
      { state: 'discarded', reason: 'permanent', discarded_by: 'an operator', discarded_why: 'a test customer' },
    ]);
  });

  it('"not yet" is tried again when asked, and is no failed attempt', async () => {
    const app = await start({ consumers: consumers() });
    let tries = 0;
    behaviour = () => {
      if (++tries <= 5) throw new RetryLater(0.02);
    };
    await say(app, OrderPlaced({ orderId: 'o1', n: 1 }));
    await untilApplied(app, 1);
    expect(tries).toBe(6);
    expect(await app.bus.deadLetters.list()).toEqual([]);
  });

  it('an event that cannot be read goes to the dead letters and says why; unknown fields are ignored', async () => {
    const app = await start({ consumers: consumers() });
    await publishRaw(envelope({ orderId: 'o1', n: 'seven' }));
    await transport.publish([{ id: uuidv7(), type: OrderPlaced.type, subject: 'o1', body: 'not json' }]);
    await publishRaw(envelope({ orderId: 'ok', n: 1, colour: 'green' }, { extension: 'unknown' } as never));
    await untilApplied(app, 1);
    const letters = await until(
      async () => (await app.bus.deadLetters.list()).length === 2 && app.bus.deadLetters.list(),
      { what: 'two dead letters' },
    );
    expect(letters.map((letter) => letter.reason)).toEqual(['invalid', 'invalid']);
    const errors = letters.map((letter) => letter.error).join();
    expect(errors).toMatch(/expected number/);
    expect(errors).toMatch(/not JSON/);
  });

  it('an event older than the retention is refused, never applied again', async () => {
    const app = await start({ consumers: consumers() });
    const monthAgo = Date.now() - 30 * 86_400_000;
    await publishRaw(envelope({ orderId: 'old', n: 1 }, { id: uuidv7({ msecs: monthAgo }) }));
    await publishRaw(envelope({ orderId: 'new', n: 2 }));
    await untilApplied(app, 1);
    const [letter] = await until(
      async () => (await app.bus.deadLetters.list()).length === 1 && app.bus.deadLetters.list(),
      { what: 'a dead letter' },
    );
    expect(letter!.reason).toBe('too_old');
    expect((await applied(app.db)).map((row) => row.order_id)).toEqual(['new']);
  });

  it('an ordered group holds the subject that fails while others go on', async () => {
    const app = await start({ consumers: consumers({ ordered: true }) });
    let othersWentOn = false;
    behaviour = (event) => {
      if (event.data.orderId === 'b') othersWentOn = true;
      if (event.data.orderId === 'a' && event.data.n === 1 && !othersWentOn) throw new Error('not now');
    };
    const numbered = (orderId: string) => [1, 2, 3].map((n) => OrderPlaced({ orderId, n }));
    await say(app, ...numbered('a'), ...numbered('b'));
    await untilApplied(app, 6);
    const rows = await applied(app.db);
    expect(rows.filter((row) => row.order_id === 'a').map((row) => row.n)).toEqual([1, 2, 3]);
    expect(rows.filter((row) => row.order_id === 'b').map((row) => row.n)).toEqual([1, 2, 3]);
    expect(rows.findIndex((row) => row.order_id === 'b')).toBeLessThan(rows.findIndex((row) => row.order_id === 'a'));
  });

  it('the shards of an ordered group work side by side, each subject in order, also when one fails', async () => {
    const app = await start({ consumers: consumers({ ordered: true, shards: 4 }) });
    let active = 0;
    let mostActive = 0;
    let failures = 1;
    behaviour = async (event) => {
      mostActive = Math.max(mostActive, ++active);
      await sleep(1);
      active--;
      if (event.data.orderId === 'order-3' && event.data.n === 2 && failures-- > 0) throw new Error('not now');
    };
    const subjects = Array.from({ length: 12 }, (_, index) => `order-${index}`);
    for (const n of [1, 2, 3, 4]) await say(app, ...subjects.map((orderId) => OrderPlaced({ orderId, n })));
    await untilApplied(app, 48);
    const rows = await applied(app.db);
    for (const subject of subjects)
      expect(rows.filter((row) => row.order_id === subject).map((row) => row.n)).toEqual([1, 2, 3, 4]);
    expect(mostActive).toBeGreaterThan(1);
  });

  it('a batch handler gets the waiting events together', async () => {
    const sizes: number[] = [];
    @Consumer(`batches-${uuidv7()}`, { concurrency: 1 })
    class BatchHandlers {
      @HandlesBatch(OrderPlaced)
      async placed(events: EventOf<typeof OrderPlaced>[], tx: EntityManager) {
        sizes.push(events.length);
        for (const event of events) await apply(tx, event, 'batch');
      }
    }
    const app = await start({ consumers: [{ controller: BatchHandlers }] });
    await say(app, ...Array.from({ length: 120 }, (_, n) => OrderPlaced({ orderId: `o${n}`, n })));
    await untilApplied(app, 120);
    expect(new Set((await applied(app.db)).map((row) => row.order_id)).size).toBe(120);
    expect(Math.max(...sizes)).toBeGreaterThan(10);
  });

  it('a shutdown finishes what it began', async () => {
    const app = await start({ consumers: consumers() });
    let began = false;
    behaviour = async () => {
      began = true;
      await sleep(100);
    };
    await say(app, OrderPlaced({ orderId: 'o1', n: 1 }));
    await until(() => began, { what: 'the handler to begin' });
    await app.stop();
    running = [];
    const db = await files.open();
    expect(await applied(db)).toHaveLength(1);
    expect(await db.query('SELECT FROM outbox')).toEqual([]);
    await db.destroy();
  });

  it('a database that goes away in the middle costs no attempt and loses nothing', async () => {
    const app = await start({ consumers: consumers() });
    let interruptions = 2;
    behaviour = async (_event, tx) => {
      if (interruptions-- > 0) await tx.query('SELECT pg_terminate_backend(pg_backend_pid())');
    };
    await say(app, OrderPlaced({ orderId: 'o1', n: 1 }));
    await untilApplied(app, 1);
    expect(await app.db.query('SELECT FROM parked_events')).toEqual([]);
  });

  it('two processes share one outbox: one carries, the other takes over', async () => {
    const leads = async ({ registry }: Running) =>
      (await registry.getSingleMetric('bus_relay_leader')!.get()).values[0]!.value === 1;
    const first = await start({ consumers: consumers() });
    await until(() => leads(first), { what: 'the first one to lead' });
    const second = await start();
    await say(second, OrderPlaced({ orderId: 'said-by-the-second', n: 1 }));
    await untilApplied(first, 1);
    expect(await leads(second)).toBe(false);
    await first.stop();
    running = [second];
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
    const app = await start({ consumers: [{ controller: ChainHandlers }] });
    const [first] = await say(app, OrderPlaced({ orderId: 'o1', n: 1 }));
    await until(() => heard.length === 1, { what: 'the second event' });
    expect(heard[0]).toMatchObject({ causationid: first, correlationid: first, source: 'shop', subject: 'o1' });
  });
}
