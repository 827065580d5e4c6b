import { type CloudEvent, defineEvent, personal, Sealed } from '@switchboard/contracts';
import { EventEncryption, KeyRing } from '@switchboard/service-kit';
import { until } from '@switchboard/testing';
import type { EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { z } from 'zod';
import { Consumer, Handles, HandlesAll, SelectsEvents } from '../src/handles.decorator';
import type { Transport, TransportObserver } from '../src/transport';
import { OrderCancelled, OrderPlaced, type RunOptions } from './backbone';
import { Installation, note, say, untilNoted } from './installation';

const own = uuidv7();
const Written = defineEvent(
  `shop.letter-${own}.written.v1`,
  z.object({ orderId: z.string(), text: personal(z.string()) }),
  { subject: 'orderId', summary: 'Somebody wrote.' },
);

/** What the backbone promises to a group that hears every event, on whichever transport. */
export function everyEventContract(openTransport: (observer?: TransportObserver) => Transport): void {
  let shop: Installation;
  let unroutable: string[];
  let heard: CloudEvent[];
  let batches: number;
  let before: (events: CloudEvent[]) => void;
  let wants: (event: CloudEvent) => boolean;

  beforeEach(async () => {
    unroutable = [];
    heard = [];
    batches = 0;
    before = () => undefined;
    wants = () => true;
    shop = await Installation.on(openTransport({ unroutable: (type) => unroutable.push(type) }));
  });
  afterEach(() => shop.close());

  /** Of the shared broker's events only those of this file. */
  const types: readonly string[] = [OrderPlaced.type, OrderCancelled.type];
  const isOurs = ({ type }: CloudEvent) => type.includes(own) || types.includes(type);

  const listener = () => {
    @Consumer(`everything-${uuidv7()}`, { concurrency: 1 })
    class Listener {
      @HandlesAll()
      async all(events: CloudEvent[], tx: EntityManager) {
        const ours = events.filter(isOurs);
        before(ours);
        for (const { type } of ours) await note(tx, type);
        heard.push(...ours);
        if (ours.length > 0) batches++;
      }
    }
    return { controller: Listener };
  };

  const start = (options: RunOptions = {}) =>
    shop.start({
      consumers: [listener()],
      cipher: new EventEncryption(new KeyRing(`k1:${Buffer.alloc(32, 1).toString('base64')}`)),
      ...options,
    });

  it('it is given all that waits at once, of whatever type, in order, with personal values sealed', async () => {
    const app = await start();
    await say(
      app,
      OrderPlaced({ orderId: 'a', n: 1 }),
      Written({ orderId: 'a', text: 'a peculiar zebra' }),
      OrderPlaced({ orderId: 'a', n: 2 }),
      OrderCancelled({ orderId: 'a' }),
    );
    const types = await untilNoted(app, 4);
    expect(types).toEqual([OrderPlaced.type, Written.type, OrderPlaced.type, OrderCancelled.type]);
    expect(heard[0]).toMatchObject({ source: 'shop', subject: 'a', data: { orderId: 'a', n: 1 } });
    expect((heard[1]!.data as { text: unknown }).text).toBeInstanceOf(Sealed);
    expect(JSON.stringify(heard)).not.toContain('zebra');
    expect(batches).toBeLessThan(4);
  });

  it('it is given what no contract describes', async () => {
    const app = await start();
    const stranger = { type: `shop.stranger-${own}.came.v7`, subject: 's', data: { anything: [1, { a: null }] } };
    await shop.publish(stranger);
    await shop.publish({ ...OrderPlaced({ orderId: 'a', n: 1 }), data: { n: 'not a number' } });
    await untilNoted(app, 2);
    expect(heard.map(({ data }) => data)).toEqual([stranger.data, { n: 'not a number' }]);
    expect(await app.db.query('SELECT FROM parked_events')).toEqual([]);
  });

  it('it is nobody who hears: an event that nobody else does is reported, and one that somebody does is not', async () => {
    @Consumer(`orders-${uuidv7()}`)
    class Orders {
      @Handles(OrderPlaced)
      placed() {}
    }
    const app = await start({ consumers: [listener(), { controller: Orders }] });
    // Nobody but this file knows the second, whoever else is at the broker.
    await say(app, OrderPlaced({ orderId: 'a', n: 1 }), Written({ orderId: 'a', text: 'to nobody' }));
    await untilNoted(app, 2);
    await until(() => unroutable.length > 0, { what: 'a report' });
    expect(unroutable).toEqual([Written.type]);
  });

  it('nobody waits for it when it gathers, neither others nor what is said next', async () => {
    @Consumer(`patient-${uuidv7()}`, { gatherMs: 3_600_000 })
    class Patient {
      @HandlesAll()
      all(events: CloudEvent[]) {
        heard.push(...events.filter(isOurs));
      }
    }
    @Consumer(`orders-${uuidv7()}`)
    class Orders {
      @Handles(OrderPlaced)
      placed(_: unknown, tx: EntityManager) {
        return note(tx, 'placed');
      }
    }
    const app = await start({ consumers: [{ controller: Patient }, { controller: Orders }] });
    // More of them than the relay has under way at once.
    for (let n = 1; n <= 10; n++) {
      await say(app, OrderPlaced({ orderId: 'a', n }));
      await untilNoted(app, n);
    }
    expect(heard).toEqual([]);
  });

  it('what comes twice is given once, and what fails is tried again, alone', async () => {
    let failures = 1;
    before = (events) => {
      if (events.some(({ type }) => type === OrderCancelled.type) && failures-- > 0) throw new Error('not now');
    };
    const app = await start();
    const placed = await shop.publish(OrderPlaced({ orderId: 'a', n: 1 }));
    await untilNoted(app, 1);
    await shop.publish(OrderPlaced({ orderId: 'a', n: 1 }), { id: placed.id });
    await shop.publish(OrderCancelled({ orderId: 'a' }));
    expect(await untilNoted(app, 2)).toEqual([OrderPlaced.type, OrderCancelled.type]);
    await until(async () => (await app.db.query<unknown[]>('SELECT FROM parked_events')).length === 0, {
      what: 'nothing to wait',
    });
  });

  describe('that selects', () => {
    const selective = () => {
      @Consumer(`selective-${uuidv7()}`, { concurrency: 1 })
      class Selective {
        @SelectsEvents()
        select(events: CloudEvent[]): Promise<boolean[]> {
          return Promise.resolve(events.map((event) => isOurs(event) && wants(event)));
        }

        @HandlesAll()
        async all(events: CloudEvent[], tx: EntityManager) {
          for (const { type } of events) await note(tx, type);
        }
      }
      return { controller: Selective };
    };
    const inboxRows = async (app: { db: { query(sql: string): Promise<unknown[]> } }) =>
      (await app.db.query('SELECT FROM inbox')).length;

    it('what it does not want leaves no trace, and is heard when it comes again and is wanted by then', async () => {
      wants = ({ type }) => type === OrderPlaced.type;
      const app = await start({ consumers: [selective()] });
      const cancelled = await shop.publish(OrderCancelled({ orderId: 'a' }));
      await shop.publish(OrderPlaced({ orderId: 'a', n: 1 }));
      expect(await untilNoted(app, 1)).toEqual([OrderPlaced.type]);
      expect(await inboxRows(app)).toBe(1);
      wants = () => true;
      await shop.publish(OrderCancelled({ orderId: 'a' }), { id: cancelled.id });
      expect(await untilNoted(app, 2)).toEqual([OrderPlaced.type, OrderCancelled.type]);
    });

    it('what cannot be decided is heard', async () => {
      wants = () => {
        throw new Error('who knows');
      };
      const app = await start({ consumers: [selective()] });
      await shop.publish(OrderPlaced({ orderId: 'a', n: 1 }));
      expect(await untilNoted(app, 1)).toEqual([OrderPlaced.type]);
    });

    it('it has a method that hears what is selected', async () => {
      @Consumer(`deaf-${uuidv7()}`)
      class Deaf {
        @SelectsEvents()
        select(events: CloudEvent[]): boolean[] {
          return events.map(() => true);
        }
      }
      await expect(shop.start({ consumers: [{ controller: Deaf }] })).rejects.toThrow('has no method that hears them');
    });
  });

  it('it has no other method beside it', async () => {
    @Consumer(`confused-${uuidv7()}`)
    class Confused {
      @HandlesAll()
      all() {}
      @Handles(OrderPlaced)
      placed() {}
    }
    await expect(shop.start({ consumers: [{ controller: Confused }] })).rejects.toThrow(
      'hears every event by one method, and can have no other',
    );
  });
}
