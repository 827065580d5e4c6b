import { Injectable } from '@nestjs/common';
import { Gauge, Registry } from 'prom-client';
import { DataSource } from 'typeorm';

/** As one may ask any process of the installation. Absent while the database is away, and of panels that were never compared. */
@Injectable()
export class DriftMetrics {
  constructor(db: DataSource, registry: Registry) {
    new Gauge({
      name: 'vpn_panel_users_held',
      help: 'Users of a panel whom nobody is owed by our database, and who are too many to be removed before staff have said so.',
      labelNames: ['server'],
      registers: [registry],
      async collect() {
        const servers = await db
          .query<{ server: string; held: number }[]>(
            `SELECT s.name AS server, r.held FROM servers s,
               LATERAL (SELECT held FROM drift_reports WHERE server_id = s.id ORDER BY at DESC, id DESC LIMIT 1) r
             WHERE s.state <> 'retired'`,
          )
          .catch(() => []);
        this.reset();
        for (const { server, held } of servers) this.set({ server }, held);
      },
    });
  }
}
