import { Injectable } from '@nestjs/common';
import { Outbox } from '@switchboard/bus';
import {
  type Actor,
  AuditEntryAppendRequested,
  CreatePromoCode,
  EndPromoCode,
  type ListPromoCodes,
  type RouteDefinition,
} from '@switchboard/contracts';
import { type AnswerOf, auditEntry, Clock, Cursors, type RequestOf, seesBot } from '@switchboard/service-kit';
import type { EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { CodeTaken } from '../catalogue/offers.service';
import { PromoCode } from './promo-code.entity';
import { PromoNotFound } from './promo-codes.service';

type Shown = AnswerOf<typeof CreatePromoCode>;
type NewPromoCode = RequestOf<typeof CreatePromoCode>['body'] & Pick<PromoCode, 'personal'>;

/** Promo codes as staff make and end them. */
@Injectable()
export class PromoCodeOffersService {
  constructor(
    private readonly outbox: Outbox,
    private readonly cursors: Cursors,
    private readonly clock: Clock,
  ) {}

  async list(tx: EntityManager, request: RequestOf<typeof ListPromoCodes>): Promise<AnswerOf<typeof ListPromoCodes>> {
    const { botId, code } = request.query;
    const rows = tx
      .createQueryBuilder(PromoCode, 'promo')
      .where('promo.botId = :botId AND NOT promo.personal', { botId });
    if (code) rows.andWhere('starts_with(lower(promo.code), lower(:code))', { code });
    const { data, page } = await this.cursors.select(request, rows, ['id']);
    return { data: data.map(shown), page };
  }

  async create(tx: EntityManager, { body, actor }: RequestOf<typeof CreatePromoCode>): Promise<Shown> {
    const promo = await this.make(tx, { ...body, personal: false });
    await this.audit(tx, actor, CreatePromoCode, promo);
    return shown(promo);
  }

  /** @throws CodeTaken */
  async make(tx: EntityManager, terms: NewPromoCode): Promise<PromoCode> {
    const { gives, validFrom, ...rest } = terms;
    const now = this.clock.now();
    const promo = tx.create(PromoCode, {
      ...{ ...rest, id: uuidv7(), kind: gives.kind, percent: null, amounts: null, days: null },
      ...(gives.kind === 'percent' && { percent: gives.percent }),
      ...(gives.kind === 'fixed' && { amounts: gives.amounts }),
      ...(gives.kind === 'days' && { days: gives.days }),
      ...{ uses: 0, validFrom: validFrom ?? now, revision: 1, createdAt: now, endedAt: null },
    });
    const insert = tx
      .createQueryBuilder()
      .insert()
      .into(PromoCode)
      .values(promo as never);
    const { raw } = await insert.orIgnore().returning('id').execute();
    if ((raw as unknown[]).length === 0) throw new CodeTaken(promo.code);
    return promo;
  }

  async end(tx: EntityManager, { params, actor, ifMatch }: RequestOf<typeof EndPromoCode>): Promise<Shown> {
    const where = { id: params.promoCodeId };
    const promo = await tx.findOne(PromoCode, { where, lock: { mode: 'pessimistic_write' } });
    if (!promo || !seesBot(actor.bots, promo.botId)) throw new PromoNotFound();
    ifMatch.check(promo.revision);
    if (promo.endedAt) return shown(promo);
    Object.assign(promo, { endedAt: this.clock.now(), revision: promo.revision + 1 });
    await tx.update(PromoCode, where, { endedAt: promo.endedAt, revision: promo.revision });
    await this.audit(tx, actor, EndPromoCode, promo);
    return shown(promo);
  }

  private async audit(tx: EntityManager, actor: Actor, route: RouteDefinition, promo: PromoCode): Promise<void> {
    const about = { resourceType: 'promo-code', resourceId: promo.id, botId: promo.botId };
    const { code, ended, gives, maxUses } = shown(promo);
    const entry = auditEntry(actor, route, { ...about, after: { code, ended, gives, maxUses } });
    await this.outbox.add(tx, AuditEntryAppendRequested(entry));
  }
}

function shown(promo: PromoCode): Shown {
  const {
    kind: _kind,
    percent: _percent,
    amounts: _amounts,
    days: _days,
    personal: _personal,
    endedAt,
    ...rest
  } = promo;
  return { ...rest, gives: givesOf(promo), ended: endedAt !== null };
}

export function givesOf({ kind, percent, amounts, days }: PromoCode): Shown['gives'] {
  if (kind === 'percent') return { kind, percent: percent! };
  return kind === 'fixed' ? { kind, amounts: amounts! } : { kind, days: days! };
}
