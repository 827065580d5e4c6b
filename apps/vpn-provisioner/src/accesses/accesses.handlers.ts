import { Consumer, Handles } from '@switchboard/bus';
import {
  type EventOf,
  SubscriptionActivated,
  SubscriptionChanged,
  SubscriptionEnded,
  SubscriptionExpired,
  SubscriptionPaused,
  SubscriptionRenewed,
  SubscriptionResumed,
} from '@switchboard/contracts';
import { EntityManager } from 'typeorm';
import { AccessQueue } from './access-queue';
import { AccessesService, type SubscriptionState } from './accesses.service';

/** Each says all there is to know of a subscription: the one with the highest revision counts, whatever it is called. */
@Consumer('accesses')
export class AccessesHandlers {
  constructor(
    private readonly accesses: AccessesService,
    private readonly queue: AccessQueue,
  ) {}

  @Handles(SubscriptionActivated)
  activated({ data }: EventOf<typeof SubscriptionActivated>, tx: EntityManager): Promise<void> {
    return this.apply(tx, data);
  }

  @Handles(SubscriptionRenewed)
  renewed({ data }: EventOf<typeof SubscriptionRenewed>, tx: EntityManager): Promise<void> {
    return this.apply(tx, data);
  }

  @Handles(SubscriptionChanged)
  changed({ data }: EventOf<typeof SubscriptionChanged>, tx: EntityManager): Promise<void> {
    return this.apply(tx, data);
  }

  @Handles(SubscriptionPaused)
  paused({ data }: EventOf<typeof SubscriptionPaused>, tx: EntityManager): Promise<void> {
    return this.apply(tx, data);
  }

  @Handles(SubscriptionResumed)
  resumed({ data }: EventOf<typeof SubscriptionResumed>, tx: EntityManager): Promise<void> {
    return this.apply(tx, data);
  }

  @Handles(SubscriptionExpired)
  expired({ data }: EventOf<typeof SubscriptionExpired>, tx: EntityManager): Promise<void> {
    return this.apply(tx, data);
  }

  @Handles(SubscriptionEnded)
  ended({ data }: EventOf<typeof SubscriptionEnded>, tx: EntityManager): Promise<void> {
    return this.apply(tx, data);
  }

  private async apply(tx: EntityManager, state: SubscriptionState): Promise<void> {
    const access = await this.accesses.apply(tx, state);
    if (access) await this.queue.settleNew(tx, access.id);
  }
}
