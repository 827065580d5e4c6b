import { Injectable } from '@nestjs/common';
import { Clock, defineJob, eachDue, type JobRun, type PayloadOf, Scheduled, Slot } from '@switchboard/service-kit';
import { DataSource } from 'typeorm';
import { ReturnsService } from './returns.service';

const LapseReturns = defineJob('lapse-returns', Slot);
const ForgetAddresses = defineJob('forget-addresses', Slot);

/** Until then something may come back, or be asked for. */
const ADDRESS_KEPT_MS = 30 * 86_400_000;

@Injectable()
export class StoreOrdersJobs {
  constructor(
    private readonly db: DataSource,
    private readonly returns: ReturnsService,
    private readonly clock: Clock,
  ) {}

  @Scheduled('27 * * * *', LapseReturns, {
    purpose: 'Ends returns of goods that were agreed to and of which nothing came back in time.',
    timeoutMs: 5 * 60_000,
  })
  async lapse(_: PayloadOf<typeof LapseReturns>, { signal }: JobRun): Promise<void> {
    const due = `SELECT id, lapses_at AS at FROM returns WHERE state = 'agreed' AND lapses_at <= $1`;
    await eachDue(this.db, due, [this.clock.now()], (tx, id) => this.returns.lapse(tx, id), { signal });
  }

  @Scheduled('33 4 * * *', ForgetAddresses, {
    purpose: 'Deletes to whom goods went thirty days after they were had or their order was given up.',
    timeoutMs: 10 * 60_000,
  })
  async forget(_: PayloadOf<typeof ForgetAddresses>): Promise<void> {
    const now = this.clock.now();
    await this.db.query(
      `UPDATE store_orders SET address = NULL, recipient = NULL, note = NULL, tracking = NULL, forgotten_at = $1
       WHERE forgotten_at IS NULL AND state IN ('done', 'cancelled', 'partly-returned', 'returned')
         AND coalesce(done_at, created_at) <= $2`,
      [now, new Date(now.getTime() - ADDRESS_KEPT_MS)],
    );
  }
}
