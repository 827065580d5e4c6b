import { Module } from '@nestjs/common';
import { FunnelsService } from './funnels.service';
import { GrowthService } from './growth.service';
import { RatesController } from './rates.controller';
import { RatesService } from './rates.service';
import { RetentionService } from './retention.service';
import { RevenueService } from './revenue.service';
import { UsageService } from './usage.service';

const services = [FunnelsService, GrowthService, RatesService, RetentionService, RevenueService, UsageService];

/** What numbers mean: each definition once, as a statement over what the event store keeps. */
@Module({ controllers: [RatesController], providers: services, exports: services })
export class MetricsModule {}
