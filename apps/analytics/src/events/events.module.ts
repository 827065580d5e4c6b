import { Module } from '@nestjs/common';
import { EventPartitions } from './event-partitions';
import { EventStore } from './event-store.service';
import { EventsController } from './events.controller';
import { EventsHandlers } from './events.handlers';
import { EventsJobs } from './events.jobs';
import { EventsService } from './events.service';

@Module({
  controllers: [EventsController, EventsHandlers],
  providers: [EventPartitions, EventStore, EventsService, EventsJobs],
  exports: [EventPartitions, EventStore, EventsService],
})
export class EventsModule {}
