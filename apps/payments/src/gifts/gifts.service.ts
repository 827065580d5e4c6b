import { Injectable } from '@nestjs/common';
import { Outbox } from '@switchboard/bus';
import { GiftOpened, GiftReturned, type PreviewGift } from '@switchboard/contracts';
import { type AnswerOf, BlindIndex, BotsRegistry, Clock, DomainError, PersonalData } from '@switchboard/service-kit';
import type { EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { startUrl } from '../bot-links';
import { CatalogueService } from '../catalogue/catalogue.service';
import { periodOf } from '../catalogue/plan.entity';
import type { Order } from '../orders/order.entity';
import { OrdersService } from '../orders/orders.service';
import { randomCode } from '../random-code';
import { RefundsService } from '../refunds/refunds.service';
import type { Subscription } from '../subscriptions/subscription.entity';
import { SubscriptionsService } from '../subscriptions/subscriptions.service';
import { TrialsService } from '../subscriptions/trials.service';
import { TermsService } from '../terms/terms.service';
import { Gift } from './gift.entity';

class GiftNotFound extends DomainError {
  constructor() {
    super('payments.gift_not_found', { en: 'There is no such gift.', ru: 'Такого подарка нет.' }, 404);
  }
}
class GiftIsOpened extends DomainError {
  constructor() {
    super('payments.gift_opened', { en: 'The gift was opened already.', ru: 'Подарок уже открыт.' }, 409);
  }
}
class GiftIsOver extends DomainError {
  constructor() {
    const texts = { en: 'The gift cannot be opened any more.', ru: 'Этот подарок больше нельзя открыть.' };
    super('payments.gift_over', texts, 409);
  }
}
class GiftIsOwn extends DomainError {
  constructor() {
    const texts = { en: 'It is for somebody else: pass it on.', ru: 'Это подарок для другого: передайте его.' };
    super('payments.gift_own', texts, 409);
  }
}

const DAY_MS = 86_400_000;
/** 79 bits: nobody finds one by trying. */
const CODE_LENGTH = 16;
const PREFIX = 'gift_';

/** As people write it down. */
const codeIn = (text: string): string =>
  (text.startsWith(PREFIX) ? text.slice(PREFIX.length) : text).replaceAll(/[\s-]/g, '').toUpperCase();

/** What one person buys and another one has, who opens it by a code: once, whoever comes first. */
@Injectable()
export class GiftsService {
  constructor(
    private readonly bots: BotsRegistry,
    private readonly catalogue: CatalogueService,
    private readonly terms: TermsService,
    private readonly trials: TrialsService,
    private readonly subscriptions: SubscriptionsService,
    private readonly orders: OrdersService,
    private readonly refunds: RefundsService,
    private readonly personal: PersonalData,
    private readonly blindIndex: BlindIndex,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
  ) {
    orders.onHandOut('gift', (tx, order) => this.wrap(tx, order));
  }

  /** Who it is for is nobody's business but theirs who have the code. @throws GiftNotFound, GiftIsOpened, GiftIsOver */
  async preview(tx: EntityManager, userId: string, code: string): Promise<AnswerOf<typeof PreviewGift>> {
    const gift = await this.find(tx, code);
    const isOwn = gift.userId === userId;
    this.checkOpenable(gift, isOwn);
    const plan = await this.catalogue.plan(tx, gift.botId, gift.planId);
    return { botId: gift.botId, title: plan.name, period: periodOf(plan), expiresAt: gift.expiresAt, isOwn };
  }

  /** Opens it for a person; again for the same person it is what it was. @throws what `OpenGift` may answer */
  async open(tx: EntityManager, userId: string, code: string, region: string | undefined): Promise<Subscription> {
    const { id, orderId } = await this.find(tx, code);
    // The order before the gift: whoever takes its money back does so in this order, and before or after this.
    const order = await this.orders.lock(tx, orderId);
    const gift = await this.lock(tx, id);
    if (gift.openedBy === userId && gift.subscriptionId && gift.state === 'opened')
      return this.subscriptions.lock(tx, gift.subscriptionId);
    const isOwn = await this.trials.areSame(tx, gift.userId, userId);
    this.checkOpenable(gift, isOwn);
    if (order.state === 'refunded') throw new GiftIsOver();
    if (isOwn && gift.state === 'waiting' && !(await this.terms.gifts(tx, gift.botId)).giverMayOpen)
      throw new GiftIsOwn();
    const subscription = await this.handOver(tx, gift, order, userId, region);
    gift.become('opened');
    Object.assign(gift, { openedBy: userId, openedAt: this.clock.now(), subscriptionId: subscription.id });
    await this.save(tx, gift);
    const { botId, userId: giverUserId } = gift;
    await this.outbox.add(tx, GiftOpened({ giftId: id, giverUserId, userId, botId }));
    return subscription;
  }

  /** Nobody has opened it in time: whoever has bought it has it again, or its price. */
  async giveBack(tx: EntityManager, giftId: string): Promise<void> {
    const { orderId } = await tx.findOneByOrFail(Gift, { id: giftId });
    const order = await this.orders.lock(tx, orderId);
    const gift = await this.lock(tx, giftId);
    if (gift.state !== 'waiting' || gift.expiresAt > this.clock.now()) return;
    const credited = (await this.terms.gifts(tx, gift.botId)).unopened === 'balance';
    gift.become(credited ? 'credited' : 'returned');
    await this.save(tx, gift);
    const amountMinor = order.totalMinor - order.refundedMinor;
    if (credited && amountMinor > 0) {
      const asked = { amountMinor, cause: 'not-served', toBalance: true, askedBy: 'gifts', reason: null };
      await this.refunds.begin(tx, orderId, asked);
    }
    const { userId, botId } = gift;
    await this.outbox.add(tx, GiftReturned({ giftId, userId, botId, credited }));
  }

  /** All its money went back. What was opened has ended with it: see RefundsService. */
  async takenBack(tx: EntityManager, orderId: string): Promise<void> {
    const known = await tx.findOneBy(Gift, { orderId });
    if (!known) return;
    const gift = await this.lock(tx, known.id);
    if (gift.state === 'credited' || gift.state === 'taken-back') return;
    gift.become('taken-back');
    await this.save(tx, gift);
  }

  /** What the giver passes on; null once nobody can open it any more. */
  async linkOf(tx: EntityManager, orderId: string): Promise<string | null> {
    const gift = await tx.findOneBy(Gift, { orderId });
    const shown = gift && (await this.passedOn(tx, gift));
    return shown?.url ?? shown?.startParameter ?? null;
  }

  async passedOn(tx: EntityManager, gift: Gift) {
    const canBeOpened = gift.state === 'waiting' || gift.state === 'returned';
    const { code } = canBeOpened ? await this.personal.decrypt(tx, placeOf(gift), { code: gift.code }) : {};
    if (code === undefined) return { code: null, startParameter: null, url: null };
    const startParameter = `${PREFIX}${code}`;
    return { code, startParameter, url: startUrl(this.bots, gift.botId, startParameter) };
  }

  private async wrap(tx: EntityManager, order: Order): Promise<void> {
    const { id: orderId, userId, botId, wanted } = order;
    if (wanted.kind !== 'gift') return;
    const id = uuidv7();
    const code = randomCode(CODE_LENGTH);
    const sealed = await this.personal.encrypt(tx, { table: 'gifts', id, userId }, { code });
    const createdAt = this.clock.now();
    const { openDays } = await this.terms.gifts(tx, botId);
    await tx.insert(Gift, {
      ...{ id, orderId, userId, botId, planId: wanted.planId, ...sealed, codeHash: this.hash(code), state: 'waiting' },
      ...{ createdAt, expiresAt: new Date(createdAt.getTime() + openDays * DAY_MS) },
      ...{ openedBy: null, openedAt: null, subscriptionId: null },
    });
  }

  private async handOver(
    tx: EntityManager,
    gift: Gift,
    order: Order,
    userId: string,
    region: string | undefined,
  ): Promise<Subscription> {
    const plan = await this.catalogue.plan(tx, gift.botId, gift.planId);
    const { currency, extraDays } = order;
    const amountMinor = order.totalMinor - order.refundedMinor;
    const bought = { orderId: order.id, userId, plan, periods: 1, amountMinor, currency, extraDays, region };
    const present = await this.subscriptions.ofPlan(tx, userId, plan.id);
    if (!present) return this.subscriptions.begin(tx, bought, 'active');
    await this.subscriptions.extend(tx, present, bought);
    return present;
  }

  private checkOpenable(gift: Gift, isOwn: boolean): void {
    if (gift.state === 'opened') throw new GiftIsOpened();
    if (gift.state === 'returned' && isOwn) return;
    if (gift.state !== 'waiting' || gift.expiresAt <= this.clock.now()) throw new GiftIsOver();
  }

  private async find(tx: EntityManager, text: string): Promise<Gift> {
    const gift = await tx.findOneBy(Gift, { codeHash: this.hash(codeIn(text)) });
    if (!gift) throw new GiftNotFound();
    return gift;
  }

  private lock(tx: EntityManager, id: string): Promise<Gift> {
    return tx.findOneOrFail(Gift, { where: { id }, lock: { mode: 'pessimistic_write' } });
  }

  private async save(tx: EntityManager, { id, state, openedBy, openedAt, subscriptionId }: Gift): Promise<void> {
    await tx.update(Gift, { id }, { state, openedBy, openedAt, subscriptionId });
  }

  private hash(code: string): string {
    return this.blindIndex.hash('gift', code);
  }
}

const placeOf = ({ id, userId }: Gift) => ({ table: 'gifts', id, userId });
