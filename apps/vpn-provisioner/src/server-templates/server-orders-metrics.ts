import { Injectable } from '@nestjs/common';
import { Clock } from '@switchboard/service-kit';
import { Gauge, Registry } from 'prom-client';
import { DataSource } from 'typeorm';

const DAY_MS = 86_400_000;

/** As one may ask any process of the installation. Absent while the database is away, and where everything that was ordered was made. */
@Injectable()
export class ServerOrdersMetrics {
  constructor(db: DataSource, clock: Clock, registry: Registry) {
    new Gauge({
      name: 'vpn_servers_not_made_within_day',
      help: 'Servers that were ordered from a cloud within the last 24 hours and did not come about.',
      labelNames: ['region'],
      registers: [registry],
      async collect() {
        // One that has failed is removed with its cloud within half an hour, and has failed all the same.
        const regions = await db
          .query<{ region: string; n: number }[]>(
            `SELECT region, count(*)::int AS n FROM server_orders
             WHERE state IN ('failed', 'removed') AND server_id IS NULL AND asked_at > $1 GROUP BY 1`,
            [new Date(clock.now().getTime() - DAY_MS)],
          )
          .catch(() => []);
        this.reset();
        for (const { region, n } of regions) this.set({ region }, n);
      },
    });
  }
}
