import { Module } from '@nestjs/common';
import { ServerTemplatesModule } from '../server-templates/server-templates.module';
import { ForecastController } from './forecast.controller';
import { ForecastJobs } from './forecast.jobs';
import { ForecastService } from './forecast.service';
import { RegionLoads } from './region-loads.service';

@Module({
  imports: [ServerTemplatesModule],
  controllers: [ForecastController],
  providers: [RegionLoads, ForecastService, ForecastJobs],
})
export class ForecastModule {}
