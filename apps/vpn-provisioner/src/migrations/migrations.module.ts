import { Module } from '@nestjs/common';
import { AccessesModule } from '../accesses/accesses.module';
import { ServersModule } from '../servers/servers.module';
import { MigrationQueue } from './migration-queue';
import { MigrationsController } from './migrations.controller';
import { MigrationsHandlers } from './migrations.handlers';
import { MigrationsJobs } from './migrations.jobs';
import { MigrationsService } from './migrations.service';
import { MoversService } from './movers.service';

@Module({
  imports: [ServersModule, AccessesModule],
  controllers: [MigrationsController, MigrationsHandlers],
  providers: [MigrationQueue, MigrationsJobs, MigrationsService, MoversService],
})
export class MigrationsModule {}
