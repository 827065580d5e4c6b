import { Injectable } from '@nestjs/common';
import { Bus } from '@switchboard/bus';
import { DataSource } from 'typeorm';
import { defineJob, Jobs } from './jobs';
import { Scheduled, Slot } from './scheduled.decorator';

const KeepInboxPartitions = defineJob('keep-inbox-partitions', Slot);
const ForgetGivenUpJobs = defineJob('forget-given-up-jobs', Slot);

/** Time to look at them: docs/runbooks/jobs-failed.md. */
const GIVEN_UP_JOBS_DAYS = 30;

/** What every service has to look after, whatever it does. */
@Injectable()
export class HousekeepingJobs {
  constructor(
    private readonly bus: Bus,
    private readonly db: DataSource,
    private readonly jobs: Jobs,
  ) {}

  @Scheduled('5 * * * *', KeepInboxPartitions, {
    purpose: 'Makes the inbox partitions of the coming days and drops those that are too old.',
    timeoutMs: 60_000,
  })
  keepInboxPartitions(): Promise<void> {
    return this.bus.keepPartitions();
  }

  @Scheduled('35 3 * * *', ForgetGivenUpJobs, {
    purpose: 'Deletes jobs that were given up 30 days ago.',
    timeoutMs: 60_000,
  })
  forgetGivenUpJobs(): Promise<void> {
    return this.jobs.forgetGivenUp(this.db.manager, GIVEN_UP_JOBS_DAYS);
  }
}
