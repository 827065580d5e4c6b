import { Module } from '@nestjs/common';
import { AccessesModule } from '../accesses/accesses.module';
import { DriftModule } from '../drift/drift.module';
import { ServersModule } from '../servers/servers.module';
import { HealthController } from './health.controller';
import { HealthJobs } from './health.jobs';
import { HealthService } from './health.service';
import { MaintenanceService } from './maintenance.service';

@Module({
  imports: [ServersModule, AccessesModule, DriftModule],
  controllers: [HealthController],
  providers: [HealthJobs, HealthService, MaintenanceService],
  exports: [MaintenanceService],
})
export class HealthModule {}
