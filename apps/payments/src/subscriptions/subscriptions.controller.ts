import { Controller } from '@nestjs/common';
import { ChangeMySubscription, ListMySubscriptions, StartTrial } from '@switchboard/contracts';
import { type AnswerOf, asActor, Implements, type RequestOf } from '@switchboard/service-kit';
import { DataSource, EntityManager } from 'typeorm';
import { CatalogueService } from '../catalogue/catalogue.service';
import { OwnSubscriptionsService } from './own-subscriptions.service';
import { SubscriptionViews } from './subscription-views.service';
import { TrialsService } from './trials.service';

@Controller()
export class SubscriptionsController {
  constructor(
    private readonly db: DataSource,
    private readonly catalogue: CatalogueService,
    private readonly own: OwnSubscriptionsService,
    private readonly trials: TrialsService,
    private readonly views: SubscriptionViews,
  ) {}

  @Implements(ListMySubscriptions)
  async list({ actor, query }: RequestOf<typeof ListMySubscriptions>): Promise<AnswerOf<typeof ListMySubscriptions>> {
    return { data: await asActor(this.db, actor, (tx) => this.views.of(tx, actor.id, query.botId)) };
  }

  @Implements(StartTrial)
  async startTrial(
    { actor, body }: RequestOf<typeof StartTrial>,
    tx: EntityManager,
  ): Promise<AnswerOf<typeof StartTrial>> {
    const plans = await this.catalogue.plans(tx, body.botId);
    return this.views.one(tx, await this.trials.start(tx, actor.id, plans, body.region));
  }

  @Implements(ChangeMySubscription)
  change({
    actor,
    params,
    body,
    ifMatch,
  }: RequestOf<typeof ChangeMySubscription>): Promise<AnswerOf<typeof ChangeMySubscription>> {
    return this.db.transaction(async (tx) =>
      this.views.one(tx, await this.own.change(tx, actor.id, params.subscriptionId, body, ifMatch)),
    );
  }
}
