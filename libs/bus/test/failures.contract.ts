import { type CloudEvent, defineEvent, type EventOf } from '@switchboard/contracts';
import { until } from '@switchboard/testing';
import type { EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { z } from 'zod';
import { PermanentError, RetryLater } from '../src/errors';
import { Consumer, Handles } from '../src/handles.decorator';
import type { Transport } from '../src/transport';
import { OrderPlaced, type Running } from './backbone';
import { Installation, note, notes, say, untilNoted } from './installation';
import { notesOf, OrderBook, placed } from './order-book';

/** More than are tried together. */
const MANY = 120;

/** What the whole backbone promises of events that cannot be applied, on whichever transport. */
export function failuresContract(openTransport: () => Transport): void {
  let shop: Installation;
  let orders: OrderBook;

  const start = (options: { ordered?: boolean } = {}) => shop.start({ consumers: [orders.group(options)] });
  const untilDead = (app: Running, count = 1) =>
    until(
      async () => {
        const letters = await app.bus.deadLetters.list();
        return letters.length >= count && letters;
      },
      { what: `${count} dead letters` },
    );

  beforeEach(async () => {
    shop = await Installation.on(openTransport());
    orders = new OrderBook();
  });
  afterEach(() => shop.close());

  it('a failing event is tried again and then goes to the dead letters, blocking no one', async () => {
    let tries = 0;
    orders.before = ({ subject }) => {
      if (subject !== 'poison') return;
      tries++;
      throw new Error('this never works');
    };
    const app = await start();
    await say(app, ...placed('poison', 1), ...placed('good', 2, 3, 4));
    await untilNoted(app, 3);
    expect((await untilDead(app))[0]).toMatchObject({
      type: OrderPlaced.type,
      reason: 'exhausted',
      attempts: 3,
      error: 'Error: this never works',
    });
    // More than the attempts when the first one was in a batch, and is repeated alone.
    expect(tries).toBeGreaterThanOrEqual(3);
    expect((await notes(app)).sort()).toEqual(['good 2', 'good 3', 'good 4']);
  });

  it('what a failed try has written is undone', async () => {
    let tries = 0;
    orders.before = async (_event, tx) => {
      await note(tx, 'half done');
      if (tries++ === 0) throw new Error('the second half failed');
    };
    const app = await start();
    await say(app, ...placed('o1', 1));
    expect(await untilNoted(app, 2)).toEqual(['half done', 'o1 1']);
  });

  it('a permanent error goes to the dead letters at once; a replay applies it once', async () => {
    let broken = true;
    orders.before = () => {
      if (broken) throw new PermanentError('no such customer');
    };
    const app = await start();
    const { deadLetters } = app.bus;
    await say(app, ...placed('o1', 1));
    const [letter] = await untilDead(app);
    expect(letter).toMatchObject({ reason: 'permanent', attempts: 1 });
    expect(await deadLetters.summary()).toMatchObject([{ type: OrderPlaced.type, reason: 'permanent', count: 1 }]);
    broken = false;
    expect(await deadLetters.replay({ ids: [letter!.id] })).toBe(1);
    await untilNoted(app, 1);
    expect(await deadLetters.replay({ type: OrderPlaced.type })).toBe(0);
    expect(await deadLetters.list()).toEqual([]);
    expect(await notes(app)).toEqual(['o1 1']);
  });

  it('a discarded dead letter is never applied, and the reason is kept', async () => {
    orders.before = () => {
      throw new PermanentError('no such customer');
    };
    const app = await start();
    await say(app, ...placed('o1', 1));
    await untilDead(app);
    expect(
      await app.bus.deadLetters.discard({ reason: 'permanent' }, { by: 'an operator', why: 'a test customer' }),
    ).toBe(1);
    expect(await app.bus.deadLetters.list()).toEqual([]);
    expect(await app.db.query('SELECT state, reason, discarded_by, discarded_why FROM parked_events')).toEqual([
      { state: 'discarded', reason: 'permanent', discarded_by: 'an operator', discarded_why: 'a test customer' },
    ]);
  });

  it('"not yet" is tried again when asked, and is no failed attempt', async () => {
    let tries = 0;
    orders.before = () => {
      if (++tries <= 5) throw new RetryLater(0.02);
    };
    const app = await start();
    await say(app, ...placed('o1', 1));
    await untilNoted(app, 1);
    expect(tries).toBe(6);
    expect(await app.bus.deadLetters.list()).toEqual([]);
  });

  it('"not yet" for longer than a day is given up, by the clock of the database, whatever the time is here', async () => {
    const tries: string[] = [];
    orders.before = ({ subject }) => {
      tries.push(subject);
      if (subject === 'late' || tries.length < 3) throw new RetryLater(0.02);
    };
    const tomorrow = () => new Date(Date.now() + 25 * 3_600_000);
    const app = await shop.start({ consumers: [orders.group({})], now: tomorrow });
    await say(app, ...placed('in time', 1));
    expect(await untilNoted(app, 1)).toEqual(['in time 1']);
    await say(app, ...placed('late', 1));
    const age = `UPDATE parked_events SET parked_at = now() - interval '25 hours' RETURNING 1`;
    await until(async () => ((await app.db.query(age)) as [unknown, number])[1] > 0, { what: 'the first try' });
    expect(await untilDead(app)).toMatchObject([{ subject: 'late', reason: 'exhausted' }]);
  });

  it('an event that cannot be read goes to the dead letters and says why; unknown fields are ignored', async () => {
    const app = await start();
    await shop.publish(OrderPlaced({ orderId: 'o1', n: 1 }), { data: { orderId: 'o1', n: 'seven' } });
    await shop.transport.publish([{ id: uuidv7(), type: OrderPlaced.type, subject: 'o1', body: 'not json' }]);
    const more = { data: { orderId: 'ok', n: 1, colour: 'green' }, extension: 'unknown' };
    await shop.publish(OrderPlaced({ orderId: 'ok', n: 1 }), more);
    expect(await untilNoted(app, 1)).toEqual(['ok 1']);
    const letters = await untilDead(app, 2);
    expect(letters.map((letter) => letter.reason)).toEqual(['invalid', 'invalid']);
    const errors = letters.map((letter) => letter.error).join();
    expect(errors).toMatch(/expected number/);
    expect(errors).toMatch(/not JSON/);
  });

  it('whatever is written on a message, it blocks nobody', async () => {
    orders.before = ({ subject }) => {
      if (subject === 'refused') throw new PermanentError('refused');
    };
    const app = await start();
    const { type } = OrderPlaced;
    const message = (body: string, over: { id?: string; subject?: string } = {}) =>
      shop.transport.publish([{ id: 'no id', type, subject: '', body, ...over }]);
    await message('nothing \0 that could be read', { subject: `\0${'long'.repeat(2000)}` });
    await message('the same twice');
    await message('the same twice');
    const tooLong = 'x'.repeat(3000);
    await shop.publish({ type, subject: tooLong, data: { orderId: tooLong, n: 1 } });
    for (const orderId of ['refused', 'fine']) {
      const event = await shop.publish(OrderPlaced({ orderId: 'other', n: 0 }), { type: 'shop.order.lost.v1' });
      await message(
        JSON.stringify({ ...event, id: uuidv7().toUpperCase(), type, subject: orderId, data: { orderId, n: 1 } }),
      );
    }
    expect(await untilNoted(app, 1)).toEqual(['fine 1']);
    const letters = await untilDead(app, 4);
    expect(letters.map(({ reason, subject }) => `${reason} ${subject.slice(0, 8)}`).sort()).toEqual([
      'invalid ',
      'invalid longlong',
      'invalid xxxxxxxx',
      'permanent refused',
    ]);
    expect(await app.registry.metrics()).toMatch(/bus_dead_lettered_total\{group="[^"]+",reason="invalid"\} 3\n/);
  });

  it('an event older than the retention is refused, never applied again', async () => {
    const app = await start();
    const monthAgo = Date.now() - 30 * 86_400_000;
    await shop.publish(OrderPlaced({ orderId: 'old', n: 1 }), { id: uuidv7({ msecs: monthAgo }) });
    await shop.publish(OrderPlaced({ orderId: 'new', n: 2 }));
    await untilNoted(app, 1);
    expect((await untilDead(app))[0]!.reason).toBe('too_old');
    expect(await notes(app)).toEqual(['new 2']);
  });

  it('a handler that swallows the error of a statement takes nobody else along', async () => {
    @Consumer(`careless-${uuidv7()}`)
    class CarelessHandlers {
      @Handles(OrderPlaced)
      async placed({ subject }: EventOf<typeof OrderPlaced>, tx: EntityManager) {
        await note(tx, subject);
        if (subject === 'careless') await tx.query('SELECT 1 / 0').catch(() => undefined);
      }
    }
    const app = await shop.start({ consumers: [{ controller: CarelessHandlers }] });
    await say(app, ...placed('a', 1), ...placed('b', 2), ...placed('careless', 3));
    const [letter] = await untilDead(app);
    expect(letter!.subject).toBe('careless');
    expect(letter!.error).toMatch('transaction is aborted');
    expect((await untilNoted(app, 2)).sort()).toEqual(['a', 'b']);
  });

  it('what has failed is tried again although others say "not yet" all the time', async () => {
    let tries = 0;
    orders.before = ({ subject }) => {
      if (subject.startsWith('impatient')) throw new RetryLater(0);
      if (tries++ === 0) throw new Error('a passing failure');
    };
    const app = await start();
    await say(app, ...Array.from({ length: MANY }, (_, n) => OrderPlaced({ orderId: `impatient-${n}`, n })));
    await until(async () => ((await app.db.query('SELECT FROM parked_events')) as unknown[]).length === MANY, {
      what: 'all of them to be parked',
    });
    await say(app, ...placed('o1', 1));
    expect(await untilNoted(app, 1)).toEqual(['o1 1']);
  });

  it('a table that is locked costs a parked event no try, and other groups go on', async () => {
    let first = true;
    orders.before = async (_event, tx) => {
      if (first) {
        first = false;
        throw new Error('to be parked');
      }
      await tx.query(`SET LOCAL lock_timeout = 50`);
      await tx.query('LOCK TABLE bus_topology IN SHARE MODE');
    };
    const app = await start();
    const migration = app.db.createQueryRunner();
    await migration.startTransaction();
    await migration.query('LOCK TABLE bus_topology');
    await say(app, ...placed('o1', 1));
    await until(() => app.warnings.some((warning) => warning.includes('lock timeout')), { what: 'a try in vain' });
    const parked = () => app.db.query('SELECT state, attempts, begun FROM parked_events');
    await until(async () => ((await parked()) as { begun: number }[])[0]!.begun === 0, {
      what: 'the try to be taken back',
    });
    expect(await parked()).toEqual([{ state: 'retrying', attempts: 1, begun: 0 }]);
    await migration.rollbackTransaction();
    await migration.release();
    expect(await untilNoted(app, 1)).toEqual(['o1 1']);
  });

  it('what one version cannot read and another one applies is applied once, in whichever order', async () => {
    const about = { subject: 'orderId', summary: '-' } as const;
    const type = `shop.order-${uuidv7()}.shipped.v1`;
    const Old = defineEvent(type, z.object({ orderId: z.string(), by: z.enum(['post']) }), about);
    const New = defineEvent(type, z.object({ orderId: z.string(), by: z.enum(['post', 'drone']) }), about);
    const version = (event: typeof Old | typeof New) => {
      @Consumer(`parcels-${type}`, { concurrency: 1 })
      class ParcelHandlers {
        @Handles(event)
        shipped({ data: { orderId } }: EventOf<typeof New>, tx: EntityManager) {
          return note(tx, orderId);
        }
      }
      return { consumers: [{ controller: ParcelHandlers }] };
    };
    const deliver = async (definition: typeof Old | typeof New, ...events: CloudEvent[]) => {
      const app = await shop.start(version(definition));
      for (const event of events) await shop.publish(event, event);
      await shop.publish(New({ orderId: 'the last', by: 'post' }));
      await until(async () => (await notes(app)).includes('the last'), { what: 'all to be heard' });
      await app.db.query(`DELETE FROM applied WHERE what = 'the last'`);
      return app;
    };
    const sayings = await Promise.all(['a', 'b'].map((orderId) => shop.publish(New({ orderId, by: 'drone' }))));
    const [readFirst, buriedFirst] = sayings as [CloudEvent, CloudEvent];

    await shop.stop(await deliver(New, readFirst));
    const old = await deliver(Old, readFirst, buriedFirst);
    expect(await old.bus.deadLetters.list()).toMatchObject([{ subject: 'b', reason: 'invalid' }]);
    await shop.stop(old);
    const app = await deliver(New, buriedFirst);
    expect(await notes(app)).toEqual(['a']);
    await app.bus.deadLetters.replay({});
    await untilNoted(app, 2);
    await shop.stop(app);
    expect(await notes(await deliver(New, readFirst, buriedFirst))).toEqual(['a', 'b']);
  });

  it('an ordered group holds the subject that fails while others go on', async () => {
    let failures = 1;
    let othersWentOn = false;
    orders.before = ({ data: { orderId, n } }) => {
      if (orderId === 'b') othersWentOn = true;
      if (orderId !== 'a' || n !== 1) return;
      if (failures-- > 0) throw new Error('not now');
      if (!othersWentOn) throw new RetryLater(0.05);
    };
    const app = await start({ ordered: true });
    await say(app, ...placed('a', 1, 2, 3), ...placed('b', 1, 2, 3));
    const noted = await untilNoted(app, 6);
    expect(notesOf('a', noted)).toEqual(['a 1', 'a 2', 'a 3']);
    expect(notesOf('b', noted)).toEqual(['b 1', 'b 2', 'b 3']);
    expect(noted[0]).toBe('b 1');
  });
}
