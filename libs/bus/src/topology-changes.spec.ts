import { defineEvent, type EventDefinition, type EventOf } from '@switchboard/contracts';
import { until } from '@switchboard/testing';
import { connect, type Channel, type ChannelModel } from 'amqplib';
import type { EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { z } from 'zod';
import type { Running } from '../test/backbone';
import { brokerUrl, describeWithBroker, openRabbit } from '../test/broker';
import { Installation, note, notes, say, untilNoted } from '../test/installation';
import { Consumer, Handles, HandlesAll } from './handles.decorator';
import { MemoryTransport } from './memory.transport';
import type { Transport } from './transport';

/** A release takes half a second here. */
const releaseOverlapMs = 500;
const about = { subject: 'orderId', summary: '-' } as const;
const schema = z.object({ orderId: z.string() });

/** A version of a service: a group and the events it hears. */
const hears = (group: string, events: EventDefinition[], options: { ordered?: boolean } = {}) => {
  class Handlers {}
  for (const event of events) {
    const method = {
      value: (said: EventOf<EventDefinition>, tx: EntityManager) => note(tx, said.subject),
      writable: true,
    };
    Object.defineProperty(Handlers.prototype, event.type, method);
    Handles(event)(Handlers.prototype, event.type, Object.getOwnPropertyDescriptor(Handlers.prototype, event.type)!);
  }
  Consumer(group, options)(Handlers);
  return { controller: Handlers };
};

let shop: Installation;
let Placed: EventDefinition<string, typeof schema>;
let Cancelled: EventDefinition<string, typeof schema>;
let unroutable: string[];

async function open(transport: Transport) {
  // Queues and bindings outlive a test, so each has its own events.
  const own = uuidv7();
  Placed = defineEvent(`shop.order-${own}.placed.v1`, schema, about);
  Cancelled = defineEvent(`shop.order-${own}.cancelled.v1`, schema, about);
  shop = await Installation.on(transport);
}

/** Types that are noted as heard, by group. */
const heard = async (app: Running) =>
  (
    (await app.db.query('SELECT consumer, type FROM bus_topology ORDER BY 1, 2')) as {
      consumer: string;
      type: string;
    }[]
  ).map(({ consumer, type }) => `${consumer} ${type}`);

describeWithBroker('a release that changes what a service hears, over RabbitMQ', () => {
  let connection: ChannelModel;
  let channel: Channel;
  let group: string;

  beforeAll(async () => {
    connection = await connect(brokerUrl());
    channel = await connection.createChannel();
  });
  beforeEach(async () => {
    unroutable = [];
    group = `orders-${uuidv7()}`;
    await open(openRabbit({ unroutable: (type) => unroutable.push(type) }));
  });
  afterEach(() => shop.close());
  afterAll(() => connection.close());

  const publishUnroutable = async (event: typeof Placed) => {
    await shop.publish(event({ orderId: 'nobody' }));
    await until(() => unroutable.includes(event.type), { what: `${event.type} to be returned` });
  };
  const queueExists = async (name: string) => {
    const own = await connection.createChannel();
    own.on('error', () => undefined);
    try {
      await own.checkQueue(name);
      return true;
    } catch {
      return false;
    }
  };

  it('binds a new event at start', async () => {
    await shop.stop(await shop.start({ consumers: [hears(group, [Placed])] }));
    const after = await shop.start({ consumers: [hears(group, [Placed, Cancelled])] });
    await say(after, Cancelled({ orderId: 'a' }));
    expect(await untilNoted(after, 1)).toEqual(['a']);
  });

  it('unbinds an event that nobody has heard for as long as a release takes', async () => {
    await shop.stop(await shop.start({ consumers: [hears(group, [Placed, Cancelled])] }));
    const after = await shop.start({ consumers: [hears(group, [Placed])], releaseOverlapMs });
    expect(await heard(after)).toHaveLength(2);
    await until(async () => (await heard(after)).length === 1, { what: 'the binding to go' });
    await publishUnroutable(Cancelled);
    await say(after, Placed({ orderId: 'still heard' }));
    expect(await untilNoted(after, 1)).toEqual(['still heard']);
  });

  it('leaves an event to the newer version that hears it, while both run', async () => {
    const before = await shop.start({ consumers: [hears(group, [Placed])] });
    await shop.start({ consumers: [hears(group, [Placed, Cancelled])] });
    const orders = Array.from({ length: 30 }, (_, n) => `order ${n}`);
    for (const orderId of orders) await shop.publish(Cancelled({ orderId }));
    expect((await untilNoted(before, orders.length)).sort()).toEqual(orders.sort());
    expect(await before.bus.deadLetters.list()).toEqual([]);
    expect(await before.db.query('SELECT FROM parked_events')).toEqual([]);
  });

  it('unbinds nothing that an older version still hears', async () => {
    const before = await shop.start({ consumers: [hears(group, [Placed, Cancelled])], releaseOverlapMs });
    const after = await shop.start({ consumers: [hears(group, [Placed])], releaseOverlapMs });
    // Left by a release long ago: when it goes, the looking has begun.
    await after.db.query(
      `INSERT INTO bus_topology VALUES ('long-ago', 'shop.order.lost.v1', now() - interval '1 day')`,
    );
    await until(async () => (await heard(after)).length === 2, { what: 'what is really gone to go' });
    await shop.publish(Cancelled({ orderId: 'a' }));
    expect(await untilNoted(before, 1)).toEqual(['a']);
    expect(unroutable).toEqual([]);
  });

  it('an event that no version has heard for long is a dead letter that says so', async () => {
    await shop.stop(await shop.start({ consumers: [hears(group, [Placed, Cancelled])] }));
    await shop.publish(Cancelled({ orderId: 'a' }));
    const after = await shop.start({ consumers: [hears(group, [Placed])] });
    const parked = () => after.db.query(`SELECT state FROM parked_events`) as Promise<unknown[]>;
    await until(async () => (await parked()).length === 1, { what: 'the event to be parked' });
    expect(await parked()).toEqual([{ state: 'retrying' }]);
    await after.db.query(`UPDATE parked_events SET parked_at = now() - interval '11 minutes'`);
    await until(async () => (await after.bus.deadLetters.list()).length === 1, { what: 'a dead letter' });
    expect(await after.bus.deadLetters.list()).toMatchObject([
      { reason: 'not_heard', error: `NotHeardHere: nobody here hears ${Cancelled.type}` },
    ]);
  });

  it('a removed group gets nothing more, is reported while something waits in it, and then goes', async () => {
    const queue = `shop.${group}`;
    await shop.stop(await shop.start({ consumers: [hears(group, [Placed])] }));
    await shop.publish(Placed({ orderId: 'waits' }));
    const after = await shop.start({ consumers: [hears(`other-${group}`, [Cancelled])], releaseOverlapMs });
    await until(() => after.warnings.some((warning) => warning.includes(`nobody consumes ${queue} any more`)), {
      what: 'a report',
    });
    await publishUnroutable(Placed);
    expect(await channel.checkQueue(queue)).toMatchObject({ messageCount: 1, consumerCount: 0 });
    await after.db.query(`UPDATE bus_topology SET heard_at = now() - interval '11 minutes' WHERE consumer = $1`, [
      group,
    ]);
    expect(await after.registry.metrics()).toContain(`bus_abandoned_groups{group="${group}"} 1`);

    await channel.purgeQueue(queue);
    await until(async () => (await heard(after)).length === 1, { what: 'the group to go' });
    expect(await queueExists(queue)).toBe(false);
    expect(await queueExists(`${queue}.undelivered`)).toBe(false);
    expect(await after.registry.metrics()).not.toContain('bus_abandoned_groups{');
  });

  it('a removed group that heard every event goes', async () => {
    @Consumer(group)
    class Everything {
      @HandlesAll()
      all() {}
    }
    const queue = `shop.${group}`;
    await shop.stop(await shop.start({ consumers: [{ controller: Everything }] }));
    const after = await shop.start({ consumers: [hears(`other-${group}`, [Cancelled])], releaseOverlapMs });
    const emptied = async () => {
      const own = await connection.createChannel();
      own.on('error', () => undefined); // it is gone
      await own.purgeQueue(queue).catch(() => undefined);
    };
    // Whoever else uses this broker may have said something before it was unbound.
    await until(async () => (await emptied(), (await heard(after)).length === 1), { what: 'the group to go' });
    expect(await queueExists(queue)).toBe(false);
  });

  it('refuses to start with a queue of the other kind, and says what to do', async () => {
    const ordered = { consumers: [hears(group, [Placed], { ordered: true })] };
    await shop.stop(await shop.start({ consumers: [hears(group, [Placed])] }));
    await expect(shop.start(ordered)).rejects.toThrow(
      new RegExp(
        `The queue shop.${group} exists with other properties; a group that has become ordered needs a new one`,
      ),
    );
    await channel.deleteQueue(`shop.${group}`);
    const after = await shop.start(ordered);
    await say(after, Placed({ orderId: 'a' }));
    expect(await untilNoted(after, 1)).toEqual(['a']);
  });
});

describe('a release that changes what a service hears, in one process', () => {
  beforeEach(() => open(new MemoryTransport()));
  afterEach(() => shop.close());

  it('takes nothing down before it has looked for as long as a release takes', async () => {
    const before = await shop.start({ consumers: [hears('orders', [Placed])] });
    // As after a night in which nothing ran at all: what others hear, they could not write.
    await before.db.query(`UPDATE bus_topology SET heard_at = now() - interval '1 day'`);
    await shop.stop(before);
    const startedAt = performance.now();
    const after = await shop.start({ consumers: [hears('parcels', [Placed])], releaseOverlapMs });
    await until(async () => (await heard(after)).length === 1, { what: 'the group to be forgotten' });
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(releaseOverlapMs);
  });

  it('waits with hearing something again until it is taken down, and then hears it', async () => {
    let unbinding = () => {};
    const begun = new Promise<void>((resolve) => (unbinding = resolve));
    let finish = () => {};
    const finished = new Promise<void>((resolve) => (finish = resolve));
    jest.spyOn(shop.transport, 'unbind').mockImplementation(() => (unbinding(), finished));
    await shop.stop(await shop.start({ consumers: [hears('orders', [Placed])] }));
    const after = await shop.start({ consumers: [hears('parcels', [Placed])], releaseOverlapMs });
    await begun;
    const rolledBack = shop.start({ consumers: [hears('orders', [Placed])] });
    await until(
      async () => {
        const waiting: unknown[] = await after.db.query(
          `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
        );
        return waiting.length > 0;
      },
      { what: 'the announcement to wait' },
    );
    finish();
    await rolledBack;
    expect(await heard(after)).toEqual([`orders ${Placed.type}`, `parcels ${Placed.type}`]);
  });

  it('forgets a removed group, and shows what it had still to try', async () => {
    const before = await shop.start({ consumers: [hears('orders', [Placed])] });
    await before.db.query(
      `INSERT INTO parked_events (consumer, event_id, type, subject, envelope, state, due_at, error, reason)
       VALUES ('orders', $1, 'shop.order.placed.v1', 'o1', '{}', 'retrying', now() + interval '1 hour', 'not now', 'retrying')`,
      [uuidv7()],
    );
    await shop.stop(before);
    const after = await shop.start({ consumers: [hears('parcels', [Placed])], releaseOverlapMs });
    await until(async () => (await heard(after)).length === 1, { what: 'the group to be forgotten' });
    expect(await heard(after)).toEqual([`parcels ${Placed.type}`]);
    expect(await after.bus.deadLetters.list()).toMatchObject([
      { consumer: 'orders', reason: 'not_heard', error: 'not now' },
    ]);
    expect(await notes(after)).toEqual([]);
  });
});
