import { Consumer, Handles } from '@switchboard/bus';
import { type EventOf, ReplyCompleted } from '@switchboard/contracts';
import { EntityManager } from 'typeorm';
import { DeliveriesService } from './deliveries.service';

/** Ordered, so that two answers of one chat are queued in the order in which they were finished. */
@Consumer('deliveries', { ordered: true })
export class DeliveriesHandlers {
  constructor(private readonly deliveries: DeliveriesService) {}

  @Handles(ReplyCompleted, { decrypt: true })
  completed({ data }: EventOf<typeof ReplyCompleted>, tx: EntityManager): Promise<void> {
    return this.deliveries.deliverReply(tx, data);
  }
}
