import { Module } from '@nestjs/common';
import { ConnectionAttemptsService } from './connection-attempts.service';
import { ConnectionsController } from './connections.controller';
import { ConnectionsHandlers } from './connections.handlers';
import { ConnectionsJobs } from './connections.jobs';
import { ConnectionsService } from './connections.service';

@Module({
  controllers: [ConnectionsController],
  providers: [ConnectionsService, ConnectionAttemptsService, ConnectionsHandlers, ConnectionsJobs],
})
export class ConnectionsModule {}
