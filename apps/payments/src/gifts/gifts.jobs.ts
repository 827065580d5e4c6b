import { Injectable } from '@nestjs/common';
import { Clock, defineJob, Scheduled, Slot } from '@switchboard/service-kit';
import { DataSource } from 'typeorm';
import { GiftsService } from './gifts.service';

const ReturnGifts = defineJob('return-gifts', Slot);

const AT_ONCE = 500;

@Injectable()
export class GiftsJobs {
  constructor(
    private readonly db: DataSource,
    private readonly gifts: GiftsService,
    private readonly clock: Clock,
  ) {}

  @Scheduled('17 * * * *', ReturnGifts, {
    purpose: 'Gives gifts that nobody has opened in time back to whoever has bought them.',
    timeoutMs: 5 * 60_000,
  })
  async giveBack(): Promise<void> {
    const due = await this.db.query<{ id: string }[]>(
      `SELECT id FROM gifts WHERE state = 'waiting' AND expires_at <= $1 ORDER BY expires_at LIMIT ${AT_ONCE}`,
      [this.clock.now()],
    );
    const failures: unknown[] = [];
    for (const { id } of due)
      await this.db.transaction((tx) => this.gifts.giveBack(tx, id)).catch((error: unknown) => failures.push(error));
    if (failures.length > 0) throw new AggregateError(failures, `${failures.length} of ${due.length} gifts`);
  }
}
