import { Consumer, Handles } from '@switchboard/bus';
import { type EventOf, HandoverBegan, ReplyCompleted, StaffMessageSent } from '@switchboard/contracts';
import { EntityManager } from 'typeorm';
import { isTakenOver } from '../contacts/handovers.service';
import { DeliveriesService } from './deliveries.service';

/** Ordered, so that two answers of one chat are queued in the order in which they were finished. */
@Consumer('deliveries', { ordered: true })
export class DeliveriesHandlers {
  constructor(private readonly deliveries: DeliveriesService) {}

  @Handles(ReplyCompleted, { decrypt: true })
  completed({ data }: EventOf<typeof ReplyCompleted>, tx: EntityManager): Promise<void> {
    return this.deliveries.deliverReply(tx, data);
  }

  @Handles(StaffMessageSent, { decrypt: true })
  staffWrote({ data }: EventOf<typeof StaffMessageSent>, tx: EntityManager): Promise<void> {
    return this.deliveries.deliverStaffMessage(tx, data);
  }

  @Handles(HandoverBegan)
  async handedOver({ data }: EventOf<typeof HandoverBegan>, tx: EntityManager): Promise<void> {
    if (isTakenOver(data)) await this.deliveries.takenOver(tx, data.chatId);
  }
}
