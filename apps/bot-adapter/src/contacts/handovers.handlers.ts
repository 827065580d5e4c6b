import { Consumer, Handles } from '@switchboard/bus';
import {
  type EventOf,
  HandoverBegan,
  HandoverEnded,
  type SealedEventOf,
  StaffMessageSent,
} from '@switchboard/contracts';
import { EntityManager } from 'typeorm';
import { HandoversService } from './handovers.service';

/** Ordered, so that the end of a handover is never heard before its beginning. */
@Consumer('handovers', { ordered: true })
export class HandoversHandlers {
  constructor(private readonly handovers: HandoversService) {}

  @Handles(HandoverBegan)
  began({ data }: EventOf<typeof HandoverBegan>, tx: EntityManager): Promise<void> {
    return this.handovers.begin(tx, data.chatId, new Date(data.until));
  }

  @Handles(StaffMessageSent)
  goesOn({ data }: SealedEventOf<typeof StaffMessageSent>, tx: EntityManager): Promise<void> {
    return this.handovers.begin(tx, data.chatId, new Date(data.until));
  }

  @Handles(HandoverEnded)
  ended({ data }: EventOf<typeof HandoverEnded>, tx: EntityManager): Promise<void> {
    return this.handovers.end(tx, data.chatId);
  }
}
