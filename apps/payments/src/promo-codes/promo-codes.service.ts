import { Injectable } from '@nestjs/common';
import { Clock, DomainError } from '@switchboard/service-kit';
import type { EntityManager } from 'typeorm';
import { PromoCode } from './promo-code.entity';

export class PromoNotFound extends DomainError {
  constructor() {
    super('payments.promo_not_found', { en: 'There is no such promo code.', ru: 'Такого промокода нет.' }, 422);
  }
}
class PromoExpired extends DomainError {
  constructor() {
    super('payments.promo_expired', { en: 'The promo code is no longer valid.', ru: 'Срок промокода истёк.' }, 422);
  }
}
export class PromoUsed extends DomainError {
  constructor() {
    super('payments.promo_used', { en: 'The promo code has been used already.', ru: 'Промокод уже использован.' }, 422);
  }
}
class PromoNotForThis extends DomainError {
  constructor() {
    const texts = { en: 'The promo code is not for this purchase.', ru: 'Промокод не подходит для этой покупки.' };
    super('payments.promo_not_for_this', texts, 422);
  }
}

export interface PromoQuestion {
  readonly userId: string;
  readonly botId: string;
  readonly currency: string;
  readonly code: string;
  readonly kind: string;
  readonly planId: string | undefined;
  readonly amountMinor: number;
}

/** For these a promo code counts; what is topped up, and packages, cost what they cost. */
const DISCOUNTED_KINDS = ['plan', 'renewal', 'change', 'gift', 'goods'];
/** Of these nothing lasts longer. */
const WITHOUT_DAYS = ['gift', 'goods'];

/**
 * Promo codes. A use is reserved with the order and counts from then on, under the lock of the code: of two people who race for
 * the last one, one gets it.
 */
@Injectable()
export class PromoCodesService {
  private isFor: ((tx: EntityManager, promoCodeId: string, userId: string) => Promise<boolean>) | undefined;

  constructor(private readonly clock: Clock) {}

  /** Whoever gives personal codes says here for whom each is. */
  onPersonal(isFor: (tx: EntityManager, promoCodeId: string, userId: string) => Promise<boolean>): void {
    this.isFor = isFor;
  }

  /** What a code takes off. @throws why it does not count */
  async discount(
    tx: EntityManager,
    asked: PromoQuestion,
  ): Promise<{ code: string; amountMinor: number; days: number }> {
    const code = await this.find(tx, asked.botId, asked.code);
    await this.check(tx, code, asked);
    const { amountMinor } = asked;
    const off =
      code.kind === 'percent'
        ? Math.floor((amountMinor * code.percent!) / 100)
        : code.kind === 'fixed'
          ? this.fixed(code, asked.currency)
          : 0;
    return { code: code.code, amountMinor: Math.min(off, amountMinor), days: code.kind === 'days' ? code.days! : 0 };
  }

  /** Counts a use, which nobody else can have any more. @throws PromoUsed when somebody else was faster */
  async reserve(
    tx: EntityManager,
    promoCode: string,
    order: { id: string; userId: string; botId: string },
  ): Promise<void> {
    const found = await this.find(tx, order.botId, promoCode, 'lock');
    const mine = await this.usesOf(tx, found.id, order.userId);
    if (mine >= found.maxPerPerson || (found.maxUses !== null && found.uses >= found.maxUses)) throw new PromoUsed();
    await tx.query(`UPDATE promo_codes SET uses = uses + 1 WHERE id = $1`, [found.id]);
    await tx.query(
      `INSERT INTO promo_redemptions (order_id, code_id, user_id, state, at) VALUES ($1, $2, $3, 'reserved', $4)`,
      [...[order.id, found.id, order.userId, this.clock.now()]],
    );
  }

