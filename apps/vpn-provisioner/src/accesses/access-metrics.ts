import { Injectable } from '@nestjs/common';
import { Clock } from '@switchboard/service-kit';
import { Gauge, Registry } from 'prom-client';
import { DataSource } from 'typeorm';

interface Figures {
  readonly waiting: number;
  readonly ageSeconds: number;
  readonly moving: { readonly state: string; readonly n: number }[];
  readonly people: {
    readonly server: string;
    readonly region: string;
    readonly n: number;
    readonly capacity: number;
  }[];
}

/** How the installation stands, as one may ask any of its processes. Absent while the database is away. */
@Injectable()
export class AccessMetrics {
  private reading: Promise<Figures | undefined> | undefined;

  constructor(
    private readonly db: DataSource,
    private readonly clock: Clock,
    private readonly registry: Registry,
  ) {
    this.gauge('vpn_paid_not_served_accesses', 'Accesses that are paid and not served yet.', [], (gauge, { waiting }) =>
      gauge.set(waiting),
    );
    this.gauge(
      'vpn_paid_not_served_age_seconds',
      'For how long the one that waits longest has been paid and not served; 0: nobody waits.',
      [],
      (gauge, { ageSeconds }) => gauge.set(ageSeconds),
    );
    this.gauge('vpn_access_moves', 'Moves that are under way, by how far they are.', ['state'], (gauge, { moving }) =>
      moving.forEach(({ state, n }) => gauge.set({ state }, n)),
    );
    this.gauge('vpn_server_people', 'People whom a server serves.', ['server', 'region'], (gauge, { people }) =>
      people.forEach(({ server, region, n }) => gauge.set({ server, region }, n)),
    );
    this.gauge(
      'vpn_server_capacity_people',
      'People whom a server may serve.',
      ['server', 'region'],
      (gauge, { people }) => people.forEach(({ server, region, capacity }) => gauge.set({ server, region }, capacity)),
    );
  }

  private gauge(
    name: string,
    help: string,
    labelNames: string[],
    fill: (gauge: Gauge, figures: Figures) => void,
  ): void {
    const figures = () => this.figures();
    new Gauge({
      ...{ name, help, labelNames, registers: [this.registry] },
      async collect() {
        const now = await figures();
        this.reset();
        if (now) fill(this, now);
      },
    });
  }

  /** Once for all gauges of a scrape. */
  private figures(): Promise<Figures | undefined> {
    this.reading ??= this.read()
      .catch(() => undefined)
      .finally(() => (this.reading = undefined));
    return this.reading;
  }

  private async read(): Promise<Figures> {
    const [owed] = await this.db.query<{ waiting: number; age: number | null }[]>(
      `SELECT count(*)::int AS waiting, extract(epoch FROM $1 - min(owed_since))::float8 AS age
       FROM accesses WHERE owed_since IS NOT NULL AND enabled`,
      [this.clock.now()],
    );
    const moves = await this.db.query<{ state: string; n: number }[]>(
      `SELECT state, (SELECT count(*)::int FROM access_moves m WHERE m.state = s.state) AS n
       FROM unnest(ARRAY['waiting', 'preparing']) AS s (state)`,
    );
    const people = await this.db.query<Figures['people']>(
      `SELECT s.name AS server, s.region, s.capacity, p.people AS n
       FROM servers s JOIN server_people p ON p.server_id = s.id WHERE s.state <> 'retired'`,
    );
    return { waiting: owed!.waiting, ageSeconds: Math.max(0, owed!.age ?? 0), moving: moves, people };
  }
}
