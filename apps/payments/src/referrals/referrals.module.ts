import { Module } from '@nestjs/common';
import { LedgerModule } from '../ledger/ledger.module';
import { SubscriptionsModule } from '../subscriptions/subscriptions.module';
import { TermsModule } from '../terms/terms.module';
import { ReferralViews } from './referral-views.service';
import { ReferralsController } from './referrals.controller';
import { ReferralsHandlers } from './referrals.handlers';
import { ReferralsService } from './referrals.service';
import { RewardsJobs } from './rewards.jobs';
import { RewardsService } from './rewards.service';

@Module({
  imports: [LedgerModule, SubscriptionsModule, TermsModule],
  controllers: [ReferralsController, ReferralsHandlers],
  providers: [ReferralsService, RewardsService, RewardsJobs, ReferralViews],
  exports: [ReferralsService, RewardsService, ReferralViews],
})
export class ReferralsModule {}
