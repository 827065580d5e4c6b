import { Consumer, Handles } from '@switchboard/bus';
import { type EventOf, ReplyCompleted } from '@switchboard/contracts';
import { EntityManager } from 'typeorm';
import { Replies } from './replies.service';

/** Ordered, so that two answers of one chat are queued in the order in which they were finished. */
@Consumer('deliveries', { ordered: true })
export class DeliveriesHandlers {
  constructor(private readonly replies: Replies) {}

  @Handles(ReplyCompleted, { decrypt: true })
  completed({ data }: EventOf<typeof ReplyCompleted>, tx: EntityManager): Promise<void> {
    return this.replies.deliver(tx, data);
  }
}
