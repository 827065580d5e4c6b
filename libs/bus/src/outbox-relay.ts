import { setTimeout as sleep } from 'node:timers/promises';
import type { ClientConfig } from 'pg';
import type { BusMetrics } from './bus-metrics';
import { LockSession } from './lock-session';
import { OutboxHorizon, type RunningTransactions } from './outbox-horizon';
import type { PeriodicTask, PeriodicTasks, WatchedLoop } from './periodic-tasks';
import type { BusMessage, Transport } from './transport';

export interface RelayOptions {
  connection: ClientConfig;
  /** The schema whose outbox is carried; also the name under which leaders are told apart. */
  schema: string;
  transport: Transport;
  metrics: BusMetrics;
  tasks: PeriodicTasks;
  warn(message: string, error?: unknown): void;
  batchSize?: number;
  batchesInFlight?: number;
}

interface Row {
  id: string;
  event_id: string;
  type: string;
  subject: string;
  envelope: string;
}

/** Woken whenever something is committed; the leader looks, and the others try to lead, this often anyway. */
export const CarryOutbox: PeriodicTask = {
  name: 'carry-outbox',
  everyMs: 1000,
  purpose: 'Looks for committed events that have not been published, or stands by to lead.',
};
/** How often the horizon is moved. */
const ADVANCE_MS = 1000;
/**
 * A look from the start reads also what was deleted, for as long as somebody holds an older snapshot (a dump, a report) and VACUUM
 * has to leave it: half a second for 300,000 rows. So it comes this many times its own duration after the last one, and no sooner
 * than the horizon is moved.
 */
const SWEEP_PAUSE = 50;
/** However long the last one took: it may have been the network, or a disk that stood still. */
const LONGEST_SWEEP_PAUSE_MS = 10_000;
/** Whoever comes behind a slow batch waits no longer for it. */
const GATHER_MS = 10;
/** As many batches may be kept back by groups that wait for more. */
const MOST_KEPT_BACK = 32;
/** Through a large backlog on a slow disk. Two leaders repeat events and lose none. */
const LONGEST_LOOK_MS = 15_000;
const REST_AFTER_FAILURE_MS = [100, 500, 2000, 5000] as const;

/**
 * Carries committed events from one schema's outbox to the transport. One process at a time leads (a session
 * advisory lock); the others stand by. An event is deleted only after the transport has confirmed it, so a crash
 * at any point repeats events and never loses one.
 */
export class OutboxRelay {
  private readonly batchSize: number;
  private readonly batchesInFlight: number;
  private readonly stopping = new AbortController();
  private running: Promise<void> | undefined;
  private loop: WatchedLoop | undefined;
  /** Rung when there is something to look at; made anew before each look. */
  private wakeUp = Promise.withResolvers<void>();
  /** The session that holds the lock, while this process leads. */
  private leading: LockSession | undefined;

  constructor(private readonly options: RelayOptions) {
    this.batchSize = options.batchSize ?? 500;
    this.batchesInFlight = options.batchesInFlight ?? 4;
  }

  get channel(): string {
    return `outbox_${this.options.schema}`;
  }

  get isLeader(): boolean {
    return this.leading !== undefined;
  }

  start(): void {
    this.loop ??= this.options.tasks.watch(CarryOutbox);
    this.running ??= this.run(this.loop);
  }

  /** Says that there is something new in the outbox. */
  wake(): void {
    this.wakeUp.resolve();
  }

  /** Finishes what is in flight, gives up the lock, and resolves. */
  async stop(): Promise<void> {
    this.stopping.abort();
    this.wake();
    await this.running;
    this.loop?.end();
  }

  private async run(loop: WatchedLoop): Promise<void> {
    for (let failures = 0; !this.stopping.signal.aborted;) {
      try {
        await this.lead(loop, () => (failures = 0));
      } catch (error) {
        loop.failed();
        if (failures % 10 === 0) this.options.warn(`the relay of ${this.options.schema} starts over`, error);
        await this.rest(REST_AFTER_FAILURE_MS[Math.min(failures++, REST_AFTER_FAILURE_MS.length - 1)]!);
      }
    }
  }

