import type { DataSource, EntityManager } from 'typeorm';
import type { BusMetrics } from './bus-metrics';
import { RELEASE_OVERLAP_MINUTES } from './parked-events';
import type { PeriodicTask, PeriodicTasks, RunningTask } from './periodic-tasks';
import type { ConsumerGroup, Transport } from './transport';

export interface TopologyKeeperOptions {
  service: string;
  db: DataSource;
  transport: Transport;
  metrics: BusMetrics;
  groups(): readonly ConsumerGroup[];
  /** How long a type must have been heard by no process before it is unbound. */
  overlapMs: number;
  tasks: PeriodicTasks;
  warn(message: string, error?: unknown): void;
}

/** Looks in the time of a release. */
const LOOKS = 10;

export const KeepTopology: PeriodicTask = {
  name: 'keep-topology',
  everyMs: (RELEASE_OVERLAP_MINUTES * 60_000) / LOOKS,
  purpose: 'Says which events this process hears, and unbinds what a release has left behind.',
};

const UNHEARD = 'heard_at < now() - make_interval(secs => $1)';

/**
 * Takes the bindings and queues down that a release has left behind. AMQP cannot list bindings, so each process writes to
 * `bus_topology` what it hears, before it binds and every minute after. What is not written again for as long as a release may
 * take is unbound: not at start, where a process of the older version that restarts during a release would unbind what the
 * newer one has just bound.
 */
export class TopologyKeeper {
  private readonly everyMs: number;
  private readonly reported = new Set<string>();
  private task: RunningTask | undefined;
  private keptAt = -Infinity;
  /** Since when this process has looked without a gap; others may have been kept from writing by what made the gap. */
  private watchingSince = 0;

  constructor(private readonly options: TopologyKeeperOptions) {
    this.everyMs = options.overlapMs / LOOKS;
  }

  /** Says what this process hears; to be awaited before it binds. */
  async announce(groups: readonly ConsumerGroup[]): Promise<void> {
    const heard = groups.flatMap(({ name, types }) =>
      types.map((type) => ({ consumer: this.shortNameOf(name), type })),
    );
    await this.options.db.query(
      `INSERT INTO bus_topology (consumer, type, heard_at)
       SELECT consumer, type, now() FROM unnest($1::text[], $2::text[]) AS heard (consumer, type) ORDER BY 1, 2
       ON CONFLICT (consumer, type) DO UPDATE SET heard_at = excluded.heard_at`,
      [heard.map(({ consumer }) => consumer), heard.map(({ type }) => type)],
    );
  }

  start(): void {
    this.task ??= this.options.tasks.start(KeepTopology, { everyMs: this.everyMs, run: () => this.keep() });
  }

  async stop(): Promise<void> {
    await this.task?.stop();
  }

  private async keep(): Promise<void> {
    await this.announce(this.options.groups());
    const now = performance.now();
    if (now - this.keptAt > 2 * this.everyMs) this.watchingSince = now;
    this.keptAt = now;
    if (now - this.watchingSince < this.options.overlapMs) return;
    const consumers: { consumer: string }[] = await this.options.db.query(
      `SELECT DISTINCT consumer FROM bus_topology WHERE ${UNHEARD}`,
      [this.options.overlapMs / 1000],
    );
    for (const { consumer } of consumers) await this.options.db.transaction((tx) => this.takeDown(tx, consumer));
  }

  /** Holds the rows of what it takes down: who starts to hear it just now announces that after it is down, and then binds it. */
  private async takeDown(tx: EntityManager, consumer: string): Promise<void> {
    const { service, transport, overlapMs } = this.options;
    const group = `${service}.${consumer}`;
    const rows: { type: string; unheard: boolean }[] = await tx.query(
      `SELECT type, ${UNHEARD} AS unheard FROM bus_topology WHERE consumer = $2 ORDER BY type FOR UPDATE`,
      [overlapMs / 1000, consumer],
    );
    const types = rows.filter(({ unheard }) => unheard).map(({ type }) => type);
    const abandoned = types.length === rows.length;
    if (types.length === 0) return;
    await transport.unbind(group, types);
    if (abandoned) {
      await this.giveUpRetries(tx, consumer);
      if (!(await transport.remove(group))) return this.report(group);
    }
    await tx.query(`DELETE FROM bus_topology WHERE consumer = $1 AND type = ANY($2)`, [consumer, types]);
    this.options.warn(`${group} no longer hears ${types.join(', ')}${abandoned ? ' and is removed' : ''}`);
  }

  /** Nobody would try them again: among the dead letters they are seen. */
  private async giveUpRetries(tx: EntityManager, consumer: string): Promise<void> {
    const [, count] = (await tx.query(
      `UPDATE parked_events SET state = 'dead', reason = 'not_heard', begun = 0, due_at = NULL
       WHERE consumer = $1 AND state = 'retrying'`,
      [consumer],
    )) as [unknown, number];
    this.options.metrics.deadLettered.inc({ group: consumer, reason: 'not_heard' }, count);
  }

  private report(group: string): void {
    if (this.reported.has(group)) return;
    this.reported.add(group);
    this.options.warn(`nobody consumes ${group} any more; its queue gets nothing new and goes when it is empty`);
  }

  private shortNameOf(group: string): string {
    return group.slice(this.options.service.length + 1);
  }
}
