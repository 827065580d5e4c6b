import { Injectable } from '@nestjs/common';
import type { LocalizedText, OrderKind, StoreOrderDelivery, StoreOrderLine, Wanted } from '@switchboard/contracts';
import { Clock, DomainError } from '@switchboard/service-kit';
import type { EntityManager } from 'typeorm';
import type { z } from 'zod';
import { CatalogueService, priceIn, PlanNotFound } from '../catalogue/catalogue.service';
import { type Package } from '../catalogue/package.entity';
import type { Plan } from '../catalogue/plan.entity';
import { PromoCodesService } from '../promo-codes/promo-codes.service';
import { Subscription } from '../subscriptions/subscription.entity';
import { type Credit, SubscriptionsService } from '../subscriptions/subscriptions.service';
import { UsageBillingService, type UseOwed } from '../usage-billing/usage-billing.service';

/** What a person asks for, and by what. */
export interface Asked {
  readonly userId: string;
  readonly botId: string;
  readonly wanted: Wanted;
  readonly currency: string;
  readonly promoCode?: string | undefined;
}

/** What it costs, and everything that an order of it has to know. */
export interface Offer {
  readonly kind: z.output<typeof OrderKind>;
  readonly title: LocalizedText;
  readonly listMinor: number;
  readonly discountMinor: number;
  readonly creditMinor: number;
  /** What was used beyond the plan until now; it is paid as well. */
  readonly use?: UseOwed | undefined;
  readonly totalMinor: number;
  readonly extraDays: number;
  readonly promoCode: string | null;
  readonly plan?: Plan;
  readonly package?: Package;
  readonly subscription?: Subscription;
  readonly credit?: Credit;
  readonly goods?: GoodsOffer;
}

/** Of goods: each line, and how they come to whom. */
export interface GoodsOffer {
  readonly brandId: string;
  readonly lines: z.output<typeof StoreOrderLine>[];
  readonly delivery: z.output<typeof StoreOrderDelivery>;
  /** Of the lines: promo codes make them cheaper, and not their delivery. */
  readonly goodsMinor: number;
}

type Listed = Omit<Offer, 'discountMinor' | 'promoCode' | 'totalMinor'>;

/** What things of a kind cost that are sold by a feature above this one. */
export type ListGoods = (
  tx: EntityManager,
  asked: Asked,
  wanted: Extract<Wanted, { kind: 'goods' }>,
) => Promise<Listed>;

export class AmountOutOfRange extends DomainError {
  constructor(least: number, most: number) {
    const texts = { en: 'The amount is too small or too large.', ru: 'Сумма слишком мала или слишком велика.' };
    super('payments.amount_out_of_range', texts, 422, { least, most });
  }
}

/** In the smallest parts of whatever currency: what providers take at all. */
const TOP_UP = { least: 100, most: 10_000_000 };
const TOP_UP_TITLE: LocalizedText = { en: 'Top-up of the balance', ru: 'Пополнение баланса' };

/** What things cost a person now, with everything that makes them cheaper. */
@Injectable()
export class QuotesService {
  private listGoods: ListGoods | undefined;

  constructor(
    private readonly catalogue: CatalogueService,
    private readonly promoCodes: PromoCodesService,
    private readonly subscriptions: SubscriptionsService,
    private readonly usage: UsageBillingService,
    private readonly clock: Clock,
  ) {}

  /** Whoever sells goods calls it when it is made. */
  onGoods(list: ListGoods): void {
    this.listGoods = list;
  }

  /** @throws one of what `QuoteOrder` may answer */
  async offer(tx: EntityManager, asked: Asked): Promise<Offer> {
    const offer = await this.listed(tx, asked);
    const list = offer.listMinor - offer.creditMinor;
    const useMinor = offer.use?.amountMinor ?? 0;
    if (asked.promoCode === undefined)
      return { ...offer, discountMinor: 0, promoCode: null, totalMinor: Math.max(0, list) + useMinor };
    const { userId, botId, currency, promoCode } = asked;
    const planId = offer.plan?.id;
    const discount = await this.promoCodes.discount(tx, {
      userId,
      botId: offer.goods?.brandId ?? botId,
      currency,
      code: promoCode,
      kind: offer.kind,
      planId,
      amountMinor: offer.goods?.goodsMinor ?? list,
    });
    return {
      ...offer,
      discountMinor: discount.amountMinor,
      extraDays: offer.extraDays + discount.days,
      promoCode: discount.code,
      totalMinor: Math.max(0, list - discount.amountMinor) + useMinor,
    };
  }

