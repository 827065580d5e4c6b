import { Injectable } from '@nestjs/common';
import { Clock, defineJob, type PayloadOf, Scheduled, Slot } from '@switchboard/service-kit';
import { DataSource, LessThan } from 'typeorm';
import { Cart } from './cart.entity';

const ForgetCarts = defineJob('forget-carts', Slot);

const KEPT_MS = 90 * 86_400_000;

@Injectable()
export class CartsJobs {
  constructor(
    private readonly db: DataSource,
    private readonly clock: Clock,
  ) {}

  @Scheduled('23 4 * * *', ForgetCarts, {
    purpose: 'Deletes carts in which nobody has changed anything for ninety days.',
    timeoutMs: 5 * 60_000,
  })
  async forget(_: PayloadOf<typeof ForgetCarts>): Promise<void> {
    await this.db.manager.delete(Cart, { updatedAt: LessThan(new Date(this.clock.now().getTime() - KEPT_MS)) });
  }
}
