import { Injectable } from '@nestjs/common';
import type { ListMyOffers } from '@switchboard/contracts';
import { type AnswerOf, Clock, PersonalData } from '@switchboard/service-kit';
import type { EntityManager } from 'typeorm';
import { PromoCode } from '../promo-codes/promo-code.entity';
import { givesOf } from '../promo-codes/promo-code-offers.service';
import { PromoCodesService } from '../promo-codes/promo-codes.service';
import { CustomersService } from '../segments/customers.service';
import { isHeldOut } from './hold-out';
import { Offer } from './offer.entity';

type MyOffer = AnswerOf<typeof ListMyOffers>['data'][number];

/**
 * What one person is offered. Whether they are shown an offer is decided when they are to see it first, and stays so: of whoever is
 * held out it is noted as well, as they are who the others are compared with.
 */
@Injectable()
export class PersonalOffersService {
  constructor(
    private readonly customers: CustomersService,
    private readonly personal: PersonalData,
    private readonly clock: Clock,
    promoCodes: PromoCodesService,
  ) {
    promoCodes.onPersonal((tx, promoCodeId, userId) => this.isShown(tx, promoCodeId, userId));
  }

  async mine(tx: EntityManager, botId: string, userId: string): Promise<MyOffer[]> {
    if (await this.personal.isErased(tx, userId)) return [];
    const now = this.clock.now();
    const open = await tx
      .createQueryBuilder(Offer, 'o')
      .where('o.botId = :botId AND o.endedAt IS NULL AND o.from <= :now AND o.until > :now', { botId, now })
      // Everybody takes them in one order: who is decided on for two at once waits for nobody who waits for them.
      .orderBy('o.until')
      .addOrderBy('o.id')
      .getMany();
    const mine: MyOffer[] = [];
    for (const offer of open) {
      if (!(await this.decide(tx, offer, userId))) continue;
      const promo = await tx.findOneByOrFail(PromoCode, { id: offer.promoCodeId });
      if (await this.isUsed(tx, promo, userId)) continue;
      const { id: offerId, text, until } = offer;
      mine.push({ offerId, text, until, promoCode: promo.code, gives: givesOf(promo), planIds: promo.planIds });
    }
    return mine;
  }

  /** Whether a person is shown an offer: as was decided before, or from now on. */
  private async decide(tx: EntityManager, known: Offer, userId: string): Promise<boolean> {
    const { id, cap } = known;
    const before = await this.decided(tx, id, userId);
    if (before !== undefined) return before;
    if (cap !== null && known.shown >= cap) return false;
    if (!(await this.customers.fits(tx, known, userId))) return false;
    // Of many who ask for the last one, one gets it; and one who asks twice at once, gets one.
    const offer = await tx.findOneOrFail(Offer, { where: { id }, lock: { mode: 'pessimistic_write' } });
    const meanwhile = await this.decided(tx, id, userId);
    if (meanwhile !== undefined) return meanwhile;
    if (offer.endedAt || (cap !== null && offer.shown >= cap)) return false;
    const heldOut = isHeldOut(id, userId, offer.holdOutPercent);
    await tx.query('INSERT INTO offer_people (offer_id, user_id, held_out, at) VALUES ($1, $2, $3, $4)', [
      ...[id, userId, heldOut, this.clock.now()],
    ]);
    if (!heldOut) await tx.increment(Offer, { id }, 'shown', 1);
    return !heldOut;
  }

  private async decided(tx: EntityManager, offerId: string, userId: string): Promise<boolean | undefined> {
    const [row] = await tx.query<{ shown: boolean }[]>(
      'SELECT NOT held_out AS shown FROM offer_people WHERE offer_id = $1 AND user_id = $2',
      [offerId, userId],
    );
    return row?.shown;
  }

  private async isShown(tx: EntityManager, promoCodeId: string, userId: string): Promise<boolean> {
    const rows = await tx.query<unknown[]>(
      `SELECT FROM offers JOIN offer_people ON offer_id = offers.id
       WHERE promo_code_id = $1 AND user_id = $2 AND NOT held_out`,
      [promoCodeId, userId],
    );
    return rows.length > 0;
  }

  private async isUsed(tx: EntityManager, { id }: PromoCode, userId: string): Promise<boolean> {
    const rows = await tx.query<unknown[]>(
      `SELECT FROM promo_redemptions WHERE code_id = $1 AND user_id = $2 AND state <> 'released' LIMIT 1`,
      [id, userId],
    );
    return rows.length > 0;
  }
}
