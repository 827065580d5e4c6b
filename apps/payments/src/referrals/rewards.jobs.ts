import { Injectable } from '@nestjs/common';
import { Clock, defineJob, Scheduled, Slot } from '@switchboard/service-kit';
import { DataSource } from 'typeorm';
import { RewardsService } from './rewards.service';

const ReleaseRewards = defineJob('release-rewards', Slot);

const AT_ONCE = 500;

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
  async release(): Promise<void> {
    const due = await this.db.query<{ id: string }[]>(
      `SELECT id FROM rewards WHERE state = 'held' AND release_at <= $1 ORDER BY release_at LIMIT ${AT_ONCE}`,
      [this.clock.now()],
    );
    const failures: unknown[] = [];
    for (const { id } of due)
      await this.db.transaction((tx) => this.rewards.release(tx, id)).catch((error: unknown) => failures.push(error));
    if (failures.length > 0) throw new AggregateError(failures, `${failures.length} of ${due.length} rewards`);
  }
}
