import { Consumer, Handles } from '@switchboard/bus';
import { ContactStarted, type EventOf } from '@switchboard/contracts';
import { unlessErased } from '@switchboard/service-kit';
import type { EntityManager } from 'typeorm';
import { PeopleService } from './people.service';

@Consumer('people')
export class PeopleHandlers {
  constructor(private readonly people: PeopleService) {}

  @Handles(ContactStarted, { decrypt: true })
  async started({ data }: EventOf<typeof ContactStarted>, tx: EntityManager): Promise<void> {
    await unlessErased(this.people.meet(tx, data));
  }
}
