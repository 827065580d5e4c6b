import { Injectable } from '@nestjs/common';
import { Clock, defineJob, type PayloadOf, Scheduled, Slot } from '@switchboard/service-kit';
import { DataSource } from 'typeorm';

const ForgetLinks = defineJob('forget-links', Slot);

@Injectable()
export class LinksJobs {
  constructor(
    private readonly db: DataSource,
    private readonly clock: Clock,
  ) {}

  @Scheduled('23 * * * *', ForgetLinks, {
    purpose: 'Deletes addresses that were replaced days ago, and what every process has heard of changes.',
    timeoutMs: 5 * 60_000,
  })
  async forget(_: PayloadOf<typeof ForgetLinks>): Promise<void> {
    // Those of the last day say how often somebody has changed theirs.
    await this.db.query(`DELETE FROM links WHERE valid_until < $1::timestamptz - interval '2 days'`, [
      this.clock.now(),
    ]);
    // By the clock that has written them.
    await this.db.query(`DELETE FROM link_changes WHERE changed_at < now() - interval '1 hour'`);
  }
}
