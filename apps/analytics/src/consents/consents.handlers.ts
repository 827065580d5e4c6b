import { Consumer, Handles } from '@switchboard/bus';
import { ConsentGiven, ConsentWithdrawn, type EventOf } from '@switchboard/contracts';
import type { EntityManager } from 'typeorm';
import { ConsentsService } from './consents.service';

const isForAnalytics = ({ purpose }: { purpose: string }) => purpose === 'analytics';

@Consumer('consents')
export class ConsentsHandlers {
  constructor(private readonly consents: ConsentsService) {}

  @Handles(ConsentGiven, { when: isForAnalytics })
  given({ data }: EventOf<typeof ConsentGiven>, tx: EntityManager): Promise<void> {
    return this.consents.decide(tx, { ...data, given: true, at: data.givenAt });
  }

  @Handles(ConsentWithdrawn, { when: isForAnalytics })
  withdrawn({ data }: EventOf<typeof ConsentWithdrawn>, tx: EntityManager): Promise<void> {
    return this.consents.decide(tx, { ...data, given: false, at: data.withdrawnAt });
  }
}
