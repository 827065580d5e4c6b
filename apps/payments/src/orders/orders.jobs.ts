import { Injectable } from '@nestjs/common';
import { Clock, defineJob, eachDue, type JobRun, type PayloadOf, Scheduled, Slot } from '@switchboard/service-kit';
import { DataSource, type EntityManager } from 'typeorm';
import { OrdersService } from './orders.service';

const CloseOrders = defineJob('close-orders', Slot);

@Injectable()
export class OrdersJobs {
  constructor(
    private readonly db: DataSource,
    private readonly orders: OrdersService,
    private readonly clock: Clock,
  ) {}

  @Scheduled('* * * * *', CloseOrders, {
    purpose: 'Closes orders that were not paid in time, and sets free what was set aside for them.',
    timeoutMs: 60_000,
  })
  async closeDue(_: PayloadOf<typeof CloseOrders>, { signal }: JobRun): Promise<void> {
    const now = this.clock.now();
    const close = async (tx: EntityManager, id: string) => {
      const order = await this.orders.lock(tx, id);
      if (order.state === 'awaiting' && order.expiresAt <= now) await this.orders.close(tx, order, 'expired');
    };
    const due = `SELECT id, expires_at AS at FROM orders WHERE state = 'awaiting' AND expires_at <= $1`;
    await eachDue(this.db, due, [now], close, { signal });
  }
}
