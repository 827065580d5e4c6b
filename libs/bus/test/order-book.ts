import type { EventOf } from '@switchboard/contracts';
import type { EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { Consumer, Handles } from '../src/handles.decorator';
import { OrderCancelled, OrderPlaced } from './backbone';
import { note } from './installation';

type Placed = EventOf<typeof OrderPlaced>;

/** Notes orders: "a 1" when order a is placed with n = 1, "a cancelled" when it is cancelled. */
export class OrderBook {
  /** What a test wants to happen before an order is noted. */
  before: (event: Placed, tx: EntityManager) => Promise<void> | void = () => undefined;

  /** A group of its own for each call, because queues outlive tests. */
  group(options: { ordered?: boolean; shards?: number } = {}) {
    const before = (event: Placed, tx: EntityManager) => this.before(event, tx);
    @Consumer(`orders-${uuidv7()}`, options)
    class OrderHandlers {
      @Handles(OrderPlaced)
      async placed(event: Placed, tx: EntityManager) {
        await before(event, tx);
        await note(tx, `${event.data.orderId} ${event.data.n}`);
      }
      @Handles(OrderCancelled)
      cancelled(event: EventOf<typeof OrderCancelled>, tx: EntityManager) {
        return note(tx, `${event.data.orderId} cancelled`);
      }
    }
    return { controller: OrderHandlers };
  }
}

/** Events of one subject. */
export const placed = (orderId: string, ...numbers: number[]) => numbers.map((n) => OrderPlaced({ orderId, n }));

/** Notes of one subject. */
export const notesOf = (orderId: string, notes: readonly string[]) =>
  notes.filter((what) => what.startsWith(`${orderId} `));
