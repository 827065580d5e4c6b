import { Consumer, Handles } from '@switchboard/bus';
import {
  AccessDelayed,
  AccessGranted,
  AccessMoved,
  DeviceRefused,
  type EventOf,
  GiftOpened,
  GiftReturned,
  InvoiceFailed,
  OrderClosed,
  OrderPaid,
  OrderRefunded,
  PayoutDecided,
  ReferralRewarded,
  RenewalFailed,
  RenewalUpcoming,
  SubscriptionActivated,
  SubscriptionChanged,
  SubscriptionEnded,
  SubscriptionExpired,
  SubscriptionExpiring,
  SubscriptionPaused,
  SubscriptionRenewed,
  TrafficUsed,
} from '@switchboard/contracts';
import { BotsRegistry } from '@switchboard/service-kit';
import { EntityManager } from 'typeorm';
import { ShopPagesJobs } from './shop-pages.jobs';
import { ShopNoticesJobs } from '../notices/shop-notices.jobs';

const OF_THE_END = ['expiring', 'expired', 'renewal-upcoming'] as const;

/** What becomes of what people have: each is told once, and the message that showed an order shows how far it is. */
@Consumer('shop-notices')
export class ShopEventsHandlers {
  constructor(
    private readonly notices: ShopNoticesJobs,
    private readonly pages: ShopPagesJobs,
    private readonly bots: BotsRegistry,
  ) {}

  @Handles(OrderPaid)
  async paid({ data }: EventOf<typeof OrderPaid>, tx: EntityManager): Promise<void> {
    const { orderId, kind, amountMinor, currency } = data;
    await this.pages.refreshOrder(tx, orderId, 'paid');
    await this.notices.tell(tx, data, 'paid', { orderId, kind, amountMinor, currency }, orderId);
  }

  @Handles(OrderClosed)
  closed({ data }: EventOf<typeof OrderClosed>, tx: EntityManager): Promise<void> {
    return this.pages.refreshOrder(tx, data.orderId, 'closed');
  }

  /** Whoever is paying sees it where they pay; a charge that nobody was asked for is told of as a renewal. */
  @Handles(InvoiceFailed)
  failed({ data }: EventOf<typeof InvoiceFailed>, tx: EntityManager): Promise<void> {
    return this.pages.refreshOrder(tx, data.orderId, data.invoiceId);
  }

  @Handles(AccessGranted)
  async granted({ data }: EventOf<typeof AccessGranted>, tx: EntityManager): Promise<void> {
    const { botId, userId, subscriptionId, accessId, first } = data;
    if (!first || (await this.notices.switchedOff(tx, botId, userId)).has('granted')) return;
    const place = await this.notices.placeOf(tx, botId, userId);
    if (place) await this.pages.showOnce(tx, place, 'connect', { subscriptionId, isNew: true }, accessId);
  }

  @Handles(AccessDelayed)
  delayed({ data }: EventOf<typeof AccessDelayed>, tx: EntityManager): Promise<void> {
    const { subscriptionId, accessId, revision } = data;
    return this.notices.tell(tx, data, 'delayed', { subscriptionId }, `${accessId} ${revision}`);
  }

  @Handles(SubscriptionExpiring)
  expiring({ data }: EventOf<typeof SubscriptionExpiring>, tx: EntityManager): Promise<void> {
    const { subscriptionId, planId, validUntil, daysLeft, status } = data;
    const about = { subscriptionId, planId, validUntil, trial: status === 'trial' };
    return this.notices.tell(tx, data, 'expiring', about, `${subscriptionId} ${validUntil} ${daysLeft}`);
  }

  @Handles(SubscriptionExpired)
  async expired({ data }: EventOf<typeof SubscriptionExpired>, tx: EntityManager): Promise<void> {
    const { subscriptionId, planId, validUntil } = data;
    await this.notices.takeBack(tx, subscriptionId, ['expiring', 'renewal-upcoming']);
    await this.notices.tell(tx, data, 'expired', { subscriptionId, planId }, `${subscriptionId} ${validUntil}`);
  }

  /** What was to be said in the morning of how it ends, or is charged for, is of no use then. */
  @Handles(SubscriptionActivated)
  activated({ data }: EventOf<typeof SubscriptionActivated>, tx: EntityManager): Promise<void> {
    return this.notices.takeBack(tx, data.subscriptionId, OF_THE_END);
  }

  @Handles(SubscriptionRenewed)
  renewed({ data }: EventOf<typeof SubscriptionRenewed>, tx: EntityManager): Promise<void> {
    return this.notices.takeBack(tx, data.subscriptionId, OF_THE_END);
  }

