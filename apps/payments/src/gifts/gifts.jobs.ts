import { Injectable } from '@nestjs/common';
import { Clock, defineJob, eachDue, type JobRun, type PayloadOf, Scheduled, Slot } from '@switchboard/service-kit';
import { DataSource } from 'typeorm';
import { GiftsService } from './gifts.service';

const ReturnGifts = defineJob('return-gifts', Slot);

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
  async giveBack(_: PayloadOf<typeof ReturnGifts>, { signal }: JobRun): Promise<void> {
    const due = `SELECT id, expires_at AS at FROM gifts WHERE state = 'waiting' AND expires_at <= $1`;
    await eachDue(this.db, due, [this.clock.now()], (tx, id) => this.gifts.giveBack(tx, id), { signal });
  }
}
