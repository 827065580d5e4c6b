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
import { TrafficBudgets } from './traffic-budgets.service';

@Consumer('usage')
export class UsageHandlers {
  constructor(private readonly budgets: TrafficBudgets) {}

  @Handles(SubscriptionActivated)
  activated({ data }: EventOf<typeof SubscriptionActivated>, tx: EntityManager): Promise<void> {
    return this.budgets.follow(tx, data);
  }

  @Handles(SubscriptionRenewed)
  renewed({ data }: EventOf<typeof SubscriptionRenewed>, tx: EntityManager): Promise<void> {
    return this.budgets.follow(tx, data);
  }

  @Handles(SubscriptionChanged)
  changed({ data }: EventOf<typeof SubscriptionChanged>, tx: EntityManager): Promise<void> {
    return this.budgets.follow(tx, data);
  }

  @Handles(SubscriptionPaused)
  paused({ data }: EventOf<typeof SubscriptionPaused>, tx: EntityManager): Promise<void> {
    return this.budgets.follow(tx, data);
  }

  @Handles(SubscriptionResumed)
  resumed({ data }: EventOf<typeof SubscriptionResumed>, tx: EntityManager): Promise<void> {
    return this.budgets.follow(tx, data, { goesOn: true });
  }

  @Handles(SubscriptionExpired)
  expired({ data }: EventOf<typeof SubscriptionExpired>, tx: EntityManager): Promise<void> {
    return this.budgets.follow(tx, data);
  }

  @Handles(SubscriptionEnded)
  ended({ data }: EventOf<typeof SubscriptionEnded>, tx: EntityManager): Promise<void> {
    return this.budgets.follow(tx, data);
  }
}
