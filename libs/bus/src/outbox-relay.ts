import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, type ClientConfig, type QueryConfig } from 'pg';
import type { BusMetrics } from './bus-metrics';
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
const STANDBY_MS = 1000;
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
  private bell = new AbortController();
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
    this.bell.abort();
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
    const client = new Client({ ...this.options.connection, application_name: `relay ${this.options.schema}` });
    const lost = once(client, 'error').then(([error]) => {
      throw error;
    });
    lost.catch(() => undefined);
    try {
      await client.connect();
      await client.query(`SET synchronous_commit = off`);
      await client.query(`SET idle_session_timeout = ${FROZEN_AFTER_MS}`);
      while (!(await this.lock(client))) {
        await Promise.race([this.rest(STANDBY_MS), lost]);
        if (this.stopping.signal.aborted) return;
      }
      client.on('notification', () => this.wake());
      await client.query(`LISTEN ${this.channel}`);
      this.leading = client;
      this.options.metrics.relayLeader.set(1);
      await this.carry(client, lost, carriedSomething);
    } finally {
      this.leading = undefined;
      this.options.metrics.relayLeader.set(0);
      await client.end().catch(() => undefined);
    }
  }

  private async lock(client: Client): Promise<boolean> {
    const { rows } = await client.query<{ locked: boolean }>(
      `SELECT pg_try_advisory_lock(hashtext('outbox relay'), hashtext(current_schema())) AS locked`,
    );
    return rows[0]!.locked;
  }

  /** The leader's loop. Batches are published in the order of their ids over one channel, several in flight. */
  private async carry(client: Client, lost: Promise<never>, carriedSomething: () => void): Promise<void> {
    const inFlight = new Map<Promise<void>, string[]>();
    let cursor = '0';
    let sweptAt = Date.now();
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
        this.bell = new AbortController();
        if (Date.now() - sweptAt >= SWEEP_MS) {
          sweptAt = Date.now();
          const late = await this.below(client, cursor, [...inFlight.values()].flat());
          if (late.length > 0) send(late);
        }
        const rows = await this.beyond(client, cursor);
        if (rows.length > 0) {
          cursor = rows.at(-1)!.id;
          send(rows);
        }
        if (inFlight.size >= this.batchesInFlight) await Promise.race([...inFlight.keys(), lost]);
        // A full batch means that more is waiting.
        else if (rows.length < this.batchSize) await Promise.race([this.restUntilWoken(POLL_MS), lost]);
      }
    } finally {
      // On shutdown confirmations are awaited; after a failure the rest must settle before it is sent again in order.
      await Promise.allSettled(inFlight.keys());
    }
    if (failed) throw failed.error;
  }

  private async beyond(client: Client, cursor: string): Promise<Row[]> {
    const { rows } = await this.query(client, {
      name: 'beyond',
      text: `SELECT id, event_id, type, subject, envelope FROM outbox WHERE id > $1 ORDER BY id LIMIT ${this.batchSize}`,
      values: [cursor],
    });
    return rows;
  }

  /** Identity values become visible in the order of commits, not of their numbers: this finds the late ones. */
  private async below(client: Client, cursor: string, inFlight: string[]): Promise<Row[]> {
    const { rows } = await this.query(client, {
      name: 'below',
      text: `SELECT id, event_id, type, subject, envelope FROM outbox
             WHERE id <= $1 AND id <> ALL($2::bigint[]) ORDER BY id LIMIT ${this.batchSize}`,
      values: [cursor, inFlight],
    });
    return rows;
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
  private query(client: Client, config: QueryConfig): Promise<{ rows: Row[] }> {
    const result = this.lastQuery.then(() => client.query<Row>(config));
    this.lastQuery = result.catch(() => undefined);
    return result;
  }

  private async restUntilWoken(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.bell.signal }).catch(() => undefined);
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
