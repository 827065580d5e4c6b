import { setTimeout as sleep } from 'node:timers/promises';
import { v7 as uuidv7 } from 'uuid';
import type { BusMessage, ConsumerGroup, Transport, TransportObserver } from '../src/transport';

export interface TransportUnderTest {
  /** A transport as another process of the same installation would open it. */
  open(observer?: TransportObserver): Transport;
  /** Reason why several processes cannot share a group, if they cannot. */
  onlyOneProcess?: string;
}

const message = (type: string, data: object = {}, subject = 's'): BusMessage => {
  const id = uuidv7();
  return { id, type, subject, body: JSON.stringify({ id, type, subject, data }) };
};

const idsOf = (messages: readonly BusMessage[]) => messages.map(({ id }) => id);

const group = (name: string, types: string[], options: Partial<ConsumerGroup> = {}): ConsumerGroup => ({
  name: `contract.${name}-${uuidv7()}`,
  types,
  ordered: false,
  shards: 1,
  concurrency: 1,
  batchSize: 50,
  ...options,
});

/** What both transports must keep; each spec file runs all of it. */
export function transportContract(make: () => TransportUnderTest): void {
  let subject: TransportUnderTest;
  let opened: Transport[];
  // Types of each test are its own, because the broker is shared.
  let type: string;

  const open = (observer?: TransportObserver) => {
    const transport = subject.open(observer);
    opened.push(transport);
    return transport;
  };

  /** Publishes as the relay does: again and again until it is taken. */
  const publish = async (transport: Transport, messages: BusMessage[]) => {
    for (;;) {
      try {
        return await transport.publish(messages);
      } catch {
        await sleep(20);
      }
    }
  };

  /** Not together, so that no two of them travel together. */
  const publishEach = (transport: Transport, messages: BusMessage[]) =>
    Promise.all(messages.map((each) => publish(transport, [each])));

  const collect = () => {
    const got: BusMessage[] = [];
    const batches: number[] = [];
    return {
      got,
      batches,
      handle: (batch: readonly { message: BusMessage }[]) => {
        batches.push(batch.length);
        got.push(...batch.map((delivery) => delivery.message));
        return Promise.resolve();
      },
      until: async (count: number) => {
        for (let i = 0; got.length < count; i++) {
          if (i > 500) throw new Error(`got ${got.length} of ${count}`);
          await sleep(20);
        }
      },
    };
  };

  beforeEach(() => {
    subject = make();
    opened = [];
    type = `contract.thing.happened${Date.now().toString(36)}${Math.random().toString(36).slice(2, 8)}.v1`;
  });

  afterEach(async () => {
    await Promise.all(opened.map((transport) => transport.close()));
  });

  it('gives an event to every group that listens to its type, and to no other', async () => {
    const transport = open();
    const first = collect();
    const second = collect();
    const other = collect();
    await transport.subscribe(group('first', [type]), first.handle);
    await transport.subscribe(group('second', [type, 'contract.more.happened.v1']), second.handle);
    await transport.subscribe(group('other', ['contract.other.happened.v1']), other.handle);
    const sent = message(type, { text: 'Привет, 世界 👋' }, 'subject-1');
    await publish(transport, [sent]);
    await Promise.all([first.until(1), second.until(1)]);
    expect(first.got).toEqual([sent]);
    expect(second.got).toEqual([sent]);
    expect(other.got).toEqual([]);
  });

  it('keeps the order of publishing and hands over waiting events in batches', async () => {
    const transport = open();
    const seen = collect();
    await transport.subscribe(group('ordered', [type], { ordered: true, batchSize: 20 }), seen.handle);
    const sent = Array.from({ length: 200 }, () => message(type));
    await Promise.all([publish(transport, sent.slice(0, 100)), publish(transport, sent.slice(100))]);
    await seen.until(200);
    expect(idsOf(seen.got)).toEqual(idsOf(sent));
    expect(Math.max(...seen.batches)).toBe(20);
  });

  it('applies what has been published together exactly once when a subscription closes amid it', async () => {
    const transport = open();
    const first = collect();
    const second = collect();
    const handed = group('amid', [type], { ordered: true, batchSize: 7 });
    const subscription = await transport.subscribe(handed, async (batch) => {
      await first.handle(batch);
      await sleep(1);
    });
    const sent = Array.from({ length: 200 }, (_, i) => message(type, { n: i }, `s${i % 3}`));
    await publish(transport, [message(`${type}.none`)]); // it is connected
    const published = transport.publish(sent).catch(() => undefined);
    await first.until(1);
    await subscription.close();
    const rest = sent.filter(({ id }) => !idsOf(first.got).includes(id));
    await transport.subscribe(handed, second.handle);
    // Where nothing is kept but by the sender, the sender sends again what was not taken.
    if (subject.onlyOneProcess) await publish(transport, rest);
    await published;
    await second.until(rest.length);
    expect(idsOf([...first.got, ...second.got])).toEqual(idsOf(sent));
  });

  it('carries an event of a megabyte', async () => {
    const transport = open();
    const seen = collect();
    await transport.subscribe(group('large', [type]), seen.handle);
    const sent = message(type, { text: 'ж'.repeat(500_000) });
    await publish(transport, [sent]);
    await seen.until(1);
    expect(seen.got).toEqual([sent]);
  });

  it('lets a batch that was refused come again', async () => {
    const transport = open();
    const seen = collect();
    let refusals = 2;
    await transport.subscribe(group('refusing', [type]), (batch) =>
      refusals-- > 0 ? Promise.reject(new Error('not now')) : seen.handle(batch),
    );
    const sent = [message(type), message(type)];
    await publish(transport, sent);
    await seen.until(2);
    expect(new Set(idsOf(seen.got))).toEqual(new Set(idsOf(sent)));
  });

  it('finishes the batch in hand when a subscription closes, and gives the rest to the next one', async () => {
    const transport = open();
    const started = collect();
    let release = () => {};
    const held = new Promise<void>((resolve) => (release = resolve));
    const closing = group('closing', [type], { batchSize: 5 });
    const subscription = await transport.subscribe(closing, async (batch) => {
      await started.handle(batch);
      await held;
    });
    const published = publishEach(
      transport,
      Array.from({ length: 20 }, () => message(type)),
    );
    await started.until(1);
    const closed = subscription.close();
    const rest = collect();
    release();
    await closed;
    const taken = started.got.length;
    expect(taken).toBeLessThanOrEqual(5);
    await transport.subscribe(closing, rest.handle);
    await published;
    const all = () => new Set(idsOf([...started.got, ...rest.got]));
    for (let i = 0; all().size < 20 && i < 500; i++) await sleep(20);
    expect(all().size).toBe(20);
    expect(started.got.length).toBe(taken);
  });

  describe('keeps events back for a group that gathers', () => {
    it('and hands over together what comes meanwhile', async () => {
      const transport = open();
      const seen = collect();
      await transport.subscribe(group('gathering', [type], { gatherMs: 1000 }), seen.handle);
      const published: Promise<void>[] = [];
      for (let n = 0; n < 5; n++) {
        published.push(publish(transport, [message(type)]));
        await sleep(5);
      }
      await Promise.all([...published, seen.until(5)]);
      expect(seen.batches).toEqual([5]);
    });

    it('and for no longer than there is room', async () => {
      const transport = open();
      const seen = collect();
      await transport.subscribe(group('full', [type], { gatherMs: 3_600_000, batchSize: 3 }), seen.handle);
      await publishEach(
        transport,
        Array.from({ length: 6 }, () => message(type)),
      );
      await seen.until(6);
      expect(seen.batches.every((size) => size === 3)).toBe(true);
    });

    it('also while it handles others side by side', async () => {
      const transport = open();
      const seen = collect();
      const options = { gatherMs: 20, concurrency: 3 };
      await transport.subscribe(group('side-by-side', [type], options), async (batch) => {
        await sleep(15);
        await seen.handle(batch);
      });
      const published: Promise<void>[] = [];
      for (let n = 0; n < 50; n++) {
        published.push(publish(transport, [message(type)]));
        await sleep(5);
      }
      await Promise.all(published);
      await seen.until(50);
      expect(seen.batches).not.toContain(0);
      expect(new Set(idsOf(seen.got)).size).toBe(50);
    });

    it('and loses none of them when it closes', async () => {
      const transport = open();
      const seen = collect();
      const patient = group('patient', [type], { gatherMs: 3_600_000 });
      const subscription = await transport.subscribe(patient, seen.handle);
      const sent = message(type);
      const published = publish(transport, [sent]);
      await sleep(50);
      await subscription.close();
      // Handled, or given back.
      await transport.subscribe({ ...patient, gatherMs: 0 }, seen.handle);
      await published;
      await seen.until(1);
      expect(seen.got).toEqual([sent]);
    });
  });

  it('reports an event that nobody listens to, and goes on', async () => {
    const unroutable: string[] = [];
    const transport = open({ unroutable: (lost) => unroutable.push(lost) });
    await publish(transport, [message(type)]);
    for (let i = 0; unroutable.length === 0 && i < 200; i++) await sleep(20);
    expect(unroutable).toEqual([type]);
  });

  it('sends a signal to all who listen now', async () => {
    const transport = open();
    const first: string[] = [];
    const second: string[] = [];
    await transport.onSignal([type], (_type, body) => first.push(body));
    const stopped = await transport.onSignal([type], (_type, body) => second.push(body));
    expect(stopped).toBeDefined();
    for (let i = 0; (first.length === 0 || second.length === 0) && i < 200; i++) {
      transport.signal(type, '{"text":"typing"}');
      transport.signal(`${type}x`, '{"text":"for others"}');
      await sleep(20);
    }
    expect(new Set(first)).toEqual(new Set(['{"text":"typing"}']));
    expect(new Set(second)).toEqual(new Set(['{"text":"typing"}']));
  });

  it('shares a group between processes, each event going to one of them', async () => {
    if (subject.onlyOneProcess) return expect(subject.onlyOneProcess).toMatch(/process/);
    const shared = group('shared', [type], { batchSize: 1 });
    const first = collect();
    const second = collect();
    await open().subscribe(shared, first.handle);
    await open().subscribe(shared, second.handle);
    await publishEach(
      open(),
      Array.from({ length: 100 }, () => message(type)),
    );
    for (let i = 0; first.got.length + second.got.length < 100 && i < 500; i++) await sleep(20);
    expect(new Set(idsOf([...first.got, ...second.got])).size).toBe(100);
    expect(first.got.length).toBeGreaterThan(0);
    expect(second.got.length).toBeGreaterThan(0);
  });

  it('gives an ordered group to one process at a time, and to the next when that one leaves', async () => {
    if (subject.onlyOneProcess) return expect(subject.onlyOneProcess).toMatch(/process/);
    const single = group('single', [type], { ordered: true });
    const first = collect();
    const second = collect();
    const subscription = await open().subscribe(single, first.handle);
    await open().subscribe(single, second.handle);
    const publisher = open();
    await publish(publisher, [message(type)]);
    await first.until(1);
    expect(second.got).toEqual([]);
    await subscription.close();
    await publish(publisher, [message(type)]);
    await second.until(1);
    expect(first.got).toHaveLength(1);
  });

  it('hands an ordered group over in order although the one that leaves still holds events', async () => {
    if (subject.onlyOneProcess) return expect(subject.onlyOneProcess).toMatch(/process/);
    const single = group('handed-over', [type], { ordered: true, batchSize: 5 });
    const first = collect();
    const second = collect();
    let release = () => {};
    const held = new Promise<void>((resolve) => (release = resolve));
    const subscription = await open().subscribe(single, async (batch) => {
      await first.handle(batch);
      await held;
    });
    await open().subscribe(single, second.handle);
    const publisher = open();
    // More than one consumer gets ahead of its acknowledgements, so that some are left to give to the next one.
    const sent = Array.from({ length: 60 }, () => message(type));
    await publish(publisher, [message(`${type}.none`)]); // it is connected
    await publishEach(publisher, sent.slice(0, 59));
    await first.until(1);
    const closed = subscription.close();
    await publish(publisher, sent.slice(59)); // its confirmation comes after the broker has seen the one leave
    release();
    await closed;
    await second.until(sent.length - first.got.length);
    expect(idsOf([...first.got, ...second.got])).toEqual(idsOf(sent));
  });
}
