import { Module } from '@nestjs/common';
import { AlertsModule } from '../alerts/alerts.module';
import { RetentionModule } from '../retention/retention.module';
import { AnomaliesController } from './anomalies.controller';
import { AnomaliesJobs } from './anomalies.jobs';
import { AnomaliesService } from './anomalies.service';
import { KnownPeriodsService } from './known-periods.service';
import { PersonUsageService } from './person-usage.service';
import { ProviderBillsService } from './provider-bills.service';
import { UsageHistoryService } from './usage-history.service';

@Module({
  imports: [AlertsModule, RetentionModule],
  controllers: [AnomaliesController],
  providers: [
    AnomaliesJobs,
    AnomaliesService,
    KnownPeriodsService,
    PersonUsageService,
    ProviderBillsService,
    UsageHistoryService,
  ],
})
export class AnomaliesModule {}
