import { Injectable } from '@nestjs/common';
import { Outbox } from '@switchboard/bus';
import { ErasureRequested } from '@switchboard/contracts';
import { Clock, defineJob, Jobs, type PayloadOf, Runs } from '@switchboard/service-kit';
import { DataSource, type EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { z } from 'zod';
import { daysAfter, KEPT_DAYS } from '../kept-days';

const EraseLater = defineJob('erase-later', z.object({ userId: z.uuid() }));

/**
 * Whoever was erased is somebody new afterwards, with new allowances. So that nobody gets more than one of them a day, an identity
 * of a channel is erased once a day: a keyed hash of it is kept for so long, and whoever asks again is erased when the day is over.
 */
@Injectable()
export class ErasureRequestsJobs {
  constructor(
    private readonly db: DataSource,
    private readonly outbox: Outbox,
    private readonly jobs: Jobs,
    private readonly clock: Clock,
  ) {}

  /** The person is erased after `tx` commits, or at the time that is returned. */
  async request(tx: EntityManager, userId: string): Promise<Date | undefined> {
    const [last] = await tx.query<{ erased_at: Date }[]>(
      `SELECT erased_at FROM recent_erasures JOIN people USING (channel, external_hash)
       WHERE user_id = $1 ORDER BY erased_at DESC LIMIT 1`,
      [userId],
    );
    const due = last && daysAfter(last.erased_at, KEPT_DAYS.erasures);
    const inMs = due ? due.getTime() - this.clock.now().getTime() : 0;
    if (inMs <= 0) {
      await this.announce(tx, userId);
      return undefined;
    }
    await this.jobs.add(tx, EraseLater, { userId }, { key: `erase-later:${userId}`, delayMs: inMs });
    return due;
  }

  /** Before the rows of a person go. */
  async note(tx: EntityManager, userId: string): Promise<void> {
    await tx.query(
      `INSERT INTO recent_erasures (channel, external_hash, erased_at)
       SELECT channel, external_hash, $2 FROM people WHERE user_id = $1
       ON CONFLICT (channel, external_hash) DO UPDATE SET erased_at = excluded.erased_at`,
      [userId, this.clock.now()],
    );
  }

  @Runs(EraseLater)
  eraseLater({ userId }: PayloadOf<typeof EraseLater>): Promise<void> {
    return this.db.transaction((tx) => this.announce(tx, userId));
  }

  private async announce(tx: EntityManager, userId: string): Promise<void> {
    await this.outbox.add(tx, ErasureRequested({ erasureId: uuidv7(), userId }));
  }
}
