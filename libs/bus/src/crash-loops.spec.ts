import type { EventOf } from '@switchboard/contracts';
import { until } from '@switchboard/testing';
import type { EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { OrderPlaced, type Running } from '../test/backbone';
import { Installation, say } from '../test/installation';
import { Consumer, Handles } from './handles.decorator';
import { MemoryTransport } from './memory.transport';
import type { BatchHandler, ConsumerGroup } from './transport';

/** Says of every event what a broker would say whose consumers died of it again and again. */
class SuspiciousTransport extends MemoryTransport {
  override subscribe(group: ConsumerGroup, handle: BatchHandler) {
    return super.subscribe(group, (batch) => handle(batch.map((delivery) => ({ ...delivery, redeliveries: 4 }))));
  }
}

// That a consumer really dies of an event, and nothing with it, is shown by the drill.
describe('what came back again and again', () => {
  const refused = { orderId: 'refused', n: 7 };
  let shop: Installation;
  let app: Running;

  const started = async (options: { ordered?: boolean } = {}) => {
    @Consumer('orders', options)
    class OrderHandlers {
      @Handles(OrderPlaced)
      async placed({ data: { orderId, n } }: EventOf<typeof OrderPlaced>, tx: EntityManager) {
        await tx.query('INSERT INTO applied (order_id, n) VALUES ($1, $2)', [orderId, n]);
        if (orderId === refused.orderId) throw new Error('refused');
      }
    }
    app = await shop.start({ consumers: [{ controller: OrderHandlers }] });
  };
  const parked = (): Promise<{ order: string; reason: string; error: string }[]> =>
    app.db.query('SELECT subject AS order, reason, error FROM parked_events');
  const applied = (): Promise<{ order_id: string; n: number }[]> =>
    app.db.query('SELECT order_id, n FROM applied ORDER BY id');

  beforeEach(async () => {
    shop = await Installation.on(new SuspiciousTransport());
  });
  afterEach(() => shop.close());

  it.each([{ ordered: true }, { ordered: false }])(
    'is applied once, and what fails alone is alone: %o',
    async (group) => {
      await started(group);
      const orders = Array.from({ length: 250 }, (_, n) => ({ orderId: `o${n % 3}`, n }));
      const said = [...orders.slice(0, 120), refused, ...orders.slice(120)].map((order) => OrderPlaced(order));
      await say(app, ...said);
      await until(async () => (await parked())[0]?.reason === 'exhausted' && (await applied()).length === 250, {
        what: 'all but one to be applied',
      });
      expect(await parked()).toEqual([{ order: 'refused', reason: 'exhausted', error: 'Error: refused' }]);
      const done = await applied();
      for (const orderId of ['o0', 'o1', 'o2']) {
        const seen = done.filter((row) => row.order_id === orderId).map(({ n }) => n);
        const wanted = orders.filter((order) => order.orderId === orderId).map(({ n }) => n);
        expect(group.ordered ? seen : seen.toSorted((a, b) => a - b)).toEqual(wanted);
      }
    },
  );

  it('is a dead letter when five tries in a row had no end', async () => {
    await started();
    for (const begun of [4, 5]) {
      const id = uuidv7();
      await app.db.query(
        `INSERT INTO parked_events (consumer, event_id, type, subject, envelope, state, due_at, error, reason, begun)
         SELECT 'orders', $1, $2, 'begun ' || $3::int, $4, 'retrying', now(), '', 'retrying', $3`,
        [
          id,
          OrderPlaced.type,
          begun,
          JSON.stringify({
            specversion: '1.0',
            id,
            source: 'shop',
            type: OrderPlaced.type,
            subject: 'x',
            time: new Date().toISOString(),
            data: { orderId: `begun ${begun}`, n: begun },
          }),
        ],
      );
    }
    // Not in the first seconds of the process.
    await until(async () => (await parked()).some(({ reason }) => reason === 'crash_loop'), { what: 'a dead letter' });
    await until(async () => (await parked()).length === 1, { what: 'the other one to be applied' });
    expect(await parked()).toEqual([
      { order: 'begun 5', reason: 'crash_loop', error: expect.stringMatching(/^Error: 5 tries in a row had no end/) },
    ]);
    expect((await applied()).map((row) => row.order_id)).toEqual(['begun 4']);
  });
});