  /** The order was paid. One that had been given up is paid at the price that was offered, whoever had the use since. */
  async use(tx: EntityManager, order: { id: string }): Promise<void> {
    const [before] = await tx.query<{ state: string; code_id: string }[]>(
      `SELECT state, code_id FROM promo_redemptions WHERE order_id = $1 FOR UPDATE`,
      [order.id],
    );
    if (!before || before.state === 'used') return;
    await tx.query(`UPDATE promo_redemptions SET state = 'used' WHERE order_id = $1`, [order.id]);
    if (before.state === 'released') await this.count(tx, before.code_id);
  }

  /** The order came to nothing, or its money went back: the use is there for somebody. */
  async release(tx: EntityManager, orderId: string): Promise<void> {
    const [freed] = await tx.query<[{ code_id: string }[], number]>(
      `UPDATE promo_redemptions SET state = 'released' WHERE order_id = $1 AND state <> 'released' RETURNING code_id`,
      [orderId],
    );
    for (const { code_id } of freed) await this.count(tx, code_id);
  }

  /** Of an order that is no more. */
  async forget(tx: EntityManager, orderId: string): Promise<void> {
    await tx.query(`DELETE FROM promo_redemptions WHERE order_id = $1 AND state = 'released'`, [orderId]);
  }

  /** What was paid late may be one use more than there are. */
  private async count(tx: EntityManager, codeId: string): Promise<void> {
    await tx.query('SELECT FROM promo_codes WHERE id = $1 FOR UPDATE', [codeId]);
    await tx.query(
      `UPDATE promo_codes SET uses = least(max_uses, (
         SELECT count(*) FROM promo_redemptions WHERE code_id = $1 AND state <> 'released')) WHERE id = $1`,
      [codeId],
    );
  }

  private async find(tx: EntityManager, botId: string, code: string, lock?: 'lock'): Promise<PromoCode> {
    const query = tx
      .createQueryBuilder(PromoCode, 'promo')
      .where('promo.botId = :botId AND lower(promo.code) = lower(:code) AND promo.endedAt IS NULL', { botId, code });
    if (lock) query.setLock('pessimistic_write');
    const found = await query.getOne();
    if (!found) throw new PromoNotFound();
    return found;
  }

  private async check(
    tx: EntityManager,
    code: PromoCode,
    { userId, kind, planId, currency, botId }: PromoQuestion,
  ): Promise<void> {
    if (code.personal && !(await this.isFor?.(tx, code.id, userId))) throw new PromoNotFound();
    const now = this.clock.now();
    if (code.validFrom > now) throw new PromoNotFound();
    if (code.validUntil && code.validUntil <= now) throw new PromoExpired();
    if (code.maxUses !== null && code.uses >= code.maxUses) throw new PromoUsed();
    if ((await this.usesOf(tx, code.id, userId)) >= code.maxPerPerson) throw new PromoUsed();
    if (!DISCOUNTED_KINDS.includes(kind)) throw new PromoNotForThis();
    if (code.planIds && !(planId !== undefined && code.planIds.includes(planId))) throw new PromoNotForThis();
    if (code.kind === 'days' && WITHOUT_DAYS.includes(kind)) throw new PromoNotForThis();
    if (code.kind === 'fixed') this.fixed(code, currency);
    if (code.firstOnly && (await hasBought(tx, userId, botId))) throw new PromoNotForThis();
  }

  private fixed(code: PromoCode, currency: string): number {
    const amount = code.amounts?.[currency];
    if (amount === undefined) throw new PromoNotForThis();
    return amount;
  }

  private async usesOf(tx: EntityManager, codeId: string, userId: string): Promise<number> {
    const [row] = await tx.query<[{ n: number }]>(
      `SELECT count(*)::int AS n FROM promo_redemptions WHERE user_id = $1 AND code_id = $2 AND state <> 'released'`,
      [userId, codeId],
    );
    return row.n;
  }
}

async function hasBought(tx: EntityManager, userId: string, botId: string): Promise<boolean> {
  const [row] = await tx.query<[{ bought: boolean }]>(
    `SELECT EXISTS (SELECT FROM orders WHERE user_id = $1 AND bot_id = $2 AND paid_at IS NOT NULL AND kind <> 'top-up') AS bought`,
    [userId, botId],
  );
  return row.bought;
}