  private async listed(tx: EntityManager, asked: Asked): Promise<Listed> {
    const { wanted, botId, currency } = asked;
    const usual = { creditMinor: 0, extraDays: 0 };
    switch (wanted.kind) {
      case 'plan':
        return this.plan(tx, asked, wanted);
      case 'gift': {
        const plan = await this.soldPlan(tx, botId, wanted.planId);
        if (!plan.giftable) throw new PlanNotFound(plan.id);
        return { ...usual, kind: 'gift', title: plan.name, listMinor: priceIn(plan.prices, currency), plan };
      }
      case 'package': {
        const found = await this.catalogue.soldPackage(tx, botId, wanted.packageId);
        const subscription = await this.subscriptions.lock(tx, wanted.subscriptionId, asked.userId);
        const listMinor = priceIn(found.prices, currency) * wanted.quantity;
        return { ...usual, kind: 'package', title: found.name, listMinor, package: found, subscription };
      }
      case 'top-up': {
        const { amountMinor } = wanted;
        if (amountMinor < TOP_UP.least || amountMinor > TOP_UP.most)
          throw new AmountOutOfRange(TOP_UP.least, TOP_UP.most);
        return { ...usual, kind: 'top-up', title: TOP_UP_TITLE, listMinor: amountMinor };
      }
      case 'goods':
        if (!this.listGoods) throw new Error('nobody sells goods');
        return this.listGoods(tx, asked, wanted);
    }
  }

  private async plan(tx: EntityManager, asked: Asked, wanted: Extract<Wanted, { kind: 'plan' }>) {
    const { botId, currency, userId } = asked;
    const found = await this.goesOnWith(tx, userId, botId, wanted.subscriptionId);
    // What was taken back does not return.
    const subscription = found?.status === 'ended' ? undefined : found;
    const isSame = subscription?.planId === wanted.planId;
    // Who has a plan may go on with it, also when it is sold no more.
    const plan = isSame
      ? await this.catalogue.plan(tx, botId, wanted.planId)
      : await this.soldPlan(tx, botId, wanted.planId);
    const listMinor = priceIn(plan.prices, currency);
    const present = subscription && (await this.catalogue.plan(tx, botId, subscription.planId));
    const use = present && (await this.usage.owed(tx, subscription, present, currency));
    const usual = { creditMinor: 0, extraDays: 0, title: plan.name, listMinor, plan, use };
    if (!subscription) return { ...usual, kind: 'plan' as const };
    if (isSame || subscription.status === 'expired') return { ...usual, subscription, kind: 'renewal' as const };
    const credit = await this.subscriptions.creditFor(tx, subscription, plan, listMinor, currency);
    return { ...usual, subscription, kind: 'change' as const, credit, creditMinor: credit.usedMinor };
  }

  /** Who has a trial goes on with it, and keeps the link they have. */
  private async goesOnWith(tx: EntityManager, userId: string, botId: string, subscriptionId: string | undefined) {
    if (subscriptionId !== undefined) return this.subscriptions.lock(tx, subscriptionId, userId);
    const where = [
      { userId, botId, status: 'trial' as const },
      { userId, botId, status: 'paused' as const, restsAsTrial: true },
    ];
    return (await tx.findOneBy(Subscription, where)) ?? undefined;
  }

  private async soldPlan(tx: EntityManager, botId: string, planId: string): Promise<Plan> {
    const plan = await this.catalogue.plan(tx, botId, planId);
    if (plan.archivedAt && plan.archivedAt <= this.clock.now()) throw new PlanNotFound(planId);
    return plan;
  }
}
