import { Injectable } from '@nestjs/common';
import { Outbox } from '@switchboard/bus';
import { type ClaimGuestOrder, GuestOrderClaimed } from '@switchboard/contracts';
import { type AnswerOf, Clock, DomainError, PersonalData, type PersonalRow } from '@switchboard/service-kit';
import type { EntityManager } from 'typeorm';
import { LedgerService } from '../ledger/ledger.service';
import { Order } from '../orders/order.entity';
import { UNPAID_STATES } from '../orders/order.states';
import { OrdersService } from '../orders/orders.service';
import { ReferralsService } from '../referrals/referrals.service';
import { RewardsService } from '../referrals/rewards.service';
import { Refund } from '../refunds/refund.entity';
import { SubscriptionsService } from '../subscriptions/subscriptions.service';
import { GuestOrderIsClaimed, GuestOrderIsRefunded, GuestOrderIsUnpaid } from './guest-orders.errors';
import { GuestOrder } from './guest-order.entity';
import { GuestsService } from './guests.service';

/** Whose rows become those of the person with the claim. */
const TABLES = ['orders', 'invoices', 'refunds', 'promo_redemptions', 'guest_orders'];

/** What was bought without an account becomes a person's. */
@Injectable()
export class ClaimsService {
  constructor(
    private readonly guests: GuestsService,
    private readonly orders: OrdersService,
    private readonly subscriptions: SubscriptionsService,
    private readonly ledger: LedgerService,
    private readonly referrals: ReferralsService,
    private readonly rewards: RewardsService,
    private readonly personal: PersonalData,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
  ) {}

  /** Once; again for the same person it is what it was. @throws what `ClaimGuestOrder` may answer */
  async claim(tx: EntityManager, userId: string, token: string): Promise<AnswerOf<typeof ClaimGuestOrder>> {
    const { orderId, botId } = await this.guests.find(tx, token);
    // Payments and refunds of the order wait here, and so does whoever else claims it.
    const order = await this.orders.lock(tx, orderId);
    const guest = await tx.findOneByOrFail(GuestOrder, { orderId });
    if (guest.claimedAt) {
      if (guest.userId !== userId) throw new GuestOrderIsClaimed();
      return { botId, orderId, subscriptionId: order.subscriptionId! };
    }
    if (UNPAID_STATES.includes(order.state)) throw new GuestOrderIsUnpaid();
    if (order.state === 'refunded') throw new GuestOrderIsRefunded();
    await this.invite(tx, order, userId);
    await this.adopt(tx, guest, userId);
    const own = await this.orders.lock(tx, orderId);
    if (own.wanted.kind !== 'plan') throw new Error(`order ${orderId} of a guest is for a ${own.wanted.kind}`);
    own.subscriptionId = (await this.subscriptions.ofPlan(tx, userId, own.wanted.planId))?.id ?? null;
    await this.orders.serve(tx, own);
    const subscriptionId = own.subscriptionId!;
    await this.outbox.add(tx, GuestOrderClaimed({ orderId, guestUserId: guest.userId, userId, botId, subscriptionId }));
    await this.guests.tellStep(tx, guest, 'claimed', order.campaign);
    await this.rewards.settle(tx, orderId);
    return { botId, orderId, subscriptionId };
  }

  /** They came by the link of whoever has invited them, which counts if they are new to the bot, too. */
  private async invite(tx: EntityManager, { botId, campaign }: Order, userId: string): Promise<void> {
    if (campaign === null) return;
    await this.referrals.use(tx, botId, userId, campaign).catch((error: unknown) => {
      if (!(error instanceof DomainError)) throw error;
    });
  }

  /** Everything of the guest is the person's, under their key; of the guest nothing is left. */
  private async adopt(tx: EntityManager, { orderId, userId: guestId }: GuestOrder, userId: string): Promise<void> {
    const order = await tx.findOneByOrFail(Order, { id: orderId });
    const email = await this.resealed(
      tx,
      { table: 'orders', id: orderId, userId: guestId },
      userId,
      'email',
      order.email,
    );
    await tx.update(Order, { id: orderId }, { email });
    for (const { id, reason: sealed } of await tx.findBy(Refund, { userId: guestId })) {
      const reason = await this.resealed(tx, { table: 'refunds', id, userId: guestId }, userId, 'reason', sealed);
      await tx.update(Refund, { id }, { reason });
    }
    for (const table of TABLES)
      await tx.query(`UPDATE ${table} SET user_id = $2 WHERE user_id = $1`, [guestId, userId]);
    await tx.update(GuestOrder, { orderId }, { token: null, claimedAt: this.clock.now() });
    await this.ledger.adopt(tx, guestId, userId);
    await this.personal.erase(tx, guestId, this.clock.now());
  }

  private async resealed(
    tx: EntityManager,
    place: PersonalRow,
    userId: string,
    column: string,
    value: string | null,
  ): Promise<string | null> {
    const { [column]: plain } = await this.personal.decrypt(tx, place, { [column]: value });
    return (await this.personal.encrypt(tx, { ...place, userId }, { [column]: plain ?? null }))[column] ?? null;
  }
}
