import { Injectable } from '@nestjs/common';
import { Outbox } from '@switchboard/bus';
import { ReferralRewarded } from '@switchboard/contracts';
import { Clock } from '@switchboard/service-kit';
import type { EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { LedgerService, type Transfer } from '../ledger/ledger.service';
import { TrialsService } from '../subscriptions/trials.service';
import { TermsService } from '../terms/terms.service';
import { ReferralsService } from './referrals.service';
import { Reward } from './reward.entity';

const DAY_MS = 86_400_000;
const LEVELS = 3;

/** What is known of an order whose payment is rewarded. */
interface PaidOrder {
  readonly id: string;
  readonly userId: string;
  readonly botId: string;
  readonly currency: string;
  readonly paidAt: Date | null;
  /** That came from outside for it and is still here. What was paid from a balance was rewarded when it came there. */
  readonly paidMinor: number;
  /** A bank is asked to take it back. */
  readonly isDisputed: boolean;
}

/**
 * Rewards for people who were brought. What each of them is now follows from its order as it is now: so it does not matter what is told
 * of the order, how often and in what order. A reward is set aside with the payment, is the inviter's when the payment cannot go back any
 * more, and goes with it whenever it does.
 */
@Injectable()
export class RewardsService {
  constructor(
    private readonly ledger: LedgerService,
    private readonly terms: TermsService,
    private readonly trials: TrialsService,
    private readonly referrals: ReferralsService,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
  ) {}

  /** Makes the rewards of an order what they are to be. */
  async settle(tx: EntityManager, orderId: string): Promise<void> {
    const order = await this.lockOrder(tx, orderId);
    if (order) await this.settleAll(tx, order);
  }

  /** The time is over in which a payment can go back. */
  async release(tx: EntityManager, rewardId: string): Promise<void> {
    const [{ orderId }] = await tx.query<[{ orderId: string }]>(
      `SELECT order_id AS "orderId" FROM rewards WHERE id = $1`,
      [rewardId],
    );
    const order = (await this.lockOrder(tx, orderId))!;
    const reward = (await this.settleAll(tx, order)).find(({ id }) => id === rewardId)!;
    const now = this.clock.now();
    if (reward.state !== 'held' || reward.releaseAt > now) return;
    if (order.isDisputed) {
      await tx.update(Reward, { id: rewardId }, { releaseAt: new Date(now.getTime() + DAY_MS) });
      return;
    }
    const { userId, botId, currency, level, amountMinor } = reward;
    reward.become('paid');
    const kept = await this.payDebts(tx, reward);
    const freeMinor = amountMinor - kept.reduce((sum, transfer) => sum + transfer.amountMinor, 0);
    await this.ledger.book(tx, {
      ...{ key: `reward-paid:${rewardId}`, reason: 'reward', says: 'reward', currency, userId, orderId },
      transfers: [{ from: 'rewards-held', to: 'customer', amountMinor: freeMinor }, ...kept],
    });
    await tx.update(Reward, { id: rewardId }, { state: reward.state, revision: reward.revision + 1 });
    await this.outbox.add(tx, ReferralRewarded({ rewardId, userId, botId, level, amountMinor, currency }));
  }

  private async settleAll(tx: EntityManager, order: PaidOrder): Promise<Reward[]> {
    const known = await tx.find(Reward, {
      where: { orderId: order.id },
      order: { level: 'ASC' },
      lock: { mode: 'pessimistic_write' },
    });
    if (known.length === 0 && order.paidMinor === 0) return [];
    const inviters = await this.referrals.invitersOf(tx, order.botId, order.userId, LEVELS);
    const rewards = known.length > 0 ? known : await this.begin(tx, order, inviters);
    for (const reward of rewards) {
      const { state, level, userId } = reward;
      const isDue = state !== 'held' || (inviters[level - 1] === userId && (await this.isEarned(tx, order, userId)));
      await this.change(tx, reward, order, isDue ? Math.floor((order.paidMinor * reward.percent) / 100) : 0);
    }
    return rewards;
  }

  /** Whoever has brought the payer, as far as the terms of today give them something for it. */
  private async begin(tx: EntityManager, order: PaidOrder, inviters: readonly string[]): Promise<Reward[]> {
    const { id: orderId, userId, botId, currency, paidAt } = order;
    const terms = await this.terms.referrals(tx, botId);
    const [referral] = await tx.query<{ linkId: string; firstOrderId: string | null }[]>(
      `SELECT link_id AS "linkId", first_order_id AS "firstOrderId" FROM referrals
       WHERE bot_id = $1 AND user_id = $2 AND inviter_id IS NOT NULL AND refused IS NULL FOR UPDATE`,
      [botId, userId],
    );
    if (!terms || !referral || !paidAt) return [];
    const isFirst = referral.firstOrderId === null || referral.firstOrderId === orderId;
    if (isFirst)
      await tx.query(`UPDATE referrals SET first_order_id = $3 WHERE bot_id = $1 AND user_id = $2`, [
        botId,
        userId,
        orderId,
      ]);
    const createdAt = this.clock.now();
    const releaseAt = new Date(paidAt.getTime() + terms.holdDays * DAY_MS);
    const rewards: Reward[] = [];
    for (const [i, inviterId] of inviters.entries()) {
      const { percents, everyPayment } = (await this.referrals.partner(tx, inviterId, botId)) ?? terms;
      const percent = percents[i] ?? 0;
      if (percent === 0 || !(isFirst || everyPayment) || !(await this.isEarned(tx, order, inviterId))) continue;
      const reward = tx.create(Reward, {
        ...{ id: uuidv7(), orderId, level: i + 1, userId: inviterId, inviteeId: userId, botId, currency, percent },
        ...{ linkId: i === 0 ? referral.linkId : null, state: 'held', createdAt, releaseAt, revision: 0 },
        ...{ paidMinor: 0, amountMinor: 0, owedMinor: 0 },
      });
      await tx.insert(Reward, reward as never);
      rewards.push(reward);
    }
    return rewards;
  }

  /** Paid by another hand than that of the inviter, or of others whom they have brought: who has several accounts has brought nobody. */
  private async isEarned(
    tx: EntityManager,
    { id: orderId, botId, userId }: PaidOrder,
    inviterId: string,
  ): Promise<boolean> {
    if (await this.trials.areSame(tx, userId, inviterId)) return false;
    const [row] = await tx.query<[{ same: boolean }]>(
      `SELECT EXISTS (
         SELECT FROM invoices paid JOIN invoices other USING (provider, payer_hash)
         WHERE paid.order_id = $1 AND paid.paid_at IS NOT NULL AND other.paid_at IS NOT NULL AND other.user_id <> $2
           AND (other.user_id = $3 OR other.user_id IN (SELECT user_id FROM referrals WHERE bot_id = $4 AND inviter_id = $3))
       ) AS same`,
      [orderId, userId, inviterId, botId],
    );
    return !row.same;
  }

  private async change(tx: EntityManager, reward: Reward, order: PaidOrder, wantedMinor: number): Promise<void> {
    const { id, userId, botId, currency, orderId } = reward;
    if (reward.state === 'taken-back') return;
    // What was paid out grows no more.
    const amountMinor = reward.state === 'held' ? wantedMinor : Math.min(wantedMinor, reward.amountMinor);
    if (amountMinor === reward.amountMinor && amountMinor > 0) return;
    const more = amountMinor - reward.amountMinor;
    const company = `rewards:${botId}` as const;
    const transfers: Transfer[] = [];
    if (reward.state === 'held') {
      if (more > 0) transfers.push({ from: company, to: 'rewards-held', amountMinor: more });
      else transfers.push({ from: 'rewards-held', to: company, amountMinor: -more });
    } else {
      const there = Math.min(-more, await this.ledger.balance(tx, userId, 'customer', currency, 'lock'));
      transfers.push({ from: 'customer', to: company, amountMinor: there });
      reward.owedMinor += -more - there;
    }
    reward.revision += 1;
    Object.assign(reward, { amountMinor, paidMinor: Math.max(order.paidMinor, amountMinor) });
    if (amountMinor === 0) reward.become('taken-back');
    const key = `reward:${id}:${reward.revision}`;
    await this.ledger.book(tx, { key, reason: 'reward', says: 'reward', currency, userId, orderId, transfers });
    const { paidMinor, owedMinor, state, revision } = reward;
    await tx.update(Reward, { id }, { amountMinor, paidMinor, owedMinor, state, revision });
  }

  /** What could not be taken back earlier is kept now, for the bot whose reward it was. */
  private async payDebts(tx: EntityManager, { userId, currency, amountMinor }: Reward): Promise<Transfer[]> {
    const debts = await tx.query<{ id: string; botId: string; owed: string }[]>(
      `SELECT id, bot_id AS "botId", owed_minor AS owed FROM rewards
       WHERE user_id = $1 AND currency = $2 AND owed_minor > 0 ORDER BY id FOR UPDATE`,
      [userId, currency],
    );
    const transfers: Transfer[] = [];
    let left = amountMinor;
    for (const { id, botId, owed } of debts) {
      const kept = Math.min(left, Number(owed));
      if (kept === 0) break;
      left -= kept;
      await tx.query(`UPDATE rewards SET owed_minor = owed_minor - $2 WHERE id = $1`, [id, kept]);
      transfers.push({ from: 'rewards-held', to: `rewards:${botId}`, amountMinor: kept });
    }
    return transfers;
  }

  /** The order before its rewards, as all lock it who change what was paid. */
  private async lockOrder(tx: EntityManager, orderId: string): Promise<PaidOrder | undefined> {
    const [row] = await tx.query<(Omit<PaidOrder, 'paidMinor'> & { fromOutside: string; left: string })[]>(
      `SELECT id, user_id AS "userId", bot_id AS "botId", currency, paid_at AS "paidAt", total_minor - refunded_minor AS left
       FROM orders WHERE id = $1 FOR UPDATE`,
      [orderId],
    );
    if (!row) return undefined;
    const [payments] = await tx.query<[{ fromOutside: string; isDisputed: boolean }]>(
      `SELECT coalesce(sum(amount_minor - refunded_minor), 0) AS "fromOutside", coalesce(bool_or(state = 'disputed'), false) AS "isDisputed"
       FROM invoices WHERE order_id = $1 AND paid_at IS NOT NULL AND state <> 'different'`,
      [orderId],
    );
    const paidMinor = row.paidAt === null ? 0 : Math.max(0, Math.min(Number(payments.fromOutside), Number(row.left)));
    return { ...row, paidMinor, isDisputed: payments.isDisputed };
  }
}
