import { Module } from '@nestjs/common';
import { AccessesModule } from '../accesses/accesses.module';
import { ServersModule } from '../servers/servers.module';
import { DriftController } from './drift.controller';
import { DriftMetrics } from './drift-metrics';
import { DriftJobs } from './drift.jobs';
import { DriftService } from './drift.service';

@Module({
  imports: [ServersModule, AccessesModule],
  controllers: [DriftController],
  providers: [DriftJobs, DriftMetrics, DriftService],
  exports: [DriftService],
})
export class DriftModule {}
