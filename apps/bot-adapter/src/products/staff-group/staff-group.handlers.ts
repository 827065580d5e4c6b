import { Consumer, Handles } from '@switchboard/bus';
import { type EventOf, TicketAnswerRefused, TicketChanged, TicketClosed, TicketOpened } from '@switchboard/contracts';
import { EntityManager } from 'typeorm';
import { StaffGroupProduct } from './staff-group.product';

/** Ordered, so that the end of a ticket is never heard before its beginning. */
@Consumer('staff-group', { ordered: true })
export class StaffGroupHandlers {
  constructor(private readonly group: StaffGroupProduct) {}

  @Handles(TicketOpened)
  opened({ data }: EventOf<typeof TicketOpened>, tx: EntityManager): Promise<void> {
    return this.group.opened(tx, data);
  }

  @Handles(TicketChanged)
  changed({ data }: EventOf<typeof TicketChanged>, tx: EntityManager): Promise<void> {
    return this.group.changed(tx, data);
  }

  @Handles(TicketClosed)
  closed({ data }: EventOf<typeof TicketClosed>, tx: EntityManager): Promise<void> {
    return this.group.closed(tx, data.ticketId);
  }

  @Handles(TicketAnswerRefused)
  refused({ data }: EventOf<typeof TicketAnswerRefused>, tx: EntityManager): Promise<void> {
    return this.group.refused(tx, data);
  }
}
