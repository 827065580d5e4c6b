import { Module } from '@nestjs/common';
import { CatalogueModule } from '../catalogue/catalogue.module';
import { UsageBillingModule } from '../usage-billing/usage-billing.module';
import { MembershipsHandlers } from './memberships.handlers';
import { MembershipsService } from './memberships.service';
import { OwnSubscriptionsService } from './own-subscriptions.service';
import { SubscriptionViews } from './subscription-views.service';
import { SubscriptionsController } from './subscriptions.controller';
import { SubscriptionsJobs } from './subscriptions.jobs';
import { SubscriptionsService } from './subscriptions.service';
import { TrialsHandlers } from './trials.handlers';
import { TrialsService } from './trials.service';

@Module({
  imports: [CatalogueModule, UsageBillingModule],
  controllers: [SubscriptionsController, TrialsHandlers, MembershipsHandlers],
  providers: [
    ...[MembershipsService, SubscriptionsService, SubscriptionsJobs, OwnSubscriptionsService, TrialsService],
    SubscriptionViews,
  ],
  exports: [SubscriptionsService, SubscriptionsJobs, TrialsService, SubscriptionViews],
})
export class SubscriptionsModule {}
