import { Consumer, Handles } from '@switchboard/bus';
import {
  AccessGranted,
  AccessMoved,
  type EventOf,
  GiftReturned,
  OrderPaid,
  OrderRefunded,
  RenewalFailed,
  RenewalUpcoming,
  SubscriptionExpired,
  SubscriptionExpiring,
} from '@switchboard/contracts';
import type { EntityManager } from 'typeorm';
import { MailNoticesJobs } from './mail-notices.jobs';

@Consumer('mail-notices')
export class MailNoticesHandlers {
  constructor(private readonly notices: MailNoticesJobs) {}

  @Handles(OrderPaid)
  async paid({ data }: EventOf<typeof OrderPaid>, tx: EntityManager): Promise<void> {
    const { orderId, amountMinor, currency } = data;
    if (amountMinor > 0) await this.notices.tell(tx, data, 'paid', { money: { amountMinor, currency } }, orderId);
  }

  @Handles(OrderRefunded)
  refunded({ data }: EventOf<typeof OrderRefunded>, tx: EntityManager): Promise<void> {
    const { refundId, amountMinor, currency, toBalance } = data;
    const notice = toBalance ? 'refunded-to-balance' : 'refunded';
    return this.notices.tell(tx, data, notice, { money: { amountMinor, currency } }, refundId);
  }

  @Handles(AccessGranted)
  async granted({ data }: EventOf<typeof AccessGranted>, tx: EntityManager): Promise<void> {
    if (data.first) await this.notices.tell(tx, data, 'granted', {}, data.accessId);
  }

  @Handles(AccessMoved)
  moved({ id, data }: EventOf<typeof AccessMoved>, tx: EntityManager): Promise<void> {
    return this.notices.tell(tx, data, 'moved', {}, id);
  }

  @Handles(SubscriptionExpiring)
  expiring({ data }: EventOf<typeof SubscriptionExpiring>, tx: EntityManager): Promise<void> {
    const { subscriptionId, validUntil: at, daysLeft } = data;
    return this.notices.tell(tx, data, 'expiring', { subscriptionId, at }, `${subscriptionId} ${at} ${daysLeft}`);
  }

  @Handles(SubscriptionExpired)
  expired({ data }: EventOf<typeof SubscriptionExpired>, tx: EntityManager): Promise<void> {
    const { subscriptionId, validUntil: at } = data;
    return this.notices.tell(tx, data, 'expired', { subscriptionId, at }, `${subscriptionId} ${at}`);
  }

  @Handles(RenewalFailed)
  renewalFailed({ data }: EventOf<typeof RenewalFailed>, tx: EntityManager): Promise<void> {
    const { subscriptionId, amountMinor, currency, servedUntil: at, attempt } = data;
    const facts = { money: { amountMinor, currency }, subscriptionId, at };
    return this.notices.tell(tx, data, 'renewal-failed', facts, `${subscriptionId} ${at} ${attempt}`);
  }

  @Handles(RenewalUpcoming)
  renewalUpcoming({ data }: EventOf<typeof RenewalUpcoming>, tx: EntityManager): Promise<void> {
    const { subscriptionId, amountMinor, currency, chargeAt: at } = data;
    const facts = { money: { amountMinor, currency }, subscriptionId, at };
    return this.notices.tell(tx, data, 'renewal-upcoming', facts, `${subscriptionId} ${at}`);
  }

  @Handles(GiftReturned)
  giftReturned({ data }: EventOf<typeof GiftReturned>, tx: EntityManager): Promise<void> {
    return this.notices.tell(tx, data, 'gift-returned', {}, data.giftId);
  }
}
