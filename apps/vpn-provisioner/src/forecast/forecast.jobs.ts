import { Injectable } from '@nestjs/common';
import { defineJob, Scheduled, Slot } from '@switchboard/service-kit';
import { ForecastService } from './forecast.service';
import { RegionLoads } from './region-loads.service';

const RecordRegionLoads = defineJob('record-region-loads', Slot);
const ProposeCapacity = defineJob('propose-capacity', Slot);

@Injectable()
export class ForecastJobs {
  constructor(
    private readonly loads: RegionLoads,
    private readonly forecasts: ForecastService,
  ) {}

  @Scheduled('2 * * * *', RecordRegionLoads, {
    purpose: 'Records how busy each region was in the last hour.',
    timeoutMs: 60_000,
  })
  record(): Promise<void> {
    return this.loads.record();
  }

  @Scheduled('20 5 * * *', ProposeCapacity, {
    purpose: 'Proposes to add servers where the coming week needs more, and to drop what it does not.',
    timeoutMs: 5 * 60_000,
  })
  propose(): Promise<void> {
    return this.forecasts.propose();
  }
}
