import { Injectable } from '@nestjs/common';
import { defineJob, type JobRun, Jobs, type PayloadOf, Runs, Scheduled, Slot } from '@switchboard/service-kit';
import { DataSource } from 'typeorm';
import { z } from 'zod';
import { TrafficPartitions } from '../traffic/traffic-partitions';
import { TrafficBudgets } from './traffic-budgets.service';
import { UsageAnomalies } from './usage-anomalies.service';
import { UsageCounting } from './usage-counting.service';
import { UsageService } from './usage.service';

const CountTraffic = defineJob('count-traffic', Slot);
const CountServerTraffic = defineJob('count-server-traffic', z.object({ serverId: z.uuid() }));
const RenewTraffic = defineJob('renew-traffic', Slot);
const TellUsage = defineJob('tell-usage', Slot);
const DetectUsageAnomalies = defineJob('detect-usage-anomalies', Slot);
const TendTraffic = defineJob('tend-traffic', Slot);

const MINUTE_MS = 60_000;

@Injectable()
export class UsageJobs {
  constructor(
    private readonly db: DataSource,
    private readonly jobs: Jobs,
    private readonly counting: UsageCounting,
    private readonly budgets: TrafficBudgets,
    private readonly usage: UsageService,
    private readonly anomalies: UsageAnomalies,
    private readonly partitions: TrafficPartitions,
  ) {}

  @Scheduled('*/5 * * * *', CountTraffic, {
    purpose: 'Has the traffic of all people counted at every server.',
    timeoutMs: MINUTE_MS,
    missed: 'skip',
  })
  async countAll(): Promise<void> {
    const servers = await this.counting.servers();
    await this.db.transaction(async (tx) => {
      // One that still counts is left to do so; a slow panel holds up no other.
      for (const serverId of servers) {
        const [key, queue] = [`count:${serverId}`, `count:${serverId}`];
        await this.jobs.add(tx, CountServerTraffic, { serverId }, { key, queue });
      }
    });
  }

  @Runs(CountServerTraffic)
  count({ serverId }: PayloadOf<typeof CountServerTraffic>, { signal }: JobRun): Promise<void> {
    return this.counting.count(serverId, signal);
  }

  @Scheduled('* * * * *', RenewTraffic, {
    purpose: 'Counts traffic from zero where a new period begins.',
    timeoutMs: 5 * MINUTE_MS,
  })
  renew(_: PayloadOf<typeof RenewTraffic>, { signal }: JobRun): Promise<void> {
    return this.budgets.renewDue(signal);
  }

  @Scheduled('5 * * * *', TellUsage, {
    purpose: 'Tells other services how much each person has used in the last hour.',
    timeoutMs: 10 * MINUTE_MS,
  })
  tell(_: PayloadOf<typeof TellUsage>, { signal }: JobRun): Promise<void> {
    return this.usage.tell(signal);
  }

  @Scheduled('34 * * * *', DetectUsageAnomalies, {
    purpose: 'Looks for accesses that are used in an unusual way.',
    timeoutMs: 10 * MINUTE_MS,
  })
  detect(): Promise<void> {
    return this.anomalies.detect();
  }

  @Scheduled('17 2 * * *', TendTraffic, {
    purpose: 'Makes the partitions of traffic for the months to come, and deletes what nobody looks at any more.',
    timeoutMs: 10 * MINUTE_MS,
  })
  async tend(): Promise<void> {
    await this.partitions.tend();
    await this.anomalies.forgetOld();
  }
}
