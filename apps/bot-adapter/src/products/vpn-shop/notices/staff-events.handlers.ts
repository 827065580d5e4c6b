import { Consumer, Handles } from '@switchboard/bus';
import {
  AccessDelayed,
  type EventOf,
  MaintenanceChanged,
  OrderPaid,
  OrderRefunded,
  PayoutDecided,
  PayoutAsked,
  RenewalFailed,
  ServerDown,
  ServerUp,
} from '@switchboard/contracts';
import { BotsRegistry } from '@switchboard/service-kit';
import { EntityManager } from 'typeorm';
import type { Reader } from '../pages/page';
import { StaffNoticesService } from './staff-notices.service';

/** As it is found in the console. */
const short = (id: string) => id.slice(-8);

/** What staff want to know of a shop. */
@Consumer('shop-staff')
export class StaffEventsHandlers {
  constructor(
    private readonly staff: StaffNoticesService,
    private readonly bots: BotsRegistry,
  ) {}

  @Handles(OrderPaid)
  async paid({ data }: EventOf<typeof OrderPaid>, tx: EntityManager): Promise<void> {
    const { botId, orderId, kind, provider, promoCode, late } = data;
    const say = (reader: Reader) =>
      [
        reader.say('staff.paid', {
          bot: this.nameOf(botId),
          what: reader.say([`staff.kinds.${kind}`, 'staff.kinds.other']),
          amount: reader.money(data),
          provider,
          order: short(orderId),
        }),
        ...(promoCode === undefined ? [] : [reader.say('staff.promo', { code: promoCode })]),
        ...(late ? [reader.say('staff.late')] : []),
      ].join('\n');
    await this.staff.tell(tx, botId, { topic: 'purchases', cause: orderId, say });
  }

  @Handles(OrderRefunded)
  async refunded({ data }: EventOf<typeof OrderRefunded>, tx: EntityManager): Promise<void> {
    const { botId, orderId, refundId, cause } = data;
    const say = (reader: Reader) =>
      reader.say([`staff.refunded.${cause}`, 'staff.refunded.other'], {
        bot: this.nameOf(botId),
        amount: reader.money(data),
        order: short(orderId),
      });
    const topic = cause === 'chargeback' ? 'failures' : 'purchases';
    await this.staff.tell(tx, botId, { topic, cause: refundId, say });
  }

  @Handles(RenewalFailed)
  async renewalFailed({ data }: EventOf<typeof RenewalFailed>, tx: EntityManager): Promise<void> {
    const { botId, subscriptionId, reason, attempt, nextAttemptAt, servedUntil } = data;
    const say = (reader: Reader) =>
      reader.say(nextAttemptAt === undefined ? 'staff.renewalFailedLast' : 'staff.renewalFailed', {
        bot: this.nameOf(botId),
        amount: reader.money(data),
        reason: reader.say([`notices.reasons.${reason}`, 'notices.reasons.other']),
        attempt,
        subscription: short(subscriptionId),
      });
    await this.staff.tell(tx, botId, { topic: 'failures', cause: `${subscriptionId} ${servedUntil} ${attempt}`, say });
  }

  @Handles(AccessDelayed)
  async delayed({ data }: EventOf<typeof AccessDelayed>, tx: EntityManager): Promise<void> {
    const { botId, accessId, revision, subscriptionId, reason } = data;
    const say = (reader: Reader) =>
      reader.say([`staff.delayed.${reason}`, 'staff.delayed.other'], {
        bot: this.nameOf(botId),
        subscription: short(subscriptionId),
      });
    await this.staff.tell(tx, botId, { topic: 'failures', cause: `${accessId} ${revision}`, say });
  }

  /** Of all shops, where no bot is named, as the version before did it. */
  @Handles(PayoutAsked)
  async payoutAsked({ data }: EventOf<typeof PayoutAsked>, tx: EntityManager): Promise<void> {
    const { payoutId, botId } = data;
    const say = (reader: Reader) =>
      reader.say('staff.payoutAsked', { amount: reader.money(data), payout: short(payoutId) });
    await this.staff.tell(tx, botId, { topic: 'payouts', cause: payoutId, say });
  }

  @Handles(PayoutDecided)
  async payoutDecided({ data }: EventOf<typeof PayoutDecided>, tx: EntityManager): Promise<void> {
    const { payoutId, botId, paid } = data;
    const say = (reader: Reader) =>
      reader.say(paid ? 'staff.payoutPaid' : 'staff.payoutRefused', {
        amount: reader.money(data),
        payout: short(payoutId),
      });
    await this.staff.tell(tx, botId, { topic: 'payouts', cause: `${payoutId} decided`, say });
  }

  @Handles(ServerDown)
  async serverDown({ id, data }: EventOf<typeof ServerDown>, tx: EntityManager): Promise<void> {
    const { serverName: name, region, people } = data;
    const say = (reader: Reader) =>
      reader.say('staff.serverDown', { name, region: reader.region(region), count: people });
    await this.staff.tell(tx, undefined, { topic: 'servers', cause: id, say });
  }

  @Handles(ServerUp)
  async serverUp({ id, data }: EventOf<typeof ServerUp>, tx: EntityManager): Promise<void> {
    const { serverName: name, region, downSeconds } = data;
    const minutes = Math.max(1, Math.round(downSeconds / 60));
    const say = (reader: Reader) =>
      reader.say('staff.serverUp', { name, region: reader.region(region), count: minutes });
    await this.staff.tell(tx, undefined, { topic: 'servers', cause: id, say });
  }

  @Handles(MaintenanceChanged)
  async maintenance({ data }: EventOf<typeof MaintenanceChanged>, tx: EntityManager): Promise<void> {
    const { changeId, on } = data;
    const say = (reader: Reader) => reader.say(on ? 'staff.maintenanceOn' : 'staff.maintenanceOff');
    await this.staff.tell(tx, undefined, { topic: 'servers', cause: changeId, say });
  }

  private nameOf(botId: string): string {
    return this.bots.find(botId)?.name ?? botId;
  }
}
