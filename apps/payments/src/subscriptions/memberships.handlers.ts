import { Consumer, Handles } from '@switchboard/bus';
import { type EventOf, MembershipChanged } from '@switchboard/contracts';
import { EntityManager, In } from 'typeorm';
import { MembershipsService } from './memberships.service';
import { Subscription } from './subscription.entity';
import { SubscriptionsService } from './subscriptions.service';

/** Whoever has left the channel that a bot asks for is not served until they are back; none of their days is lost. */
@Consumer('memberships', { ordered: true })
export class MembershipsHandlers {
  constructor(
    private readonly memberships: MembershipsService,
    private readonly subscriptions: SubscriptionsService,
  ) {}

  @Handles(MembershipChanged)
  async changed({ data }: EventOf<typeof MembershipChanged>, tx: EntityManager): Promise<void> {
    // Whoever changes one of them has locked it before they ask for the membership; what has begun meanwhile is found afterwards.
    await this.lockAll(tx, data);
    if (!(await this.memberships.note(tx, data))) return;
    for (const subscription of await this.lockAll(tx, data)) {
      if (data.isMember) await this.subscriptions.resume(tx, subscription, { forChannel: true });
      else await this.subscriptions.pause(tx, subscription, { forChannel: true });
    }
  }

  private lockAll(tx: EntityManager, { userId, botId }: { userId: string; botId: string }): Promise<Subscription[]> {
    const status = In<Subscription['status']>(['trial', 'active', 'grace', 'paused']);
    const lock = { mode: 'pessimistic_write' } as const;
    return tx.find(Subscription, { where: { userId, botId, status }, order: { id: 'ASC' }, lock });
  }
}
