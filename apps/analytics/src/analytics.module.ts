import { Module } from '@nestjs/common';
import { BoardsModule } from './boards/boards.module';
import { ConsentsModule } from './consents/consents.module';
import { EventsModule } from './events/events.module';
import { ExportsModule } from './exports/exports.module';
import { OwnStatisticsModule } from './own-statistics/own-statistics.module';
import { RollupsModule } from './rollups/rollups.module';

@Module({ imports: [RollupsModule, EventsModule, ConsentsModule, OwnStatisticsModule, BoardsModule, ExportsModule] })
export class AnalyticsModule {}
