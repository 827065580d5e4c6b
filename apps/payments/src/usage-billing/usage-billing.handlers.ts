import { Consumer, Handles } from '@switchboard/bus';
import { type EventOf, UsageRecorded } from '@switchboard/contracts';
import { EntityManager } from 'typeorm';
import { UsageBillingService } from './usage-billing.service';

@Consumer('usage')
export class UsageBillingHandlers {
  constructor(private readonly usage: UsageBillingService) {}

  @Handles(UsageRecorded)
  recorded({ data }: EventOf<typeof UsageRecorded>, tx: EntityManager): Promise<void> {
    return this.usage.record(tx, data);
  }
}
