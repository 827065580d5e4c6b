import { Injectable } from '@nestjs/common';
import { defineJob, Jobs, type PayloadOf, Runs } from '@switchboard/service-kit';
import { DataSource, type EntityManager } from 'typeorm';
import { z } from 'zod';
import { SubscriptionsService } from './subscriptions.service';

const AnnounceSubscriptions = defineJob('announce-subscriptions', z.object({ after: z.uuid() }));

const NIL = '00000000-0000-0000-0000-000000000000';

@Injectable()
export class SubscriptionsJobs {
  constructor(
    private readonly db: DataSource,
    private readonly jobs: Jobs,
    private readonly subscriptions: SubscriptionsService,
  ) {}

  /** A job for each few, after all others: so it goes on where it was left, and whoever buys meanwhile does not wait for it. */
  async announce(tx: EntityManager, after = NIL): Promise<void> {
    await this.jobs.add(tx, AnnounceSubscriptions, { after }, { key: `announce:${after}`, yields: true });
  }

  @Runs(AnnounceSubscriptions)
  async announceSome({ after }: PayloadOf<typeof AnnounceSubscriptions>): Promise<void> {
    await this.db.transaction(async (tx) => {
      const last = await this.subscriptions.announce(tx, after);
      if (last !== undefined) await this.announce(tx, last);
    });
  }
}
