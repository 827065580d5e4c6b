import { Consumer, Handles } from '@switchboard/bus';
import { type EventOf, InvoiceFailed } from '@switchboard/contracts';
import { EntityManager } from 'typeorm';
import { RenewalsService } from './renewals.service';

@Consumer('renewals')
export class RenewalsHandlers {
  constructor(private readonly renewals: RenewalsService) {}

  @Handles(InvoiceFailed)
  refused(event: EventOf<typeof InvoiceFailed>, tx: EntityManager): Promise<void> {
    return this.renewals.refused(tx, event);
  }
}
