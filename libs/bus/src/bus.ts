import type { Registry } from 'prom-client';
import type { ClientConfig } from 'pg';
import type { DataSource } from 'typeorm';
import { BusMetrics } from './bus-metrics';
import { BusServer } from './bus-server';
import { keepInboxPartitions, makeInboxPartitions } from './inbox-partitions';
import { Outbox, wakeAfterCommit } from './outbox';
import { OutboxNotifier } from './outbox-notifier';
import { CarryOutbox, OutboxRelay } from './outbox-relay';
import { type EventCipher, noCipher } from './event-cipher';
import { DeadLetters } from './dead-letters';
import { RELEASE_OVERLAP_MINUTES, RETRY_AFTER_SECONDS } from './parked-events';
import { renewParked } from './parked-encryption';
import { type PeriodicTask, PeriodicTasks } from './periodic-tasks';
import { ParkedRetries, RetryParkedEvents } from './parked-retries';
import { Signals } from './signals';
import { KeepTopology, TopologyKeeper } from './topology-keeper';
import type { Transport } from './transport';

export interface BusOptions {
  service: string;
  schema: string;
  db: DataSource;
  /** For the relay's own connection, which holds the lock of the leader. */
  connection: ClientConfig;
  transport: Transport;
  /** Of personal fields. Without one the service can neither say nor decrypt them. */
  cipher?: EventCipher;
  registry: Registry;
  now?: () => Date;
  retryAfterSeconds?: readonly number[];
  /** How long two versions of the service may run beside each other. Default: ten minutes. */
  releaseOverlapMs?: number;
  /** Default: some of its own, in `registry`. */
  tasks?: PeriodicTasks;
  warn(message: string, error?: unknown): void;
  /** Of what somebody has to look at: an event went to the dead letters. Default: `warn`. */
  error?(message: string, error: unknown): void;
  /** An error as a trace may hold it. Default: as it is. */
  asRecorded?(error: unknown): unknown;
}

/** What every process does again and again for its bus. */
export const busTasks: readonly PeriodicTask[] = [CarryOutbox, RetryParkedEvents, KeepTopology];

/** The backbone of one service: everything between its tables and the transport. */
export class Bus {
  readonly outbox: Outbox;
  readonly signals: Signals;
  readonly deadLetters: DeadLetters;
  readonly server: BusServer;
  readonly metrics: BusMetrics;
  private readonly relay: OutboxRelay;
  private readonly retries: ParkedRetries;
  private readonly topology: TopologyKeeper;
  private readonly notifier: OutboxNotifier;

  constructor(private readonly options: BusOptions) {
    const { service, schema, db, connection, transport, cipher = noCipher, registry, warn, error = warn } = options;
    const asRecorded = options.asRecorded ?? ((thrown) => thrown);
    const now = options.now ?? (() => new Date());
    const tasks = options.tasks ?? new PeriodicTasks({ registry, warn });
    const retryAfterSeconds = options.retryAfterSeconds ?? RETRY_AFTER_SECONDS;
    this.metrics = new BusMetrics(
      registry,
      () => db,
      () => transport.ready(),
    );
    this.outbox = new Outbox(service, now, cipher);
    this.signals = new Signals(transport, cipher, warn);
    this.server = new BusServer(
      service,
      transport,
      {
        db,
        cipher,
        metrics: this.metrics,
        now,
        retryAfterSeconds,
        wakeRetries: () => this.retries.wake(),
        warn,
        error,
        asRecorded,
      },
      (groups) => this.topology.announce(groups),
    );
    this.topology = new TopologyKeeper({
      service,
      db,
      transport,
      metrics: this.metrics,
      groups: () => this.server.topology,
      overlapMs: options.releaseOverlapMs ?? RELEASE_OVERLAP_MINUTES * 60_000,
      tasks,
      warn,
    });
    this.retries = new ParkedRetries(db, this.server.inboxes, retryAfterSeconds, tasks, warn);
    this.deadLetters = new DeadLetters(db, () => this.retries.wake());
    this.relay = new OutboxRelay({ connection, schema, transport, metrics: this.metrics, tasks, warn });
    this.notifier = new OutboxNotifier(db, this.relay);
  }

  /** Makes the inbox ready; to be awaited before the server listens. */
  async prepare(): Promise<void> {
    // Not before the data source is connected: connecting makes its list of subscribers anew.
    wakeAfterCommit(this.options.db, () => this.notifier.notify());
    refuseSilentRollbacks(this.options.db);
    this.outbox.wake = () => this.notifier.notify();
    const { db, warn } = this.options;
    // Not fatal: the inbox makes what it misses.
    await makeInboxPartitions(db, this.now()).catch((error: unknown) => warn('inbox partitions', error));
  }

  /** Makes the inbox partitions of the coming days and drops those that are too old; to be called every few hours, in one process. */
  async keepPartitions(): Promise<void> {
    await keepInboxPartitions(this.options.db, this.now());
  }

  private now(): number {
    return (this.options.now?.() ?? new Date()).getTime();
  }

  /** See renewParked. */
  renewParked(signal: AbortSignal): Promise<{ written: number; unreadable: number }> {
    return renewParked(this.options.db, this.options.cipher ?? noCipher, signal);
  }

  /** Begins to carry and to retry; call it when every service of the process listens. */
  start(): void {
    this.relay.start();
    this.retries.start();
    this.topology.start();
  }

  /**
   * The order matters: consumers finish first, because what they do may still be said; then the relay carries
   * what it has begun. Everything else stays in the outbox for the next start.
   */
  async stop(): Promise<void> {
    await this.topology.stop();
    await this.server.close();
    await this.retries.stop();
    this.notifier.close();
    await this.relay.stop();
  }
}

/**
 * Makes a commit fail that was none: after a failed statement whose error somebody has swallowed, Postgres answers COMMIT with a
 * rollback and no error.
 */
function refuseSilentRollbacks(dataSource: DataSource): void {
  dataSource.subscribers.push({
    afterQuery({ query, rawResults }: { query: string; rawResults?: { command?: string } }) {
      if (query === 'COMMIT' && rawResults?.command === 'ROLLBACK')
        throw new Error('the transaction is aborted: one of its statements has failed, and its error was swallowed');
    },
  });
}
