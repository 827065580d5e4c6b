import { Injectable } from '@nestjs/common';
import { defineJob, Scheduled, Slot } from '@switchboard/service-kit';
import { AnomaliesService } from './anomalies.service';

const WatchUsage = defineJob('watch-usage', Slot);
const WatchUsageDrift = defineJob('watch-usage-drift', Slot);
const WatchPersonUsage = defineJob('watch-person-usage', Slot);

@Injectable()
export class AnomaliesJobs {
  constructor(private readonly anomalies: AnomaliesService) {}

  @Scheduled('* * * * *', WatchUsage, {
    purpose: 'Compares usage of the last minutes with what is usual at this hour of the week.',
    timeoutMs: 50_000,
    missed: 'skip',
  })
  watchMinutes(): Promise<void> {
    return this.anomalies.lookAtMinutes();
  }

  // Some minutes after the hour, when its last events have come.
  @Scheduled('7 * * * *', WatchUsageDrift, {
    purpose: 'Looks for usage that grows slowly, calls that become dearer, and ratios that are out of the ordinary.',
    timeoutMs: 5 * 60_000,
  })
  watchHours(): Promise<void> {
    return this.anomalies.lookAtHours();
  }

  @Scheduled('*/10 * * * *', WatchPersonUsage, {
    purpose: 'Looks for people who use much more in a day than others do and than they do themselves.',
    timeoutMs: 5 * 60_000,
  })
  watchPersons(): Promise<void> {
    return this.anomalies.lookAtPersons();
  }
}