  private async lead(loop: WatchedLoop, carriedSomething: () => void): Promise<void> {
    const session = await LockSession.open(this.options.connection, `relay ${this.options.schema}`, {
      answerWithinMs: LONGEST_LOOK_MS,
    });
    // The next query fails.
    session.lost.addEventListener('abort', () => this.wake(), { once: true });
    try {
      await session.query(`SET synchronous_commit = off`);
      while (!(await this.lock(session))) {
        loop.done();
        await this.rest(loop.everyMs);
        if (this.stopping.signal.aborted) return;
      }
      session.client.on('notification', () => this.wake());
      await session.query(`LISTEN ${this.channel}`);
      this.leading = session;
      this.options.metrics.relayLeader.set(1);
      await this.carry(session, loop, carriedSomething);
    } finally {
      this.leading = undefined;
      this.options.metrics.relayLeader.set(0);
      await session.close();
    }
  }

  private async lock(session: LockSession): Promise<boolean> {
    const [row] = await session.query<{ locked: boolean }>(
      `SELECT pg_try_advisory_lock(hashtext('outbox relay'), hashtext(current_schema())) AS locked`,
    );
    return row!.locked;
  }

  /**
   * The leader's loop. Batches are published in the order of their ids over one channel, several in flight. Identity
   * values become visible in the order of commits, not of their numbers: every look reaches back to the horizon, so that
   * an event which became visible late is never overtaken by a later one of its subject. A look also deletes what was
   * confirmed before it.
   */
  private async carry(session: LockSession, loop: WatchedLoop, carriedSomething: () => void): Promise<void> {
    const inFlight = new Map<Promise<void>, string[]>();
    /** Those of them that the next one has to wait for. */
    const waitedFor = new Set<Promise<void>>();
    let confirmed: string[] = [];
    const horizon = new OutboxHorizon();
    let advancedAt = -Infinity;
    let sweepAt = 0;
    let full = false;
    let failed: { error: unknown } | undefined;

    const send = (rows: Row[]) => {
      const ids = rows.map((row) => row.id);
      const passed = Promise.withResolvers<void>();
      waitedFor.add(passed.promise);
      const onward = () => {
        waitedFor.delete(passed.promise);
        passed.resolve();
      };
      const batch = this.publish(rows, onward)
        .then(
          () => {
            confirmed.push(...ids);
            carriedSomething();
          },
          (error: unknown) => {
            failed ??= { error };
            this.wake();
          },
        )
        .finally(() => {
          onward();
          inFlight.delete(batch);
        });
      inFlight.set(batch, ids);
    };

    try {
      while (!this.stopping.signal.aborted && !failed) {
        this.wakeUp = Promise.withResolvers();
        const lookedAt = performance.now();
        const advance = full || lookedAt - advancedAt >= ADVANCE_MS;
        if (advance) advancedAt = lookedAt;
        // Asked before the look, so that the look sees everything of the transactions that were over. And while there is
        // much to carry, or every look would wade through the rows that were deleted since the horizon was moved.
        const running = advance ? await this.transactions(session, horizon.settled) : undefined;
        // A sweep begins at the start, for a row that took its id before its transaction had a number: Outbox writes none so.
        const sweep = advance && lookedAt >= sweepAt;
        const carried = confirmed;
        confirmed = [];
        const rows = await this.look(session, sweep ? 0n : horizon.settled, [...inFlight.values()].flat(), carried);
        if (sweep) {
          const endedAt = performance.now();
          sweepAt = endedAt + Math.min(SWEEP_PAUSE * (endedAt - lookedAt), LONGEST_SWEEP_PAUSE_MS);
        }
        // After a failed batch nothing may follow it over a connection that has come back meanwhile.
        if (failed) break;
        loop.done();
        full = rows.length === this.batchSize;
        const last = rows.length > 0 ? BigInt(rows.at(-1)!.id) : 0n;
        if (running) horizon.advance(running, full ? last : undefined);
        if (rows.length > 0) {
          horizon.saw(last);
          send(rows);
        }
        if (inFlight.size >= MOST_KEPT_BACK) await Promise.race(inFlight.keys());
        else if (waitedFor.size >= this.batchesInFlight) await Promise.race(waitedFor);
        // A full batch means that more is waiting.
        else if (!full) {
          await this.restUntilWoken(loop.everyMs);
          // What is said while others are on their way goes together.
          await Promise.race([Promise.all(waitedFor), sleep(GATHER_MS)]);
        }
      }
    } finally {
      // On shutdown confirmations are awaited; after a failure the rest must settle before it is sent again in order.
      await Promise.allSettled(inFlight.keys());
      // What cannot be deleted now is published once more, and known to those who have it.
      if (confirmed.length > 0) await this.delete(session, confirmed).catch(() => undefined);
    }
    if (failed) throw failed.error;
  }

