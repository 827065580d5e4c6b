import { Injectable } from '@nestjs/common';
import { Clock, defineJob, Scheduled, Slot } from '@switchboard/service-kit';
import { DataSource } from 'typeorm';
import { OrdersService } from './orders.service';

const CloseOrders = defineJob('close-orders', Slot);

const AT_ONCE = 500;

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
  async closeDue(): Promise<void> {
    const now = this.clock.now();
    const due = await this.db.query<{ id: string }[]>(
      `SELECT id FROM orders WHERE state = 'awaiting' AND expires_at <= $1 ORDER BY expires_at LIMIT ${AT_ONCE}`,
      [now],
    );
    for (const { id } of due) {
      await this.db.transaction(async (tx) => {
        const order = await this.orders.lock(tx, id);
        if (order.state === 'awaiting' && order.expiresAt <= now) await this.orders.close(tx, order, 'expired');
      });
    }
  }
}
