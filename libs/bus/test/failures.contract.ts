import { until } from '@switchboard/testing';
import { v7 as uuidv7 } from 'uuid';
import { PermanentError, RetryLater } from '../src/errors';
import type { Transport } from '../src/transport';
import { OrderPlaced, type Running } from './backbone';
import { Installation, note, notes, say, untilNoted } from './installation';
import { of, OrderBook, placed } from './order-book';

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

  it('an event older than the retention is refused, never applied again', async () => {
    const app = await start();
    const monthAgo = Date.now() - 30 * 86_400_000;
    await shop.publish(OrderPlaced({ orderId: 'old', n: 1 }), { id: uuidv7({ msecs: monthAgo }) });
    await shop.publish(OrderPlaced({ orderId: 'new', n: 2 }));
    await untilNoted(app, 1);
    expect((await untilDead(app))[0]!.reason).toBe('too_old');
    expect(await notes(app)).toEqual(['new 2']);
  });

  it('an ordered group holds the subject that fails while others go on', async () => {
    let othersWentOn = false;
    orders.before = ({ data: { orderId, n } }) => {
      if (orderId === 'b') othersWentOn = true;
      if (orderId === 'a' && n === 1 && !othersWentOn) throw new Error('not now');
    };
    const app = await start({ ordered: true });
    await say(app, ...placed('a', 1, 2, 3), ...placed('b', 1, 2, 3));
    const noted = await untilNoted(app, 6);
    expect(of('a', noted)).toEqual(['a 1', 'a 2', 'a 3']);
    expect(of('b', noted)).toEqual(['b 1', 'b 2', 'b 3']);
    expect(noted[0]).toBe('b 1');
  });
}
