import { Consumer, Handles } from '@switchboard/bus';
import { type EventOf, HandoverBegan, HandoverEnded } from '@switchboard/contracts';
import { EntityManager } from 'typeorm';
import { SupportService } from './support.service';

/** Ordered, so that the end of a handover is never heard before its beginning. */
@Consumer('shop-handovers', { ordered: true })
export class HandoversHandlers {
  constructor(private readonly support: SupportService) {}

  /** Of a group it is nobody in particular who is to be answered. */
  @Handles(HandoverBegan)
  async began({ id, data }: EventOf<typeof HandoverBegan>, tx: EntityManager): Promise<void> {
    const { userId } = data;
    if (userId !== null) await this.support.handedOver(tx, { ...data, userId }, id);
  }

  @Handles(HandoverEnded)
  ended({ data }: EventOf<typeof HandoverEnded>, tx: EntityManager): Promise<void> {
    return this.support.takenBack(tx, data.chatId);
  }
}
