import { Consumer, Handles } from '@switchboard/bus';
import { ContactStarted, type EventOf, IdentityLinked } from '@switchboard/contracts';
import type { EntityManager } from 'typeorm';
import { TrialsService } from './trials.service';

@Consumer('identities')
export class TrialsHandlers {
  constructor(private readonly trials: TrialsService) {}

  /** By the channel itself, before the gateway has said whose id it is: who just came may begin a trial at once. */
  @Handles(ContactStarted, { decrypt: true })
  started({ data }: EventOf<typeof ContactStarted>, tx: EntityManager): Promise<void> {
    return this.trials.know(tx, data);
  }

  @Handles(IdentityLinked, { decrypt: true })
  linked({ data }: EventOf<typeof IdentityLinked>, tx: EntityManager): Promise<void> {
    return this.trials.know(tx, data);
  }
}
