import { Consumer, Handles } from '@switchboard/bus';
import { type EventOf, MembershipChanged } from '@switchboard/contracts';
import { EntityManager, In } from 'typeorm';
import { Subscription } from './subscription.entity';
import { SubscriptionsService } from './subscriptions.service';

/** Whoever has left the channel that a bot asks for is not served until they are back; none of their days is lost. */
@Consumer('memberships', { ordered: true })
export class MembershipsHandlers {
  constructor(private readonly subscriptions: SubscriptionsService) {}

  @Handles(MembershipChanged)
  async changed({ data }: EventOf<typeof MembershipChanged>, tx: EntityManager): Promise<void> {
    const { userId, botId, isMember } = data;
    const which = isMember
      ? { status: 'paused' as const, restsForChannel: true }
      : { status: In<Subscription['status']>(['trial', 'active', 'grace']) };
    const found = await tx.find(Subscription, {
      where: { userId, botId, ...which },
      order: { id: 'ASC' },
      lock: { mode: 'pessimistic_write' },
    });
    for (const subscription of found) {
      if (isMember) await this.subscriptions.resume(tx, subscription);
      else await this.subscriptions.pause(tx, subscription, { forChannel: true });
    }
  }
}
