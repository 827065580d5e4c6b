import { Consumer, Handles } from '@switchboard/bus';
import { type EventOf, OrderRefunded } from '@switchboard/contracts';
import type { EntityManager } from 'typeorm';
import { GiftsService } from './gifts.service';

@Consumer('gifts')
export class GiftsHandlers {
  constructor(private readonly gifts: GiftsService) {}

  @Handles(OrderRefunded, { when: ({ full }) => full })
  refunded({ data }: EventOf<typeof OrderRefunded>, tx: EntityManager): Promise<void> {
    return this.gifts.takenBack(tx, data.orderId);
  }
}
