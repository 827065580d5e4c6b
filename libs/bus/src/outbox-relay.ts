import { setTimeout as sleep } from 'node:timers/promises';
import { Client, type ClientConfig, type QueryConfig, type QueryResultRow } from 'pg';
import type { BusMetrics } from './bus-metrics';
import { OutboxHorizon, type RunningTransactions } from './outbox-horizon';
import type { BusMessage, Transport } from './transport';

export interface RelayOptions {
  connection: ClientConfig;
  /** The schema whose outbox is carried; also the name under which leaders are told apart. */
  schema: string;
  transport: Transport;
  metrics: BusMetrics;
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

const POLL_MS = 1000;
const SWEEP_MS = 1000;
/** Whoever comes behind a slow batch waits no longer for it. */
const GATHER_MS = 10;
const STANDBY_MS = 1000;
const CONNECT_WITHIN_MS = 5000;
const FAREWELL_MS = 1000;
const REST_AFTER_FAILURE_MS = [100, 500, 2000, 5000] as const;
/** Longer than any pause of a healthy relay: a frozen leader loses its session, and so the lock. */
const FROZEN_AFTER_MS = 15_000;

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
  /** Rung when there is something to look at; made anew before each look. */
  private bell = Promise.withResolvers<void>();
  private lastQuery: Promise<unknown> = Promise.resolve();
  /** The connection that holds the lock, while this process leads. */
  private leading: Client | undefined;

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
    this.running ??= this.run();
  }

  /** Says that there is something new in the outbox. */
  wake(): void {
    this.bell.resolve();
  }

  /** Finishes what is in flight, gives up the lock, and resolves. */
  async stop(): Promise<void> {
    this.stopping.abort();
    this.wake();
    await this.running;
  }

  private async run(): Promise<void> {
    for (let failures = 0; !this.stopping.signal.aborted;) {
      try {
        await this.lead(() => (failures = 0));
      } catch (error) {
        if (failures % 10 === 0) this.options.warn(`the relay of ${this.options.schema} starts over`, error);
        await this.rest(REST_AFTER_FAILURE_MS[Math.min(failures++, REST_AFTER_FAILURE_MS.length - 1)]!);
      }
    }
  }

  private async lead(carriedSomething: () => void): Promise<void> {
    const client = new Client({
      ...this.options.connection,
      application_name: `relay ${this.options.schema}`,
      connectionTimeoutMillis: CONNECT_WITHIN_MS,
      // A connection that the network has forgotten would otherwise be waited for as long as the process lives.
      query_timeout: FROZEN_AFTER_MS,
    });
    // The next query fails. A server that dies may report more than one error, and one that nobody hears would end the process.
    client.on('error', () => this.wake());
    try {
      await client.connect();
      await client.query(`SET synchronous_commit = off`);
      await client.query(`SET idle_session_timeout = ${FROZEN_AFTER_MS}`);
      while (!(await this.lock(client))) {
        await this.rest(STANDBY_MS);
        if (this.stopping.signal.aborted) return;
      }
      client.on('notification', () => this.wake());
      await client.query(`LISTEN ${this.channel}`);
      this.leading = client;
      this.options.metrics.relayLeader.set(1);
      await this.carry(client, carriedSomething);
    } finally {
      this.leading = undefined;
      this.options.metrics.relayLeader.set(0);
      // The farewell of a forgotten connection would never be answered.
      await Promise.race([client.end().catch(() => undefined), sleep(FAREWELL_MS, undefined, { ref: false })]);
    }
  }

  private async lock(client: Client): Promise<boolean> {
    const { rows } = await client.query<{ locked: boolean }>(
      `SELECT pg_try_advisory_lock(hashtext('outbox relay'), hashtext(current_schema())) AS locked`,
    );
    return rows[0]!.locked;
  }

  /**
   * The leader's loop. Batches are published in the order of their ids over one channel, several in flight. Identity
   * values become visible in the order of commits, not of their numbers: every look reaches back to the horizon, so that
   * an event which became visible late is never overtaken by a later one of its subject.
   */
  private async carry(client: Client, carriedSomething: () => void): Promise<void> {
    const inFlight = new Map<Promise<void>, string[]>();
    const horizon = new OutboxHorizon();
    let sweptAt = Date.now();
    let full = false;
    let failed: { error: unknown } | undefined;

    const send = (rows: Row[]) => {
      const batch = this.publish(client, rows)
        .then(carriedSomething, (error: unknown) => {
          failed ??= { error };
          this.wake();
        })
        .finally(() => inFlight.delete(batch));
      inFlight.set(
        batch,
        rows.map((row) => row.id),
      );
    };

    try {
      while (!this.stopping.signal.aborted && !failed) {
        this.bell = Promise.withResolvers();
        const sweep = Date.now() - sweptAt >= SWEEP_MS;
        if (sweep) sweptAt = Date.now();
        // Asked before the look, so that the look sees everything of the transactions that were over. And while there is
        // much to carry, or every look would wade through the rows that were deleted since the sweep.
        const running = sweep || full ? await this.transactions(client) : undefined;
        // A sweep begins at the start: a transaction takes its id a moment before Postgres counts it as running.
        const rows = await this.look(client, sweep ? 0n : horizon.settled, [...inFlight.values()].flat());
        // After a failed batch nothing may follow it over a connection that has come back meanwhile.
        if (failed) break;
        full = rows.length === this.batchSize;
        const last = rows.length > 0 ? BigInt(rows.at(-1)!.id) : 0n;
        if (running) horizon.advance(running, full ? last : undefined);
        if (rows.length > 0) {
          horizon.saw(last);
          send(rows);
        }
        if (inFlight.size >= this.batchesInFlight) await Promise.race(inFlight.keys());
        // A full batch means that more is waiting.
        else if (!full) {
          await this.restUntilWoken(POLL_MS);
          // What is said while others are on their way goes together.
          await Promise.race([Promise.all(inFlight.keys()), sleep(GATHER_MS)]);
        }
      }
    } finally {
      // On shutdown confirmations are awaited; after a failure the rest must settle before it is sent again in order.
      await Promise.allSettled(inFlight.keys());
    }
    if (failed) throw failed.error;
  }

  private async look(client: Client, from: bigint, inFlight: string[]): Promise<Row[]> {
    // NOT IN over a sub-select is looked up in a hash; <> ALL would compare each row with each id, four fifths of the look.
    const { rows } = await this.query<Row>(client, {
      name: 'look',
      text: `SELECT id, event_id, type, subject, envelope FROM outbox
             WHERE id > $1 AND id NOT IN (SELECT unnest($2::bigint[])) ORDER BY id LIMIT ${this.batchSize}`,
      values: [from, inFlight],
    });
    return rows;
  }

  private async transactions(client: Client): Promise<RunningTransactions> {
    const { rows } = await this.query<{ oldest: string; next: string }>(client, {
      name: 'transactions',
      text: `SELECT pg_snapshot_xmin(now) AS oldest, pg_snapshot_xmax(now) AS next FROM pg_current_snapshot() AS now`,
    });
    return { oldest: BigInt(rows[0]!.oldest), next: BigInt(rows[0]!.next) };
  }

  private async publish(client: Client, rows: Row[]): Promise<void> {
    const { transport, metrics } = this.options;
    const took = metrics.publishSeconds.startTimer();
    try {
      await transport.publish(rows.map(toMessage));
    } catch (error) {
      metrics.publishFailures.inc();
      throw error;
    }
    took();
    metrics.published.inc(rows.length);
    await this.query(client, {
      name: 'delete',
      text: 'DELETE FROM outbox WHERE id = ANY($1::bigint[])',
      values: [rows.map((row) => row.id)],
    });
  }

  /** A connection takes one query at a time; deletions of confirmed batches come between the looks for new ones. */
  private query<Found extends QueryResultRow>(client: Client, config: QueryConfig): Promise<{ rows: Found[] }> {
    const result = this.lastQuery.then(() => client.query<Found>(config));
    this.lastQuery = result.catch(() => undefined);
    return result;
  }

  private async restUntilWoken(ms: number): Promise<void> {
    const poll = setTimeout(() => this.wake(), ms);
    await this.bell.promise;
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
