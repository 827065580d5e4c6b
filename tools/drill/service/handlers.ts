import type { Type } from '@nestjs/common';
import { Consumer, Handles, HandlesBatch, PermanentError, RetryLater } from '@switchboard/bus';
import type { EventOf } from '@switchboard/contracts';
import type { EntityManager } from 'typeorm';
import type { DrillEvents } from './events';

type Placed = EventOf<DrillEvents['OrderPlaced']>;
type Disputed = EventOf<DrillEvents['OrderDisputed']>;

/** No unique index on `applied`: a doubled effect must be able to show. */
const apply = (tx: EntityManager, group: string, events: (Placed | Disputed)[]) =>
  tx.query(
    `INSERT INTO applied (consumer, event_id, key, n)
     SELECT $1, * FROM unnest($2::uuid[], $3::text[], $4::int[])`,
    [group, events.map((e) => e.id), events.map((e) => e.data.key), events.map((e) => e.data.n)],
  );

async function mustBeSettled(tx: EntityManager, events: Disputed[]): Promise<void> {
  const ids = events.map((event) => event.id);
  const settled: unknown[] = await tx.query('SELECT FROM settled WHERE event_id = ANY($1)', [ids]);
  if (settled.length === ids.length) return;
  if (events.some((event) => event.data.lethal)) process.kill(process.pid, 'SIGKILL');
  throw new PermanentError('the dispute is not settled');
}

/** Fails the first time, is "not yet" the second time, and then lets the event pass. */
class Unsteady {
  private readonly tries = new Map<string, number>();

  pass(group: string, event: Placed): void {
    if (!event.data.unsteady) return;
    const key = `${group} ${event.id}`;
    const tries = (this.tries.get(key) ?? 0) + 1;
    this.tries.set(key, tries);
    if (tries === 1) throw new Error('a passing failure');
    if (tries === 2) throw new RetryLater(0.05);
    this.tries.delete(key);
  }
}

/** One group of each kind: events side by side, events in order per key, and events in batches. */
export function handlersOf({ OrderPlaced, OrderDisputed }: DrillEvents): Type[] {
  const unsteady = new Unsteady();

  @Consumer('stock')
  class StockHandlers {
    @Handles(OrderPlaced)
    placed(event: Placed, tx: EntityManager) {
      unsteady.pass('stock', event);
      return apply(tx, 'stock', [event]);
    }

    @Handles(OrderDisputed)
    async disputed(event: Disputed, tx: EntityManager) {
      await mustBeSettled(tx, [event]);
      await apply(tx, 'stock', [event]);
    }
  }

  @Consumer('ledger', { ordered: true, shards: 3 })
  class LedgerHandlers {
    @Handles(OrderPlaced)
    placed(event: Placed, tx: EntityManager) {
      unsteady.pass('ledger', event);
      return apply(tx, 'ledger', [event]);
    }

    @Handles(OrderDisputed)
    async disputed(event: Disputed, tx: EntityManager) {
      await mustBeSettled(tx, [event]);
      await apply(tx, 'ledger', [event]);
    }
  }

  @Consumer('report')
  class ReportHandlers {
    @HandlesBatch(OrderPlaced)
    placed(events: Placed[], tx: EntityManager) {
      return apply(tx, 'report', events);
    }

    @HandlesBatch(OrderDisputed)
    async disputed(events: Disputed[], tx: EntityManager) {
      await mustBeSettled(tx, events);
      await apply(tx, 'report', events);
    }
  }

  return [StockHandlers, LedgerHandlers, ReportHandlers];
}
