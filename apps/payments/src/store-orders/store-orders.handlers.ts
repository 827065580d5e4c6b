import { Consumer, Handles } from '@switchboard/bus';
import { type EventOf, OrderRefunded } from '@switchboard/contracts';
import type { EntityManager } from 'typeorm';
import { StoreOrdersService } from './store-orders.service';

@Consumer('store-orders')
export class StoreOrdersHandlers {
  constructor(private readonly parcels: StoreOrdersService) {}

  @Handles(OrderRefunded, { when: ({ full }) => full })
  refunded({ data }: EventOf<typeof OrderRefunded>, tx: EntityManager): Promise<void> {
    return this.parcels.moneyWentBack(tx, data.orderId);
  }
}
