import { Injectable } from '@nestjs/common';
import { Outbox } from '@switchboard/bus';
import {
  type Actor,
  AuditEntryAppendRequested,
  ChangePackage,
  ChangePlan,
  CreatePackage,
  CreatePlan,
  type ListPackages,
  type ListPlans,
  type ReadPlan,
  type RouteDefinition,
} from '@switchboard/contracts';
import { type AnswerOf, auditEntry, Clock, DomainError, type RequestOf, seesBot } from '@switchboard/service-kit';
import type { EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { PackageNotFound, PlanNotFound } from './catalogue.service';
import { Package } from './package.entity';
import { periodOf, Plan } from './plan.entity';

export class CodeTaken extends DomainError {
  constructor(code: string) {
    super('payments.code_taken', { en: 'There is one of this name.', ru: 'Такое имя уже занято.' }, 409, { code });
  }
}

class UsePriceMissing extends DomainError {
  constructor(currencies: readonly string[]) {
    const texts = {
      en: 'Use beyond the plan needs a price in each currency of the plan.',
      ru: 'Для использования сверх тарифа нужна цена в каждой валюте тарифа.',
    };
    super('payments.use_price_missing', texts, 422, { currencies });
  }
}

type ShownPlan = AnswerOf<typeof ReadPlan>;
type ShownPackage = AnswerOf<typeof CreatePackage>;

/** What staff change of what is sold. Nobody who has something loses it by that. */
@Injectable()
export class OffersService {
  constructor(
    private readonly outbox: Outbox,
    private readonly clock: Clock,
  ) {}

  async plans(tx: EntityManager, { query }: RequestOf<typeof ListPlans>): Promise<ShownPlan[]> {
    const rows = await tx.find(Plan, { where: { botId: query.botId }, order: { position: 'ASC', id: 'ASC' } });
    return this.shown(tx, query.archived ? rows : rows.filter(({ archivedAt }) => archivedAt === null));
  }

  async plan(tx: EntityManager, { params, actor }: RequestOf<typeof ReadPlan>): Promise<ShownPlan> {
    const found = await tx.findOneBy(Plan, { id: params.planId });
    if (!found || !seesBot(actor.bots, found.botId)) throw new PlanNotFound(params.planId);
    return (await this.shown(tx, [found]))[0]!;
  }

  async createPlan(tx: EntityManager, { body, actor }: RequestOf<typeof CreatePlan>): Promise<ShownPlan> {
    const { period, ...rest } = body;
    const plan = tx.create(Plan, {
      ...{ ...rest, id: uuidv7(), periodCount: period.count, periodUnit: period.unit },
      ...{ revision: 1, createdAt: this.clock.now(), archivedAt: null },
    });
    checkUse(plan);
    await insertOnce(tx, Plan, plan);
    await this.audit(tx, actor, CreatePlan, plan, { after: said(plan) });
    return (await this.shown(tx, [plan]))[0]!;
  }

  async changePlan(tx: EntityManager, request: RequestOf<typeof ChangePlan>): Promise<ShownPlan> {
    const { params, body, actor, ifMatch } = request;
    const plan = await tx.findOne(Plan, { where: { id: params.planId }, lock: { mode: 'pessimistic_write' } });
    if (!plan || !seesBot(actor.bots, plan.botId)) throw new PlanNotFound(params.planId);
    ifMatch.check(plan.revision);
    const before = said(plan);
    Object.assign(plan, this.changed(body, plan));
    checkUse(plan);
    await tx.save(plan);
    await this.audit(tx, actor, ChangePlan, plan, { before, after: said(plan) });
    return (await this.shown(tx, [plan]))[0]!;
  }

  async packages(tx: EntityManager, { query }: RequestOf<typeof ListPackages>): Promise<ShownPackage[]> {
    const rows = await tx.find(Package, { where: { botId: query.botId }, order: { position: 'ASC', id: 'ASC' } });
    return rows.filter(({ archivedAt }) => query.archived || archivedAt === null).map(shownPackage);
  }

  async createPackage(tx: EntityManager, { body, actor }: RequestOf<typeof CreatePackage>): Promise<ShownPackage> {
    const made = { ...body, id: uuidv7(), revision: 1, createdAt: this.clock.now(), archivedAt: null };
    const found = tx.create(Package, made);
    await insertOnce(tx, Package, found);
    await this.audit(tx, actor, CreatePackage, found, { after: said(found) });
    return shownPackage(found);
  }

  async changePackage(tx: EntityManager, request: RequestOf<typeof ChangePackage>): Promise<ShownPackage> {
    const { params, body, actor, ifMatch } = request;
    const where = { id: params.packageId };
    const found = await tx.findOne(Package, { where, lock: { mode: 'pessimistic_write' } });
    if (!found || !seesBot(actor.bots, found.botId)) throw new PackageNotFound(params.packageId);
    ifMatch.check(found.revision);
    const before = said(found);
    Object.assign(found, this.changed(body, found));
    await tx.save(found);
    await this.audit(tx, actor, ChangePackage, found, { before, after: said(found) });
    return shownPackage(found);
  }

  private changed({ archived, ...rest }: { archived?: boolean | undefined }, now: Plan | Package) {
    const archivedAt = archived === undefined ? now.archivedAt : archived ? (now.archivedAt ?? this.clock.now()) : null;
    const given = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined));
    return { ...given, archivedAt, revision: now.revision + 1 };
  }

  private async shown(tx: EntityManager, plans: readonly Plan[]): Promise<ShownPlan[]> {
    const counts = await tx.query<{ id: string; n: number }[]>(
      `SELECT plan_id AS id, count(*)::int AS n FROM subscriptions
       WHERE plan_id = ANY($1) AND status IN ('trial', 'active', 'grace', 'paused') GROUP BY 1`,
      [plans.map(({ id }) => id)],
    );
    return plans.map((plan) => ({
      ...plan,
      period: periodOf(plan),
      subscriptions: counts.find(({ id }) => id === plan.id)?.n ?? 0,
      archived: plan.archivedAt !== null,
    }));
  }

  private async audit(
    tx: EntityManager,
    actor: Actor,
    route: RouteDefinition,
    { id: resourceId, botId }: Plan | Package,
    change: { before?: Record<string, unknown>; after: Record<string, unknown> },
  ): Promise<void> {
    const resourceType = route === CreatePlan || route === ChangePlan ? 'plan' : 'package';
    await this.outbox.add(
      tx,
      AuditEntryAppendRequested(auditEntry(actor, route, { resourceType, resourceId, botId, ...change })),
    );
  }
}

/** Who pays in a currency without one would have it for nothing, or not at all. */
function checkUse({ byUse, prices }: Plan): void {
  const missing = Object.keys(prices).filter((currency) => byUse && byUse.prices[currency] === undefined);
  if (missing.length > 0) throw new UsePriceMissing(missing);
}

const shownPackage = (found: Package): ShownPackage => ({ ...found, archived: found.archivedAt !== null });

/** What the audit log keeps of it. */
function said({ id: _, botId: __, createdAt: ___, ...rest }: Plan | Package): Record<string, unknown> {
  return JSON.parse(JSON.stringify(rest)) as Record<string, unknown>;
}

async function insertOnce(tx: EntityManager, entity: typeof Plan | typeof Package, row: Plan | Package): Promise<void> {
  const insert = tx
    .createQueryBuilder()
    .insert()
    .into(entity)
    .values(row as never);
  const { raw } = await insert.orIgnore().returning('id').execute();
  if ((raw as unknown[]).length === 0) throw new CodeTaken(row.code);
}
