import { Injectable } from '@nestjs/common';
import type { Wanted } from '@switchboard/contracts';
import { DomainError } from '@switchboard/service-kit';
import { type EntityManager, IsNull } from 'typeorm';
import { Package } from './package.entity';
import { Plan, type Prices, type ReceiptTerms } from './plan.entity';

export class PlanNotFound extends DomainError {
  constructor(planId: string) {
    super('payments.plan_not_found', { en: 'There is no such plan.', ru: 'Такого тарифа нет.' }, 404, { planId });
  }
}

export class PackageNotFound extends DomainError {
  constructor(packageId: string) {
    super('payments.package_not_found', { en: 'There is no such package.', ru: 'Такого пакета нет.' }, 404, {
      packageId,
    });
  }
}

export class NoShop extends DomainError {
  constructor(botId: string) {
    super('payments.no_shop', { en: 'This bot sells nothing.', ru: 'Этот бот ничего не продаёт.' }, 404, { botId });
  }
}

export class CurrencyNotSold extends DomainError {
  constructor(currency: string, sold: readonly string[]) {
    const texts = { en: 'It is not sold in this currency.', ru: 'В этой валюте это не продаётся.' };
    super('payments.currency_not_sold', texts, 422, { currency, sold });
  }
}

/** @throws CurrencyNotSold */
export function priceIn(prices: Prices, currency: string): number {
  const price = prices[currency];
  if (price === undefined) throw new CurrencyNotSold(currency, Object.keys(prices));
  return price;
}

/** What bots sell. */
@Injectable()
export class CatalogueService {
  /** In the order in which they are shown. */
  plans(tx: EntityManager, botId: string): Promise<Plan[]> {
    return tx.find(Plan, { where: { botId, archivedAt: IsNull() }, order: { position: 'ASC', id: 'ASC' } });
  }

  packages(tx: EntityManager, botId: string): Promise<Package[]> {
    return tx.find(Package, { where: { botId, archivedAt: IsNull() }, order: { position: 'ASC', id: 'ASC' } });
  }

  /** Also one that is sold no more: who has it goes on with it. */
  async plan(tx: EntityManager, botId: string, planId: string): Promise<Plan> {
    const plan = await tx.findOneBy(Plan, { id: planId, botId });
    if (!plan) throw new PlanNotFound(planId);
    return plan;
  }

  /** Also one that is sold no more. */
  async package(tx: EntityManager, botId: string, packageId: string): Promise<Package> {
    const found = await tx.findOneBy(Package, { id: packageId, botId });
    if (!found) throw new PackageNotFound(packageId);
    return found;
  }

  /** How what is wanted stands on receipts. */
  async receiptTerms(tx: EntityManager, botId: string, wanted: Wanted): Promise<ReceiptTerms> {
    // Goods have terms of their own: see ReceiptsService.
    if (wanted.kind === 'top-up' || wanted.kind === 'goods') return {};
    if (wanted.kind === 'package') return (await this.package(tx, botId, wanted.packageId)).receipt;
    return (await this.plan(tx, botId, wanted.planId)).receipt;
  }

  async soldPackage(tx: EntityManager, botId: string, packageId: string): Promise<Package> {
    const found = await tx.findOneBy(Package, { id: packageId, botId, archivedAt: IsNull() });
    if (!found) throw new PackageNotFound(packageId);
    return found;
  }
}
