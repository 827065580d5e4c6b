import { Consumer, Handles } from '@switchboard/bus';
import { type EventOf, OrderPaid } from '@switchboard/contracts';
import type { EntityManager } from 'typeorm';
import { GuestOrder } from './guest-order.entity';
import { GuestsJobs } from './guests.jobs';
import { GuestsService } from './guests.service';

@Consumer('guests')
export class GuestsHandlers {
  constructor(
    private readonly guests: GuestsService,
    private readonly jobs: GuestsJobs,
  ) {}

  @Handles(OrderPaid)
  async paid({ data }: EventOf<typeof OrderPaid>, tx: EntityManager): Promise<void> {
    const guest = await tx.findOneBy(GuestOrder, { orderId: data.orderId });
    if (!guest) return;
    await this.guests.tellStep(tx, guest, 'paid', data.campaign);
    await this.jobs.mail(tx, data.orderId);
  }
}
