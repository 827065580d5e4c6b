import { Consumer, Handles } from '@switchboard/bus';
import { PersonReleased, PersonRestricted, type SealedEventOf } from '@switchboard/contracts';
import type { EntityManager } from 'typeorm';
import { RestrictionsService } from './restrictions.service';

/** In order: who is restricted, released and restricted again is restricted. */
@Consumer('restrictions', { ordered: true })
export class RestrictionsHandlers {
  constructor(private readonly restrictions: RestrictionsService) {}

  @Handles(PersonRestricted)
  restricted({ data }: SealedEventOf<typeof PersonRestricted>, tx: EntityManager): Promise<void> {
    return this.restrictions.impose(tx, data);
  }

  @Handles(PersonReleased)
  released({ data }: SealedEventOf<typeof PersonReleased>, tx: EntityManager): Promise<void> {
    return this.restrictions.lift(tx, data);
  }
}
