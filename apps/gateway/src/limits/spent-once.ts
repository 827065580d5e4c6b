import { Injectable } from '@nestjs/common';
import { Clock } from '@switchboard/service-kit';
import type { EntityManager } from 'typeorm';

/** What counts once, such as an attempt to sign in that has come back: a row from then on, until nobody could repeat it any more. */
@Injectable()
export class SpentOnce {
  constructor(private readonly clock: Clock) {}

  /** False for one that was spent before. It is spent when `tx` commits. */
  async spend(tx: EntityManager, id: string): Promise<boolean> {
    const spent = await tx.query<unknown[]>(
      'INSERT INTO spent_attempts (id, spent_at) VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING id',
      [id, this.clock.now()],
    );
    return spent.length === 1;
  }

  async forgetBefore(tx: EntityManager, time: Date): Promise<void> {
    await tx.query('DELETE FROM spent_attempts WHERE spent_at < $1', [time]);
  }
}
