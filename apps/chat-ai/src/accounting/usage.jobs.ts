import { Inject, Injectable } from '@nestjs/common';
import { defineJob, LOG, type Log, Scheduled, Slot } from '@switchboard/service-kit';
import { UsageService } from './usage.service';

const ChargeLostCalls = defineJob('charge-lost-calls', Slot);

@Injectable()
export class UsageJobs {
  constructor(
    private readonly usage: UsageService,
    @Inject(LOG) private readonly log: Log,
  ) {}

  @Scheduled('* * * * *', ChargeLostCalls, {
    purpose: 'Charges calls of models whose process died before it could record them.',
    timeoutMs: 60_000,
    missed: 'skip',
  })
  async chargeLost(): Promise<void> {
    const calls = await this.usage.chargeLost('expired');
    if (calls > 0) this.log.warn({ calls }, 'calls of models were charged at their most, their processes died');
  }
}
