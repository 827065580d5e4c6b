import { Consumer, Handles } from '@switchboard/bus';
import { type EventOf, IdentityLinked, IdentityUnlinked } from '@switchboard/contracts';
import { unlessErased } from '@switchboard/service-kit';
import type { EntityManager } from 'typeorm';
import { IdentitiesService } from './identities.service';

/** In order: an id may be linked, taken away and linked again. */
@Consumer('identities', { ordered: true })
export class IdentitiesHandlers {
  constructor(private readonly identities: IdentitiesService) {}

  @Handles(IdentityLinked, { decrypt: true })
  async linked({ data }: EventOf<typeof IdentityLinked>, tx: EntityManager): Promise<void> {
    await unlessErased(this.identities.adopt(tx, data));
  }

  @Handles(IdentityUnlinked, { decrypt: true })
  async unlinked({ data }: EventOf<typeof IdentityUnlinked>, tx: EntityManager): Promise<void> {
    await this.identities.release(tx, data);
  }
}
