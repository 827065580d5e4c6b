import { Consumer, Handles } from '@switchboard/bus';
import {
  ChannelPaymentReceived,
  ChannelPaymentRefunded,
  ChannelRenewalChanged,
  type EventOf,
  SubscriptionChanged,
  SubscriptionEnded,
  SubscriptionPaused,
  SubscriptionResumed,
} from '@switchboard/contracts';
import { EntityManager } from 'typeorm';
import { StarsJobs } from './stars.jobs';
import { StarsService } from './stars.service';

@Consumer('stars')
export class StarsHandlers {
  constructor(
    private readonly stars: StarsService,
    private readonly jobs: StarsJobs,
  ) {}

  @Handles(ChannelPaymentReceived)
  received({ data }: EventOf<typeof ChannelPaymentReceived>, tx: EntityManager): Promise<void> {
    return this.jobs.confirm(tx, { ...data, at: data.paidAt });
  }

  @Handles(ChannelPaymentRefunded)
  refunded({ data }: EventOf<typeof ChannelPaymentRefunded>, tx: EntityManager): Promise<void> {
    return this.jobs.confirm(tx, { ...data, at: data.refundedAt });
  }

  @Handles(ChannelRenewalChanged)
  renewalChanged(event: EventOf<typeof ChannelRenewalChanged>, tx: EntityManager): Promise<void> {
    return this.stars.renewalChanged(tx, event);
  }

  /** By the person, in the bot or on the web, or because the plan is another one now. */
  @Handles(SubscriptionChanged)
  changed({ data }: EventOf<typeof SubscriptionChanged>, tx: EntityManager): Promise<void> {
    return this.jobs.changeRenewal(tx, data.subscriptionId);
  }

  @Handles(SubscriptionEnded)
  ended({ data }: EventOf<typeof SubscriptionEnded>, tx: EntityManager): Promise<void> {
    return this.jobs.changeRenewal(tx, data.subscriptionId);
  }

  @Handles(SubscriptionPaused)
  paused({ data }: EventOf<typeof SubscriptionPaused>, tx: EntityManager): Promise<void> {
    return this.jobs.changeRenewal(tx, data.subscriptionId);
  }

  @Handles(SubscriptionResumed)
  resumed({ data }: EventOf<typeof SubscriptionResumed>, tx: EntityManager): Promise<void> {
    return this.jobs.changeRenewal(tx, data.subscriptionId);
  }
}
