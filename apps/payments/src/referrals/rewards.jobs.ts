import { Injectable } from '@nestjs/common';
import { Clock, defineJob, eachDue, type JobRun, type PayloadOf, Scheduled, Slot } from '@switchboard/service-kit';
import { DataSource } from 'typeorm';
import { RewardsService } from './rewards.service';

const ReleaseRewards = defineJob('release-rewards', Slot);

@Injectable()
export class RewardsJobs {
  constructor(
    private readonly db: DataSource,
    private readonly rewards: RewardsService,
    private readonly clock: Clock,
  ) {}

  @Scheduled('*/10 * * * *', ReleaseRewards, {
    purpose: 'Gives people what they have earned by bringing others, once its payment cannot go back any more.',
    timeoutMs: 5 * 60_000,
  })
  async release(_: PayloadOf<typeof ReleaseRewards>, { signal }: JobRun): Promise<void> {
    const due = `SELECT id, release_at AS at FROM rewards WHERE state = 'held' AND release_at <= $1`;
    await eachDue(this.db, due, [this.clock.now()], (tx, id) => this.rewards.release(tx, id), { signal });
  }
}
