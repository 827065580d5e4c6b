import { Injectable } from '@nestjs/common';
import { Outbox } from '@switchboard/bus';
import {
  AnnounceSubscriptions,
  AuditEntryAppendRequested,
  EndSubscription,
  ExtendSubscription,
  type ListSubscriptions,
} from '@switchboard/contracts';
import { type AnswerOf, auditEntry, Cursors, DomainError, type RequestOf, seesBot } from '@switchboard/service-kit';
import { DataSource, type EntityManager, In } from 'typeorm';
import { Plan } from '../catalogue/plan.entity';
import { Subscription } from '../subscriptions/subscription.entity';
import { SubscriptionsJobs } from '../subscriptions/subscriptions.jobs';
import { SubscriptionNotFound, SubscriptionsService } from '../subscriptions/subscriptions.service';

type Shown = AnswerOf<typeof ExtendSubscription>;

class SubscriptionOver extends DomainError {
  constructor() {
    super('payments.subscription_over', { en: 'The subscription has ended.', ru: 'Подписка завершена.' }, 409);
  }
}

/** What staff see and change of what people are subscribed to. */
@Injectable()
export class SubscribersService {
  constructor(
    private readonly db: DataSource,
    private readonly subscriptions: SubscriptionsService,
    private readonly jobs: SubscriptionsJobs,
    private readonly outbox: Outbox,
    private readonly cursors: Cursors,
  ) {}

  async list(request: RequestOf<typeof ListSubscriptions>): Promise<AnswerOf<typeof ListSubscriptions>> {
    const { botId, userId, planId, status } = request.query;
    const { bots } = request.actor;
    const rows = this.db.manager.createQueryBuilder(Subscription, 's');
    if (bots) rows.andWhere('s.botId IN (:...bots)', { bots: [...bots, ''] });
    if (botId) rows.andWhere('s.botId = :botId', { botId });
    if (userId) rows.andWhere('s.userId = :userId', { userId });
    if (planId) rows.andWhere('s.planId = :planId', { planId });
    if (status) rows.andWhere('s.status IN (:...status)', { status });
    const { data, page } = await this.cursors.select(request, rows, ['id']);
    const plans = await this.db.manager.findBy(Plan, { id: In(data.map(({ planId }) => planId)) });
    return {
      data: data.map((one) =>
        shown(
          one,
          plans.find(({ id }) => id === one.planId)!,
        ),
      ),
      page,
    };
  }

  async extend(tx: EntityManager, request: RequestOf<typeof ExtendSubscription>): Promise<Shown> {
    const { subscription, plan } = await this.lock(tx, request);
    const { days, reason } = request.body;
    const before = { validUntil: subscription.validUntil.toISOString() };
    await this.subscriptions.giveDays(tx, subscription, days);
    const after = { validUntil: subscription.validUntil.toISOString(), days };
    await this.audit(tx, request, ExtendSubscription, subscription, { before, after, reason });
    return shown(subscription, plan);
  }

  async end(tx: EntityManager, request: RequestOf<typeof EndSubscription>): Promise<Shown> {
    const { subscription, plan } = await this.lock(tx, request);
    const before = { status: subscription.status };
    await this.subscriptions.endNow(tx, subscription);
    const { reason } = request.body;
    await this.audit(tx, request, EndSubscription, subscription, { before, after: { status: 'ended' }, reason });
    return shown(subscription, plan);
  }

  async announce(
    tx: EntityManager,
    { actor }: RequestOf<typeof AnnounceSubscriptions>,
  ): Promise<AnswerOf<typeof AnnounceSubscriptions>> {
    await this.jobs.announce(tx);
    const subscriptions = await this.subscriptions.countAnnounced(tx);
    const about = { resourceType: 'subscription', resourceId: 'all', after: { subscriptions } };
    await this.outbox.add(tx, AuditEntryAppendRequested(auditEntry(actor, AnnounceSubscriptions, about)));
    return { subscriptions };
  }

  private async lock(
    tx: EntityManager,
    { params, actor, ifMatch }: RequestOf<typeof ExtendSubscription> | RequestOf<typeof EndSubscription>,
  ): Promise<{ subscription: Subscription; plan: Plan }> {
    const subscription = await this.subscriptions.lock(tx, params.subscriptionId);
    if (!seesBot(actor.bots, subscription.botId)) throw new SubscriptionNotFound();
    ifMatch.check(subscription.revision);
    if (subscription.status === 'ended') throw new SubscriptionOver();
    return { subscription, plan: await tx.findOneByOrFail(Plan, { id: subscription.planId }) };
  }

  private async audit(
    tx: EntityManager,
    { actor }: RequestOf<typeof ExtendSubscription> | RequestOf<typeof EndSubscription>,
    route: typeof ExtendSubscription | typeof EndSubscription,
    { id: resourceId, botId }: Subscription,
    change: { before: Record<string, unknown>; after: Record<string, unknown>; reason: string },
  ): Promise<void> {
    const about = { resourceType: 'subscription', resourceId, botId };
    await this.outbox.add(tx, AuditEntryAppendRequested(auditEntry(actor, route, { ...about, ...change })));
  }
}

const shown = (subscription: Subscription, { name: planName, level }: Plan): Shown => ({
  ...subscription,
  planName,
  level,
});
