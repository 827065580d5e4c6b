import { defineEvent, type EventOf, upcast } from '@switchboard/contracts';
import { until } from '@switchboard/testing';
import type { EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { z } from 'zod';
import { Consumer, Handles } from '../src/handles.decorator';
import type { Transport } from '../src/transport';
import { Installation, note, notes, say, untilNoted } from './installation';

const about = { subject: 'orderId', summary: 'Somebody paid.' } as const;
const OrderPaid = defineEvent('shop.order.paid.v1', z.object({ orderId: z.string(), rub: z.int() }), about);
const OrderPaidV2 = defineEvent(
  'shop.order.paid.v2',
  z.object({ orderId: z.string(), amountMinor: z.int().positive(), currency: z.string() }),
  {
    ...about,
    upcasts: [upcast(OrderPaid, ({ orderId, rub }) => ({ orderId, amountMinor: rub * 100, currency: 'RUB' }))],
  },
);

/** How a newer version of an event takes the place of an older one, on whichever transport. */
export function schemaEvolutionContract(openTransport: () => Transport): void {
  let shop: Installation;
  beforeEach(async () => {
    shop = await Installation.on(openTransport());
  });
  afterEach(() => shop.close());

  /** Hears the newer version only; `behaviour` may refuse. */
  const hearsV2 = (behaviour: () => void = () => undefined) => {
    @Consumer(`v2-${uuidv7()}`)
    class Handlers {
      @Handles(OrderPaidV2)
      paid(event: EventOf<typeof OrderPaidV2>, tx: EntityManager) {
        behaviour();
        return note(tx, `${event.type} ${event.subject} ${event.data.amountMinor} ${event.data.currency}`);
      }
    }
    return { controller: Handlers };
  };

  it('both versions of an event are heard, each by its handler', async () => {
    @Consumer(`both-${uuidv7()}`)
    class Handlers {
      @Handles(OrderPaid)
      paid(event: EventOf<typeof OrderPaid>, tx: EntityManager) {
        return note(tx, `v1 ${event.data.rub}`);
      }
      @Handles(OrderPaidV2)
      paidV2(event: EventOf<typeof OrderPaidV2>, tx: EntityManager) {
        return note(tx, `v2 ${event.data.amountMinor}`);
      }
    }
    const app = await shop.start({ consumers: [{ controller: Handlers }] });
    await say(app, OrderPaid({ orderId: 'a', rub: 5 }));
    await say(app, OrderPaidV2({ orderId: 'b', amountMinor: 700, currency: 'EUR' }));
    expect((await untilNoted(app, 2)).sort()).toEqual(['v1 5', 'v2 700']);
  });

  it('an older version reaches who hears only the newer one, as the newer one', async () => {
    const app = await shop.start({ consumers: [hearsV2()] });
    await say(
      app,
      OrderPaid({ orderId: 'a', rub: 5 }),
      OrderPaidV2({ orderId: 'b', amountMinor: 700, currency: 'EUR' }),
    );
    expect((await untilNoted(app, 2)).sort()).toEqual(['shop.order.paid.v2 a 500 RUB', 'shop.order.paid.v2 b 700 EUR']);
  });

  it('an older version that is delivered twice is applied once', async () => {
    const app = await shop.start({ consumers: [hearsV2()] });
    const event = await shop.publish(OrderPaid({ orderId: 'a', rub: 5 }));
    await untilNoted(app, 1);
    await shop.publish(event, event);
    await shop.publish(OrderPaidV2({ orderId: 'marker', amountMinor: 1, currency: 'RUB' }));
    expect(await untilNoted(app, 2)).toHaveLength(2);
  });

  it('an older version that failed is tried again as the newer one, and so is one from the dead letters', async () => {
    let broken = true;
    const app = await shop.start({
      consumers: [
        hearsV2(() => {
          if (broken) throw new Error('not now');
        }),
      ],
    });
    await say(app, OrderPaid({ orderId: 'a', rub: 5 }));
    await until(async () => (await app.bus.deadLetters.list({ reason: 'exhausted' })).length === 1, {
      what: 'its death',
    });
    broken = false;
    expect(await app.bus.deadLetters.replay({ type: OrderPaid.type })).toBe(1);
    expect(await untilNoted(app, 1)).toEqual(['shop.order.paid.v2 a 500 RUB']);
  });

  it('an older version that cannot become the newer one goes to the dead letters, and again when replayed', async () => {
    const app = await shop.start({ consumers: [hearsV2()] });
    await shop.publish(OrderPaid({ orderId: 'a', rub: -5 }));
    const dead = () =>
      until(async () => (await app.bus.deadLetters.list()).length === 1 && app.bus.deadLetters.list(), {
        what: 'a dead letter',
      });
    expect((await dead())[0]).toMatchObject({ type: OrderPaid.type, reason: 'invalid' });
    expect((await dead())[0]!.error).toMatch(/the data of shop.order.paid.v1 does not fit: .*amountMinor/s);
    await app.bus.deadLetters.replay({});
    expect((await dead())[0]).toMatchObject({ reason: 'invalid', attempts: 1 });
    expect(await notes(app)).toEqual([]);
  });
}
