import { Consumer, Handles } from '@switchboard/bus';
import { BalanceChanged, type EventOf } from '@switchboard/contracts';
import { EntityManager } from 'typeorm';
import { OrdersService } from './orders.service';

@Consumer('carts')
export class OrdersHandlers {
  constructor(private readonly orders: OrdersService) {}

  @Handles(BalanceChanged)
  async changed({ data }: EventOf<typeof BalanceChanged>, tx: EntityManager): Promise<void> {
    if (data.changeMinor > 0) await this.orders.buyCarts(tx, data.userId, data.currency);
  }
}
