import { Inject, Injectable } from '@nestjs/common';
import {
  Clock,
  defineJob,
  type JobRun,
  LOG,
  type Log,
  type MonthlyPartition,
  type PayloadOf,
  Scheduled,
  Slot,
} from '@switchboard/service-kit';
import { DataSource } from 'typeorm';
import { ArchiveService } from '../archive/archive.service';
import { EventPartitions } from '../events/event-partitions';
import { EventsService } from '../events/events.service';
import { RollupsService } from '../rollups/rollups.service';
import { Kept } from './kept';

const ForgetOldEvents = defineJob('forget-old-events', Slot);

const DAY_MS = 86_400_000;
/** As long as anybody looks back by minutes: six weeks and some days. Measures of a quarter of an hour go on. */
const FIVE_MINUTES_KEPT_DAYS = 62;
/** Time to look at them: docs/runbooks/quarantined-events.md. */
const QUARANTINE_KEPT_DAYS = 30;

/** Forgets what is too old. Events go by whole months, and only when they lie in storage. */
@Injectable()
export class RetentionJobs {
  constructor(
    private readonly db: DataSource,
    private readonly partitions: EventPartitions,
    private readonly events: EventsService,
    private readonly archive: ArchiveService,
    private readonly rollups: RollupsService,
    private readonly clock: Clock,
    private readonly kept: Kept,
    @Inject(LOG) private readonly log: Log,
  ) {}

  @Scheduled('27 2 * * *', ForgetOldEvents, {
    purpose:
      'Drops months of events that are older than ANALYTICS_KEEP_EVENTS_MONTHS and archived, and old measures and quarantined events.',
    timeoutMs: 60 * 60_000,
  })
  async forgetOld(_slot: PayloadOf<typeof ForgetOldEvents>, { signal }: JobRun): Promise<void> {
    const activitySince = this.kept.since('activity');
    await this.rollups.forgetMeasures(5, this.daysAgo(FIVE_MINUTES_KEPT_DAYS));
    await this.rollups.forgetMeasures(15, activitySince);
    await this.rollups.forgetActivity(activitySince);
    await this.events.forgetQuarantined(this.daysAgo(QUARANTINE_KEPT_DAYS));
    const oldest = this.kept.since('events');
    for (const partition of await this.partitions.list()) {
      if (partition.to > oldest) continue;
      signal.throwIfAborted();
      if (await this.archive.isHeld(partition.from, partition.to)) continue;
      await this.drop(partition);
    }
  }

  private async drop(partition: MonthlyPartition): Promise<void> {
    const missing = await this.archive.missingDays(partition.from, partition.to);
    if (missing > 0) {
      this.log.warn({ partition: partition.name, days: missing }, 'old events are kept: some days are not archived');
      return;
    }
    // First this: days whose events are gone must never be counted anew.
    await this.db.transaction((tx) => this.rollups.countableSince(tx, partition.to.toISOString().slice(0, 10)));
    await this.partitions.alone((tx) => this.partitions.drop(tx, partition.from));
    this.log.info({ partition: partition.name }, 'a month of old events was dropped; it lies in storage');
  }

  private daysAgo(days: number): Date {
    return new Date(this.clock.now().getTime() - days * DAY_MS);
  }
}
