import { busMigrations, DeadLetters } from '@switchboard/bus';
import { connect } from 'amqplib';
import { Client } from 'pg';
import { DataSource } from 'typeorm';
import type { Servers } from './servers.mts';

export const GROUPS = ['stock', 'ledger', 'report'] as const;
const ORDERED = 'ledger';
/** Enough for parallel writers, few enough that events of one key meet. */
const KEYS = 60;
const SHOWN = 10;

const TABLES = `
  CREATE TABLE shop.lanes (key text PRIMARY KEY, n int NOT NULL DEFAULT 0);
  CREATE TABLE shop.written (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, event_id uuid NOT NULL UNIQUE,
    key text NOT NULL, n int NOT NULL, disputed boolean NOT NULL, lethal boolean NOT NULL);
  CREATE TABLE warehouse.applied (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, consumer text NOT NULL,
    event_id uuid NOT NULL, key text NOT NULL, n int NOT NULL);
  CREATE INDEX ON warehouse.applied (event_id, consumer);
  CREATE TABLE warehouse.settled (event_id uuid PRIMARY KEY);
  INSERT INTO shop.lanes (key) SELECT 'key-' || i FROM generate_series(1, ${KEYS}) i`;

/** What every group owes for every committed event: one effect, or a dead letter while its dispute is open. */
const MISSING = `
  SELECT w.id, w.event_id, w.key, w.n, w.disputed, g.consumer
  FROM shop.written w CROSS JOIN unnest($1::text[]) g(consumer)
  WHERE NOT EXISTS (SELECT FROM warehouse.applied a WHERE a.event_id = w.event_id AND a.consumer = g.consumer)
    AND NOT (w.disputed AND NOT EXISTS (SELECT FROM warehouse.settled s WHERE s.event_id = w.event_id)
      AND EXISTS (SELECT FROM warehouse.parked_events p
        WHERE p.event_id = w.event_id AND p.consumer = g.consumer AND p.state = 'dead'))`;

const DOUBLED = `
  SELECT consumer, event_id, key, n, count(*)::int AS times, array_agg(id ORDER BY id) AS rows
  FROM warehouse.applied GROUP BY 1, 2, 3, 4 HAVING count(*) > 1`;

/** Disputed events are out of order by nature: they are applied when they are replayed. */
const REORDERED = `
  SELECT * FROM (
    SELECT a.id, a.event_id, a.key, a.n, max(a.n) OVER (PARTITION BY a.key ORDER BY a.id ROWS UNBOUNDED PRECEDING
      EXCLUDE CURRENT ROW) AS after
    FROM (SELECT DISTINCT ON (event_id) * FROM warehouse.applied WHERE consumer = '${ORDERED}' ORDER BY event_id, id) a
    JOIN shop.written w USING (event_id) WHERE NOT w.disputed
  ) seen WHERE after > n`;

/** Effects of events that were rolled back, and parked events that are not poison or should be gone. */
const MISPLACED = `
  SELECT 'applied though never committed' AS what, a.consumer, a.event_id, a.key AS subject, NULL AS error
  FROM warehouse.applied a WHERE NOT EXISTS (SELECT FROM shop.written w WHERE w.event_id = a.event_id)
  UNION ALL
  SELECT 'parked as ' || p.state || ' (' || p.reason || ')', p.consumer, p.event_id, p.subject, p.error
  FROM warehouse.parked_events p LEFT JOIN shop.written w USING (event_id)
  WHERE p.state <> 'dead' OR w.disputed IS NOT TRUE OR EXISTS (SELECT FROM warehouse.settled s WHERE s.event_id = p.event_id)`;

export interface Verdict {
  lost: number;
  doubled: number;
  reordered: number;
  /** Dead letters that are no poison, and effects without a cause. */
  misplaced: number;
  /** The first events of each kind of violation. */
  evidence: Record<string, unknown[]>;
}

/** Compares what writers committed with what consumers applied. Reaches the servers directly, past every link. */
export class Ledger {
  readonly database: string;
  private readonly servers: Servers;
  private readonly run: string;
  /** Events up to this one were complete before, and only full checks look at them again. */
  private complete = 0;

  private constructor(servers: Servers, run: string) {
    this.servers = servers;
    this.run = run;
    this.database = run.replaceAll('-', '_');
  }

  static async open(servers: Servers, run: string): Promise<Ledger> {
    const ledger = new Ledger(servers, run);
    await ledger.asking((client) => client.query(`CREATE DATABASE ${ledger.database}`), 'postgres');
    await ledger.asking((client) => client.query('CREATE SCHEMA shop; CREATE SCHEMA warehouse'));
    for (const schema of ['shop', 'warehouse']) {
      await ledger.in(schema, (db) => db.runMigrations());
    }
    await ledger.asking((client) => client.query(TABLES));
    return ledger;
  }

  /** How many events have been committed. */
  async written(): Promise<{ count: number; last: number }> {
    const { rows } = await this.asking((client) =>
      client.query<{ count: number; last: number }>(
        'SELECT count(*)::int AS count, coalesce(max(id), 0)::int AS last FROM shop.written',
      ),
    );
    return rows[0]!;
  }

