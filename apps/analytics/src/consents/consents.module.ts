import { Module } from '@nestjs/common';
import { AnalyticsPersonErased } from '@switchboard/contracts';
import { Erasure, PersonErasureModule } from '@switchboard/service-kit';
import { EventsModule } from '../events/events.module';
import { ConsentsHandlers } from './consents.handlers';
import { ConsentsService } from './consents.service';

@Module({
  imports: [EventsModule, PersonErasureModule.saying(AnalyticsPersonErased)],
  controllers: [ConsentsHandlers],
  providers: [ConsentsService],
  exports: [ConsentsService],
})
export class ConsentsModule {
  constructor(erasure: Erasure, consents: ConsentsService) {
    erasure.add({ rows: (tx, userId) => consents.erase(tx, userId) });
  }
}
