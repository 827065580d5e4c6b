import { Injectable } from '@nestjs/common';
import { Outbox } from '@switchboard/bus';
import {
  type Actor,
  AuditEntryAppendRequested,
  CreateOffer,
  EndOffer,
  type ListOffers,
  type Money,
  type RouteDefinition,
} from '@switchboard/contracts';
import {
  type AnswerOf,
  auditEntry,
  BotsRegistry,
  Clock,
  Cursors,
  DomainError,
  type RequestOf,
  seesBot,
} from '@switchboard/service-kit';
import { DataSource, type EntityManager, In } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { PromoCode } from '../promo-codes/promo-code.entity';
import { givesOf, PromoCodeOffersService } from '../promo-codes/promo-code-offers.service';
import { randomCode } from '../random-code';
import { BotNotFound } from '../terms/terms.service';
import { Offer } from './offer.entity';
import { type Count, differenceOf, rateOf } from './rates';

class OfferNotFound extends DomainError {
  constructor() {
    super('payments.offer_not_found', { en: 'There is no such offer.', ru: 'Такого предложения нет.' }, 404);
  }
}

class OfferIsOver extends DomainError {
  constructor() {
    const texts = { en: 'It would be over already.', ru: 'Предложение уже закончилось бы.' };
    super('payments.offer_over', texts, 422);
  }
}

type Shown = AnswerOf<typeof CreateOffer>;

const CODE_LENGTH = 12;

/** Offers as staff make and end them, and what came of them. */
@Injectable()
export class OffersOfStaffService {
  constructor(
    private readonly db: DataSource,
    private readonly bots: BotsRegistry,
    private readonly promoCodes: PromoCodeOffersService,
    private readonly cursors: Cursors,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
  ) {}

  async list(request: RequestOf<typeof ListOffers>): Promise<AnswerOf<typeof ListOffers>> {
    const rows = this.db.manager.createQueryBuilder(Offer, 'o').where('o.botId = :botId', request.query);
    const { data, page } = await this.cursors.select(request, rows, ['id']);
    return { data: await this.shown(this.db.manager, data), page };
  }

  /** @throws BotNotFound, OfferIsOver */
  async create(tx: EntityManager, { body, actor }: RequestOf<typeof CreateOffer>): Promise<Shown> {
    const { gives, planIds, from, ...rest } = body;
    if (!this.bots.find(body.botId)) throw new BotNotFound(body.botId);
    const now = this.clock.now();
    if (body.until <= now) throw new OfferIsOver();
    const terms = { gives, planIds, maxUses: null, maxPerPerson: 1, firstOnly: false };
    const promo = await this.promoCodes.make(tx, {
      ...{ ...terms, botId: body.botId, code: randomCode(CODE_LENGTH), personal: true },
      ...{ validFrom: from, validUntil: body.until },
    });
    const offer = tx.create(Offer, {
      ...{ ...rest, id: uuidv7(), promoCodeId: promo.id, shown: 0, from: from ?? now, createdAt: now },
      ...{ endedAt: null, revision: 1 },
    });
    await tx.insert(Offer, offer as never);
    return this.told(tx, actor, CreateOffer, offer);
  }

  /** @throws OfferNotFound */
  async end(tx: EntityManager, { params, actor, ifMatch }: RequestOf<typeof EndOffer>): Promise<Shown> {
    const where = { id: params.offerId };
    const offer = await tx.findOne(Offer, { where, lock: { mode: 'pessimistic_write' } });
    if (!offer || !seesBot(actor.bots, offer.botId)) throw new OfferNotFound();
    ifMatch.check(offer.revision);
    if (offer.endedAt) return (await this.shown(tx, [offer]))[0]!;
    const endedAt = this.clock.now();
    Object.assign(offer, { endedAt, revision: offer.revision + 1 });
    await tx.update(Offer, where, { endedAt, revision: offer.revision });
    await tx.update(PromoCode, { id: offer.promoCodeId }, { endedAt });
    return this.told(tx, actor, EndOffer, offer);
  }

  private async told(tx: EntityManager, actor: Actor, route: RouteDefinition, offer: Offer): Promise<Shown> {
    const [shown] = await this.shown(tx, [offer]);
    const { gives, criteria, cap, holdOutPercent } = shown!;
    const about = { resourceType: 'offer', resourceId: offer.id, botId: offer.botId };
    const after = { gives, criteria, cap, holdOutPercent, ended: offer.endedAt !== null };
    await this.outbox.add(tx, AuditEntryAppendRequested(auditEntry(actor, route, { ...about, after })));
    return shown!;
  }

  private async shown(tx: EntityManager, offers: readonly Offer[]): Promise<Shown[]> {
    const ids = [offers.map(({ id }) => id)];
    const promos = await tx.findBy(PromoCode, { id: In(offers.map(({ promoCodeId }) => promoCodeId)) });
    const counted = await tx.query<(Count & { id: string; heldOut: boolean })[]>(COUNTED, ids);
    const sold = await tx.query<{ id: string; currency: string; orders: number; paid: string }[]>(SOLD, ids);
    return offers.map((offer) => {
      const promo = promos.find(({ id }) => id === offer.promoCodeId)!;
      const count = (heldOut: boolean): Count =>
        counted.find((row) => row.id === offer.id && row.heldOut === heldOut) ?? { people: 0, bought: 0 };
      const [shown, held] = [count(false), count(true)];
      const mine = sold.filter(({ id }) => id === offer.id);
      const revenue = mine.map(({ currency, paid }): Money => ({ currency, amountMinor: Number(paid) }));
      return {
        ...offer,
        gives: givesOf(promo),
        planIds: promo.planIds,
        results: {
          shown: { people: shown.people, bought: shown.bought, rate: rateOf(shown) },
          heldOut: { people: held.people, bought: held.bought, rate: rateOf(held) },
          difference: differenceOf(shown, held),
          orders: mine.reduce((sum, { orders }) => sum + orders, 0),
          revenue,
        },
      };
    });
  }
}

/** Whatever they bought while the offer lasted, with it or without: who would have bought anyway is in both groups. */
const COUNTED = `
  SELECT p.offer_id AS id, p.held_out AS "heldOut", count(*)::int AS people, count(*) FILTER (WHERE EXISTS (
    SELECT FROM orders o WHERE o.user_id = p.user_id AND o.bot_id = f.bot_id AND o.kind <> 'top-up' AND o.state <> 'refunded'
      AND o.paid_at >= p.at AND o.paid_at < least(f.until_at, f.ended_at)))::int AS bought
  FROM offers f JOIN offer_people p ON p.offer_id = f.id WHERE f.id = ANY($1) GROUP BY 1, 2`;

const SOLD = `
  SELECT f.id, o.currency, count(*)::int AS orders, sum(o.total_minor - o.refunded_minor) AS paid
  FROM offers f JOIN promo_codes c ON c.id = f.promo_code_id
  JOIN orders o ON o.bot_id = f.bot_id AND o.promo_code = c.code AND o.paid_at IS NOT NULL
  WHERE f.id = ANY($1) GROUP BY 1, 2 ORDER BY 1, 2`;
