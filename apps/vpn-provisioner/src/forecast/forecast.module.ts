import { Module } from '@nestjs/common';
import { ForecastController } from './forecast.controller';
import { ForecastJobs } from './forecast.jobs';
import { ForecastService } from './forecast.service';
import { RegionLoads } from './region-loads.service';

@Module({ controllers: [ForecastController], providers: [RegionLoads, ForecastService, ForecastJobs] })
export class ForecastModule {}
