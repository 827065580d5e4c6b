import { Inject, Injectable } from '@nestjs/common';
import {
  Clock,
  defineJob,
  type JobRun,
  LOG,
  type Log,
  type PayloadOf,
  Scheduled,
  Slot,
} from '@switchboard/service-kit';
import { Gauge, Registry } from 'prom-client';
import { DataSource } from 'typeorm';
import { ServerTemplatesService } from './server-templates.service';

const CompareClouds = defineJob('compare-clouds', Slot);

/**
 * Servers with our mark that a cloud has and that nobody here has ordered, or that are held for removed: billed until somebody looks.
 * Mostly an older database was restored. They are told of and never removed: they may serve people.
 */
@Injectable()
export class CloudServersJobs {
  constructor(
    private readonly db: DataSource,
    private readonly templates: ServerTemplatesService,
    private readonly clock: Clock,
    registry: Registry,
    @Inject(LOG) private readonly log: Log,
  ) {
    new Gauge({
      name: 'vpn_cloud_servers_unknown',
      help: 'Servers of ours that a cloud has and bills, and that nobody here knows.',
      labelNames: ['region'],
      registers: [registry],
      async collect() {
        const regions = await db
          .query<{ region: string; n: number }[]>(
            `SELECT t.region, count(u.name)::int AS n FROM server_templates t LEFT JOIN unknown_cloud_servers u USING (region) GROUP BY 1`,
          )
          .catch(() => []);
        this.reset();
        for (const { region, n } of regions) this.set({ region }, n);
      },
    });
  }

  /** @throws what the first account failed with, when all were looked at */
  @Scheduled('25 4 * * *', CompareClouds, {
    purpose: 'Looks for servers that clouds bill and that nobody here knows.',
    timeoutMs: 5 * 60_000,
  })
  async compare(_slot: PayloadOf<typeof CompareClouds>, { signal }: JobRun): Promise<void> {
    const failures: unknown[] = [];
    // Those of a template that is gone: another one of the same account is to find them.
    await this.db.query(
      'DELETE FROM unknown_cloud_servers u WHERE NOT EXISTS (SELECT FROM server_templates t WHERE t.region = u.region)',
    );
    for (const { region, cloudKind, cloud } of await this.templates.accounts()) {
      signal.throwIfAborted();
      try {
        const there: { name: string; address: string | null }[] = [];
        for await (const { name, state, address } of cloud.list(signal))
          if (state !== 'going') there.push({ name, address });
        await this.note(region, cloudKind, there);
      } catch (error) {
        this.log.error({ err: error, region, cloudKind }, 'servers of a cloud could not be listed');
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
  }

  private async note(region: string, cloudKind: string, there: readonly { name: string; address: string | null }[]) {
    const names = there.map(({ name }) => name);
    const unknown = await this.db.transaction(async (tx) => {
      await tx.query('DELETE FROM unknown_cloud_servers WHERE region = $1', [region]);
      const rows = await tx.query<{ name: string; address: string | null }[]>(
        `INSERT INTO unknown_cloud_servers (name, region, cloud_kind, address, seen_at)
         SELECT name, $1, $2, address, $5 FROM unnest($3::text[], $4::text[]) AS s (name, address)
         WHERE NOT EXISTS (SELECT FROM server_orders o WHERE o.cloud_name = s.name AND o.state <> 'removed')
         ON CONFLICT DO NOTHING RETURNING name, address`,
        [region, cloudKind, names, there.map(({ address }) => address), this.clock.now()],
      );
      return rows;
    });
    if (unknown.length > 0)
      this.log.error({ region, cloudKind, unknown }, 'a cloud has servers that nobody here knows');
  }
}
