import { setTimeout as sleep } from 'node:timers/promises';
import type { Bus } from '@switchboard/bus';
import type { DataSource } from 'typeorm';
import type { DrillEvents } from './events';
import type { Random } from './random.mjs';

const LANES = 4;
const ROLLED_BACK = 0.05;
/** Transactions that stay open while others commit later ids: their own become visible late. */
const LONG = 0.04;
const UNSTEADY = 0.001;
const DISPUTED = 0.003;

class ChangedItsMind extends Error {}

/** Commits orders as fast as it may, from several transactions at a time. */
export class Writer {
  private writing = false;
  private lethal = false;
  private lanes: Promise<void>[] = [];

  constructor(
    private readonly db: DataSource,
    private readonly bus: Bus,
    private readonly events: DrillEvents,
    private readonly random: Random,
    private readonly keys: readonly string[],
    private readonly pauseMs: number,
  ) {}

  write(): void {
    if (this.writing) return;
    this.writing = true;
    this.lanes = Array.from({ length: LANES }, () => this.lane());
  }

  writeLethal(): void {
    this.lethal = true;
    this.write();
  }

  /** Finishes the transactions in hand. */
  async rest(): Promise<void> {
    this.writing = false;
    await Promise.all(this.lanes);
  }

  private async lane(): Promise<void> {
    while (this.writing) {
      try {
        await this.commitOrders();
        await sleep(this.random.int(0, 2 * this.pauseMs));
      } catch (error) {
        // Whether a commit arrived whose answer was lost is for the table `written` to say.
        if (!(error instanceof ChangedItsMind)) await sleep(100);
      }
    }
  }

  private commitOrders(): Promise<void> {
    const { random } = this;
    // Sorted, so that two transactions cannot wait for each other's keys.
    const keys = [...new Set(Array.from({ length: random.int(1, 3) }, () => random.pick(this.keys)))].sort();
    return this.db.transaction(async (tx) => {
      const drafts = [];
      for (const key of keys) {
        const count = random.int(1, 5);
        // Holds the key's row until the commit: that is what gives its events an order.
        const [[lane]] = (await tx.query('UPDATE lanes SET n = n + $2 WHERE key = $1 RETURNING n', [key, count])) as [
          [{ n: number }],
        ];
        for (let n = lane.n - count + 1; n <= lane.n; n++) drafts.push(this.draft(key, n));
      }
      const ids = await this.bus.outbox.add(tx, ...drafts);
      await tx.query(
        `INSERT INTO written (event_id, key, n, disputed, lethal)
         SELECT * FROM unnest($1::uuid[], $2::text[], $3::int[], $4::bool[], $5::bool[])`,
        [
          ids,
          drafts.map(({ data }) => data.key),
          drafts.map(({ data }) => data.n),
          drafts.map(({ type }) => type === this.events.OrderDisputed.type),
          drafts.map(({ data }) => 'lethal' in data && data.lethal),
        ],
      );
      if (random.chance(LONG)) await sleep(random.int(50, 800));
      if (random.chance(ROLLED_BACK)) throw new ChangedItsMind();
    });
  }

  private draft(key: string, n: number) {
    const { OrderPlaced, OrderDisputed } = this.events;
    const lethal = this.lethal;
    this.lethal = false;
    if (lethal || this.random.chance(DISPUTED)) return OrderDisputed({ key, n, lethal });
    return OrderPlaced({ key, n, unsteady: this.random.chance(UNSTEADY) });
  }
}