  private look(session: LockSession, from: bigint, inFlight: string[], carried: string[]): Promise<Row[]> {
    // NOT IN over a sub-select is looked up in a hash; <> ALL would compare each row with each id, four fifths of the look.
    return session.query<Row>({
      name: 'look',
      text: `WITH carried AS (DELETE FROM outbox WHERE id = ANY($3::bigint[]))
             SELECT id, event_id, type, subject, envelope FROM outbox
             WHERE id > $1 AND id NOT IN (SELECT unnest($2::bigint[] || $3)) ORDER BY id LIMIT ${this.batchSize}`,
      values: [from, inFlight, carried],
    });
  }

  private delete(session: LockSession, carried: string[]): Promise<unknown> {
    return session.query({ text: 'DELETE FROM outbox WHERE id = ANY($1::bigint[])', values: [carried] });
  }

  /**
   * A number of our own divides the transactions that had one before from those that came later; the snapshot's own `xmax` does not:
   * it is the one behind the last that is over, and others beyond it may be running. Taken only while there is something to pass.
   */
  private async transactions(session: LockSession, settled: bigint): Promise<RunningTransactions> {
    const [row] = await session.query<{ oldest: string; next: string; handed_out: string }>({
      name: 'transactions',
      text: `SELECT pg_snapshot_xmin(now) AS oldest,
               CASE WHEN handed_out > $1 THEN pg_current_xact_id() ELSE pg_snapshot_xmax(now) END AS next, handed_out
             FROM pg_current_snapshot() AS now,
               coalesce(pg_sequence_last_value(pg_get_serial_sequence('outbox', 'id')), 0) AS handed_out`,
      values: [settled],
    });
    return { oldest: BigInt(row!.oldest), next: BigInt(row!.next), handedOut: BigInt(row!.handed_out) };
  }

  private async publish(rows: Row[], onward: () => void): Promise<void> {
    const { transport, metrics } = this.options;
    const began = performance.now();
    let tookMs: number | undefined;
    try {
      await transport.publish(rows.map(toMessage), () => {
        tookMs = performance.now() - began;
        onward();
      });
    } catch (error) {
      metrics.publishFailures.inc();
      throw error;
    }
    metrics.publishSeconds.observe((tookMs ?? performance.now() - began) / 1000);
    metrics.published.inc(rows.length);
  }

  private async restUntilWoken(ms: number): Promise<void> {
    const poll = setTimeout(() => this.wake(), ms);
    await this.wakeUp.promise;
    clearTimeout(poll);
  }

  private async rest(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.stopping.signal }).catch(() => undefined);
  }
}

const toMessage = (row: Row): BusMessage => ({
  id: row.event_id,
  type: row.type,
  subject: row.subject,
  body: row.envelope,
});