  @Handles(SubscriptionPaused)
  paused({ data }: EventOf<typeof SubscriptionPaused>, tx: EntityManager): Promise<void> {
    return this.notices.takeBack(tx, data.subscriptionId, OF_THE_END);
  }

  @Handles(SubscriptionEnded)
  ended({ data }: EventOf<typeof SubscriptionEnded>, tx: EntityManager): Promise<void> {
    return this.notices.takeBack(tx, data.subscriptionId, OF_THE_END);
  }

  @Handles(SubscriptionChanged)
  changed({ data }: EventOf<typeof SubscriptionChanged>, tx: EntityManager): Promise<void> {
    return this.notices.takeBack(tx, data.subscriptionId, [data.autoRenew ? 'expiring' : 'renewal-upcoming']);
  }

  @Handles(RenewalFailed)
  renewalFailed({ data }: EventOf<typeof RenewalFailed>, tx: EntityManager): Promise<void> {
    const { subscriptionId, amountMinor, currency, reason, nextAttemptAt, servedUntil, attempt } = data;
    const about = { subscriptionId, amountMinor, currency, reason, nextAttemptAt, servedUntil };
    return this.notices.tell(tx, data, 'renewal-failed', about, `${subscriptionId} ${servedUntil} ${attempt}`);
  }

  @Handles(RenewalUpcoming)
  renewalUpcoming({ data }: EventOf<typeof RenewalUpcoming>, tx: EntityManager): Promise<void> {
    const { subscriptionId, amountMinor, currency, chargeAt } = data;
    const about = { subscriptionId, amountMinor, currency, chargeAt };
    return this.notices.tell(tx, data, 'renewal-upcoming', about, `${subscriptionId} ${chargeAt}`);
  }

  @Handles(AccessMoved)
  moved({ id, data }: EventOf<typeof AccessMoved>, tx: EntityManager): Promise<void> {
    const { subscriptionId, to, reason } = data;
    return this.notices.tell(tx, data, 'moved', { subscriptionId, region: to.region, reason }, id);
  }

  @Handles(TrafficUsed)
  traffic({ id, data }: EventOf<typeof TrafficUsed>, tx: EntityManager): Promise<void> {
    const { subscriptionId, percent } = data;
    return this.notices.tell(tx, data, 'traffic', { subscriptionId, percent }, id);
  }

  @Handles(DeviceRefused)
  deviceRefused({ id, data }: EventOf<typeof DeviceRefused>, tx: EntityManager): Promise<void> {
    const { subscriptionId, accessId, limit } = data;
    return this.notices.tell(tx, data, 'device-refused', { subscriptionId, accessId, limit }, id);
  }

  @Handles(OrderRefunded)
  async refunded({ data }: EventOf<typeof OrderRefunded>, tx: EntityManager): Promise<void> {
    const { orderId, refundId, amountMinor, currency, toBalance } = data;
    await this.pages.refreshOrder(tx, orderId, refundId);
    await this.notices.tell(tx, data, 'refunded', { amountMinor, currency, toBalance }, refundId);
  }

  @Handles(GiftOpened)
  giftOpened({ data }: EventOf<typeof GiftOpened>, tx: EntityManager): Promise<void> {
    const { botId, giverUserId: userId, giftId } = data;
    return this.notices.tell(tx, { botId, userId }, 'gift-opened', {}, giftId);
  }

  @Handles(GiftReturned)
  giftReturned({ data }: EventOf<typeof GiftReturned>, tx: EntityManager): Promise<void> {
    const { giftId, credited } = data;
    return this.notices.tell(tx, data, 'gift-returned', { credited }, giftId);
  }

  @Handles(ReferralRewarded)
  rewarded({ data }: EventOf<typeof ReferralRewarded>, tx: EntityManager): Promise<void> {
    const { rewardId, amountMinor, currency } = data;
    return this.notices.tell(tx, data, 'reward', { amountMinor, currency }, rewardId);
  }

  /** Where no bot is named, as the version before did it, by one of those that the person knows. */
  @Handles(PayoutDecided)
  async payoutDecided({ data }: EventOf<typeof PayoutDecided>, tx: EntityManager): Promise<void> {
    const { payoutId, userId, botId, amountMinor, currency, paid } = data;
    for (const id of botId === undefined ? this.bots.all().map((bot) => bot.id) : [botId]) {
      if (!(await this.notices.placeOf(tx, id, userId))) continue;
      return this.notices.tell(tx, { botId: id, userId }, 'payout', { amountMinor, currency, paid }, payoutId);
    }
  }
}
