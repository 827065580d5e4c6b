import { Injectable } from '@nestjs/common';
import { Outbox } from '@switchboard/bus';
import {
  AuditEntryAppendRequested,
  ChangeDeliveryMethod,
  CreateDeliveryMethod,
  type ListDeliveryMethods,
  type ReadDeliveryMethod,
} from '@switchboard/contracts';
import {
  type AnswerOf,
  auditEntry,
  BotsRegistry,
  Clock,
  DomainError,
  type RequestOf,
  seesBot,
} from '@switchboard/service-kit';
import { type EntityManager, IsNull } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { CodeTaken } from '../catalogue/offers.service';
import { requireBrand } from '../goods/brands';
import { DeliveryMethod } from './delivery-method.entity';

class DeliveryMethodNotFound extends DomainError {
  constructor() {
    const texts = { en: 'There is no such way of delivery.', ru: 'Такого способа доставки нет.' };
    super('payments.delivery_method_not_found', texts, 404);
  }
}

export class DeliveryNotOffered extends DomainError {
  constructor() {
    const texts = {
      en: 'It is not delivered so: not in this currency, not to this country, or not any more.',
      ru: 'Так не доставляем: не в этой валюте, не в эту страну или больше никак.',
    };
    super('payments.delivery_not_offered', texts, 422);
  }
}

type Shown = AnswerOf<typeof ReadDeliveryMethod>;

/** How a shop delivers. What was ordered keeps its price. */
@Injectable()
export class DeliveryService {
  constructor(
    private readonly bots: BotsRegistry,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
  ) {}

  /** What is offered for goods of a sum, in the order in which it is shown. */
  async offered(tx: EntityManager, brandId: string, currency: string, goodsMinor: number) {
    const methods = await tx.find(DeliveryMethod, {
      where: { brandId, archivedAt: IsNull() },
      order: { position: 'ASC', id: 'ASC' },
    });
    return methods.flatMap((method) => {
      const amountMinor = priceOf(method, currency, goodsMinor);
      if (amountMinor === undefined) return [];
      const { id: methodId, name, needs, days, countries } = method;
      return [{ methodId, name, needs, days, countries, amountMinor }];
    });
  }

  async list(tx: EntityManager, { query }: RequestOf<typeof ListDeliveryMethods>): Promise<Shown[]> {
    const { brandId, archived } = query;
    const where = archived ? { brandId } : { brandId, archivedAt: IsNull() };
    return (await tx.find(DeliveryMethod, { where, order: { position: 'ASC', id: 'ASC' } })).map(shown);
  }

  async read(tx: EntityManager, { params, actor }: RequestOf<typeof ReadDeliveryMethod>): Promise<Shown> {
    const method = await tx.findOneBy(DeliveryMethod, { id: params.methodId });
    if (!method || !seesBot(actor.bots, method.brandId)) throw new DeliveryMethodNotFound();
    return shown(method);
  }

  async create(tx: EntityManager, { body, actor }: RequestOf<typeof CreateDeliveryMethod>): Promise<Shown> {
    requireBrand(this.bots, body.brandId);
    const row = { ...body, id: uuidv7(), revision: 1, createdAt: this.clock.now(), archivedAt: null };
    const insert = tx.createQueryBuilder().insert().into(DeliveryMethod);
    const { raw } = await insert
      .values(row as never)
      .orIgnore()
      .returning('id')
      .execute();
    if ((raw as unknown[]).length === 0) throw new CodeTaken(body.code);
    const about = { resourceType: 'delivery-method', resourceId: row.id, botId: body.brandId, after: { ...body } };
    await this.outbox.add(tx, AuditEntryAppendRequested(auditEntry(actor, CreateDeliveryMethod, about)));
    return shown(tx.create(DeliveryMethod, row));
  }

  async change(tx: EntityManager, request: RequestOf<typeof ChangeDeliveryMethod>): Promise<Shown> {
    const { params, body, actor, ifMatch } = request;
    const where = { id: params.methodId };
    const method = await tx.findOne(DeliveryMethod, { where, lock: { mode: 'pessimistic_write' } });
    if (!method || !seesBot(actor.bots, method.brandId)) throw new DeliveryMethodNotFound();
    ifMatch.check(method.revision);
    const before = said(method);
    const { archived, ...rest } = body;
    Object.assign(method, Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined)));
    if (archived !== undefined) method.archivedAt = archived ? (method.archivedAt ?? this.clock.now()) : null;
    method.revision += 1;
    await tx.save(method);
    const about = { resourceType: 'delivery-method', resourceId: method.id, botId: method.brandId };
    const change = { before, after: said(method) };
    await this.outbox.add(
      tx,
      AuditEntryAppendRequested(auditEntry(actor, ChangeDeliveryMethod, { ...about, ...change })),
    );
    return shown(method);
  }
}

/** Undefined where it is not delivered so for this currency. */
function priceOf({ prices, freeFrom }: DeliveryMethod, currency: string, goodsMinor: number): number | undefined {
  const from = freeFrom?.[currency];
  return from !== undefined && goodsMinor >= from ? 0 : prices[currency];
}

const shown = (method: DeliveryMethod): Shown => ({ ...method, archived: method.archivedAt !== null });

/** What the audit log keeps of it. */
function said({ id: _, brandId: __, createdAt: ___, ...rest }: DeliveryMethod): Record<string, unknown> {
  return JSON.parse(JSON.stringify(rest)) as Record<string, unknown>;
}