  /** How many effects are still owed for events committed up to `last`. */
  async owed(last: number): Promise<number> {
    const { rows } = await this.asking((client) =>
      client.query<{ owed: number }>(
        `SELECT count(*)::int AS owed FROM (${MISSING} AND w.id <= $2 AND (w.id > $3 OR w.disputed)) missing`,
        [[...GROUPS], last, this.complete],
      ),
    );
    return rows[0]!.owed;
  }

  /** How many things are on their way: outbox rows, waiting messages, events to be tried again. */
  async moving(): Promise<number> {
    const { rows } = await this.asking((client) =>
      client.query<{ moving: number }>(
        `SELECT ((SELECT count(*) FROM shop.outbox) + (SELECT count(*) FROM warehouse.outbox)
           + (SELECT count(*) FROM warehouse.parked_events WHERE state = 'retrying'))::int AS moving`,
      ),
    );
    return rows[0]!.moving + (await this.waiting(''));
  }

  /** Events after `last` that kill their consumers: how many, and how many effects of them no group has given up yet. */
  async lethal(last: number): Promise<{ written: number; waiting: number }> {
    const { rows } = await this.asking((client) =>
      client.query<{ written: number; waiting: number }>(
        `SELECT (SELECT count(*)::int FROM shop.written WHERE lethal AND id > $2) AS written,
           (SELECT count(*)::int FROM (${MISSING}) missing JOIN shop.written w USING (event_id)
            WHERE w.lethal AND w.id > $2) AS waiting`,
        [[...GROUPS], last],
      ),
    );
    return rows[0]!;
  }

  async check(): Promise<Verdict> {
    const [lost, doubled, reordered, misplaced] = await this.asking(async (client) => {
      const found = [];
      for (const [sql, values] of [[MISSING, [[...GROUPS]]], [DOUBLED], [REORDERED], [MISPLACED]] as const)
        found.push((await client.query<Record<string, unknown>>(sql, values as never)).rows);
      return found as [Record<string, unknown>[], { times: number }[], unknown[], unknown[]];
    });
    const undelivered = await this.waiting('.undelivered');
    this.complete = (await this.written()).last;
    return {
      lost: lost.length,
      doubled: doubled.reduce((sum, { times }) => sum + times - 1, 0),
      reordered: reordered.length,
      misplaced: misplaced.length + undelivered,
      evidence: Object.fromEntries(
        Object.entries({ lost, doubled, reordered, misplaced })
          .filter(([, rows]) => rows.length > 0)
          .map(([kind, rows]) => [kind, rows.slice(0, SHOWN)]),
      ),
    };
  }

  /** Settles every open dispute and replays its dead letters; returns how many letters there were. */
  async replayDeadLetters(): Promise<number> {
    await this.asking((client) =>
      client.query(
        'INSERT INTO warehouse.settled SELECT event_id FROM shop.written WHERE disputed ON CONFLICT DO NOTHING',
      ),
    );
    // Consumers look for what is due by themselves, so nobody has to be woken.
    return this.in('warehouse', (db) => new DeadLetters(db, () => undefined).replay({}));
  }

  /** Removes what a run leaves on servers that it was given. */
  async drop(): Promise<void> {
    await this.asking((client) => client.query(`DROP DATABASE IF EXISTS ${this.database} WITH (FORCE)`), 'postgres');
    await this.withBroker(async (channel) => {
      for (const group of GROUPS)
        for (const suffix of ['', '.undelivered']) await channel.deleteQueue(`${this.run}.${group}${suffix}`);
    });
  }

  private async waiting(suffix: string): Promise<number> {
    return this.withBroker(async (channel) => {
      let count = 0;
      for (const group of GROUPS) count += (await channel.checkQueue(`${this.run}.${group}${suffix}`)).messageCount;
      return count;
    });
  }

  private async withBroker<T>(
    work: (channel: Awaited<ReturnType<Awaited<ReturnType<typeof connect>>['createChannel']>>) => Promise<T>,
  ): Promise<T> {
    const connection = await connect(this.servers.url('rabbitmq').href, { timeout: 10_000 });
    connection.on('error', () => undefined);
    try {
      const channel = await connection.createChannel();
      channel.on('error', () => undefined);
      return await work(channel);
    } finally {
      await connection.close().catch(() => undefined);
    }
  }

  private async asking<T>(work: (client: Client) => Promise<T>, database = this.database): Promise<T> {
    const url = this.servers.url('postgres');
    url.pathname = database;
    const client = new Client({ connectionString: url.href, connectionTimeoutMillis: 10_000, query_timeout: 60_000 });
    client.on('error', () => undefined);
    await client.connect();
    try {
      return await work(client);
    } finally {
      await client.end().catch(() => undefined);
    }
  }

  private async in<T>(schema: string, work: (db: DataSource) => Promise<T>): Promise<T> {
    const url = this.servers.url('postgres');
    url.pathname = this.database;
    const db = await new DataSource({
      type: 'postgres',
      url: url.href,
      schema,
      migrations: busMigrations,
      poolErrorHandler: () => undefined,
      extra: { options: `-c search_path=${schema}` },
    }).initialize();
    try {
      return await work(db);
    } finally {
      await db.destroy();
    }
  }
}
