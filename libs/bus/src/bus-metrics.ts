import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { DataSource } from 'typeorm';
import { RELEASE_OVERLAP_MINUTES } from './parked-events';

const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
/** A scrape never counts further than this, so that a large backlog does not cost more to watch than to drain. */
const COUNT_UP_TO = 100_000;

/** What the backbone tells Prometheus about itself, in the registry of one service. */
export class BusMetrics {
  readonly published: Counter;
  readonly publishSeconds: Histogram;
  readonly publishFailures: Counter;
  readonly unroutable: Counter<'type'>;
  readonly relayLeader: Gauge;
  readonly handled: Histogram<'group' | 'type' | 'outcome'>;
  readonly batchSize: Histogram<'group'>;
  readonly retries: Counter<'group' | 'type'>;
  readonly duplicates: Counter<'group'>;
  readonly deadLettered: Counter<'group' | 'reason'>;
  readonly held: Gauge<'group'>;

  constructor(registry: Registry, database: () => DataSource, connected: () => boolean) {
    const registers = [registry];
    this.published = new Counter({
      name: 'bus_relay_published_total',
      help: 'Events carried from the outbox and confirmed.',
      registers,
    });
    this.publishSeconds = new Histogram({
      name: 'bus_relay_publish_seconds',
      help: 'From handing over a batch to its confirmation.',
      buckets: SECONDS,
      registers,
    });
    this.publishFailures = new Counter({
      name: 'bus_relay_failures_total',
      help: 'Batches that were not confirmed and are sent again.',
      registers,
    });
    this.unroutable = new Counter({
      name: 'bus_relay_unroutable_total',
      help: 'Events that no consumer group hears.',
      labelNames: ['type'],
      registers,
    });
    this.relayLeader = new Gauge({
      name: 'bus_relay_leader',
      help: '1 in the process whose relay carries the events of this schema.',
      registers,
    });
    this.handled = new Histogram({
      name: 'bus_handler_seconds',
      help: 'Time of one handler call.',
      labelNames: ['group', 'type', 'outcome'],
      buckets: SECONDS,
      registers,
    });
    this.batchSize = new Histogram({
      name: 'bus_inbox_batch_events',
      help: 'Events taken in one transaction.',
      labelNames: ['group'],
      buckets: [1, 2, 5, 10, 20, 50, 100, 200],
      registers,
    });
    this.retries = new Counter({
      name: 'bus_retries_total',
      help: 'Failed tries that will be repeated.',
      labelNames: ['group', 'type'],
      registers,
    });
    this.duplicates = new Counter({
      name: 'bus_duplicates_absorbed_total',
      help: 'Events that had been applied before.',
      labelNames: ['group'],
      registers,
    });
    this.deadLettered = new Counter({
      name: 'bus_dead_lettered_total',
      help: 'Events given up.',
      labelNames: ['group', 'reason'],
      registers,
    });
    this.held = new Gauge({
      name: 'bus_batches_held',
      help: 'Batches that are not settled because the database is away, full or locked.',
      labelNames: ['group'],
      registers,
    });

    new Gauge({
      name: 'bus_broker_connected',
      help: '1 while this process can publish and consume.',
      registers,
      collect() {
        this.set(connected() ? 1 : 0);
      },
    });
    new Gauge({
      name: 'bus_outbox_depth',
      help: `Events that wait to be published (counted up to ${COUNT_UP_TO}).`,
      registers,
      async collect() {
        const [row] = await ask<{ n: string }>(
          database(),
          `SELECT count(*) AS n FROM (SELECT FROM outbox LIMIT ${COUNT_UP_TO}) q`,
        );
        if (row) this.set(Number(row.n));
        else this.remove();
      },
    });
    new Gauge({
      name: 'bus_outbox_oldest_unpublished_seconds',
      help: 'Age of the oldest event that waits to be published; 0 when none does.',
      registers,
      async collect() {
        const [row] = await ask<{ age: string }>(
          database(),
          `SELECT coalesce((SELECT extract(epoch FROM clock_timestamp() - created_at) FROM outbox ORDER BY id LIMIT 1), 0) AS age`,
        );
        if (row) this.set(Number(row.age));
        else this.remove();
      },
    });
    new Gauge({
      name: 'bus_parked_events',
      help: 'Events out of the normal flow: retrying or dead.',
      labelNames: ['group', 'state'],
      registers,
      async collect() {
        this.reset();
        const rows = await ask<{ consumer: string; state: string; n: string }>(
          database(),
          `SELECT consumer, state, count(*) AS n FROM parked_events WHERE state <> 'discarded' GROUP BY 1, 2`,
        );
        for (const row of rows) this.set({ group: row.consumer, state: row.state }, Number(row.n));
      },
    });
    new Gauge({
      name: 'bus_abandoned_groups',
      help: 'Groups that no process consumes any more and whose queue still holds something.',
      labelNames: ['group'],
      registers,
      async collect() {
        this.reset();
        const rows = await ask<{ consumer: string }>(
          database(),
          `SELECT consumer FROM bus_topology GROUP BY 1
           HAVING max(heard_at) < now() - interval '${RELEASE_OVERLAP_MINUTES} minutes'`,
        );
        for (const row of rows) this.set({ group: row.consumer }, 1);
      },
    });
  }
}

/** A scrape must answer while the database is away: then these gauges are simply absent. */
async function ask<Row>(db: DataSource, sql: string): Promise<Row[]> {
  try {
    return await db.query(sql);
  } catch {
    return [];
  }
}
