import { Module } from '@nestjs/common';
import { AccessesModule } from '../accesses/accesses.module';
import { OwnAccessesModule } from '../own-accesses/own-accesses.module';
import { TrafficModule } from '../traffic/traffic.module';
import { TrafficBudgets } from './traffic-budgets.service';
import { UsageAnomalies } from './usage-anomalies.service';
import { UsageCounting } from './usage-counting.service';
import { UsageController } from './usage.controller';
import { UsageHandlers } from './usage.handlers';
import { UsageJobs } from './usage.jobs';
import { UsageService } from './usage.service';

@Module({
  imports: [TrafficModule, AccessesModule, OwnAccessesModule],
  controllers: [UsageController, UsageHandlers],
  providers: [UsageCounting, TrafficBudgets, UsageService, UsageAnomalies, UsageJobs],
})
export class UsageModule {}
