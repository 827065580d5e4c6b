import { Injectable } from '@nestjs/common';
import { defineJob, type JobRun, Jobs, type PayloadOf, Runs, Scheduled, Slot } from '@switchboard/service-kit';
import { DataSource, type EntityManager } from 'typeorm';
import { z } from 'zod';
import { panelQueue } from '../accesses/access-queue';
import { ServersService } from '../servers/servers.service';
import { DriftService } from './drift.service';

const CheckDrift = defineJob('check-drift', z.object({ serverId: z.uuid(), removals: z.int().optional() }));
const CheckAllDrift = defineJob('check-all-drift', Slot);

/** A panel that does not answer is looked at tomorrow, or when it is back. */
const ATTEMPTS = 3;

@Injectable()
export class DriftJobs {
  constructor(
    private readonly db: DataSource,
    private readonly jobs: Jobs,
    private readonly servers: ServersService,
    private readonly drift: DriftService,
  ) {}

  async request(tx: EntityManager, serverId: string, removals?: number): Promise<void> {
    // What staff have said is not replaced by the comparison of every night.
    const key = removals === undefined ? `drift:${serverId}` : `drift-removals:${serverId}`;
    const options = { key, queue: panelQueue(serverId), maxAttempts: ATTEMPTS };
    await this.jobs.add(tx, CheckDrift, { serverId, removals }, options);
  }

  @Runs(CheckDrift)
  async check({ serverId, removals }: PayloadOf<typeof CheckDrift>, { signal }: JobRun): Promise<void> {
    const server = await this.servers.find(serverId);
    if (server.state !== 'retired') await this.drift.check(server, signal, removals);
  }

  @Scheduled('40 3 * * *', CheckAllDrift, {
    purpose: 'Compares what panels hold with what is owed, and has it put right.',
    timeoutMs: 60_000,
  })
  async checkAll(): Promise<void> {
    const servers = await this.servers.alive();
    await this.db.transaction(async (tx) => {
      for (const { id } of servers) await this.request(tx, id);
    });
    await this.drift.forgetOld();
  }
}
