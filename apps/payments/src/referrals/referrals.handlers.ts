import { Consumer, Handles } from '@switchboard/bus';
import { ContactStarted, type EventOf, OrderPaid, OrderRefunded } from '@switchboard/contracts';
import type { EntityManager } from 'typeorm';
import { ReferralsService } from './referrals.service';
import { RewardsService } from './rewards.service';

@Consumer('referrals')
export class ReferralsHandlers {
  constructor(
    private readonly referrals: ReferralsService,
    private readonly rewards: RewardsService,
  ) {}

  @Handles(ContactStarted, { decrypt: true })
  met({ data }: EventOf<typeof ContactStarted>, tx: EntityManager): Promise<void> {
    return this.referrals.met(tx, data.botId, data.userId, data.deepLink);
  }

  @Handles(OrderPaid)
  paid({ data }: EventOf<typeof OrderPaid>, tx: EntityManager): Promise<void> {
    return this.rewards.settle(tx, data.orderId);
  }

  @Handles(OrderRefunded)
  refunded({ data }: EventOf<typeof OrderRefunded>, tx: EntityManager): Promise<void> {
    return this.rewards.settle(tx, data.orderId);
  }
}
