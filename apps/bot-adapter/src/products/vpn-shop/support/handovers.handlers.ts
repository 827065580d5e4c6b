import { Consumer, Handles } from '@switchboard/bus';
import { type EventOf, HandoverBegan } from '@switchboard/contracts';
import { EntityManager } from 'typeorm';
import { SupportService } from './support.service';

@Consumer('shop-handovers')
export class HandoversHandlers {
  constructor(private readonly support: SupportService) {}

  /** Of a group it is nobody in particular who is to be answered. */
  @Handles(HandoverBegan)
  async requested({ id, data }: EventOf<typeof HandoverBegan>, tx: EntityManager): Promise<void> {
    const { botId, userId, reason } = data;
    if (userId !== null) await this.support.handedOver(tx, { botId, userId }, reason, id);
  }
}
