import { Module } from '@nestjs/common';
import { ConsentsModule } from './consents/consents.module';
import { EventsModule } from './events/events.module';
import { RollupsModule } from './rollups/rollups.module';

@Module({ imports: [RollupsModule, EventsModule, ConsentsModule] })
export class AnalyticsModule {}
