import { Module } from '@nestjs/common';
import { AlertsModule } from './alerts/alerts.module';
import { AnomaliesModule } from './anomalies/anomalies.module';
import { ArchiveModule } from './archive/archive.module';
import { BackupModule } from './backup/backup.module';
import { BoardsModule } from './boards/boards.module';
import { ConsentsModule } from './consents/consents.module';
import { DemoModule } from './demo/demo.module';
import { EventsModule } from './events/events.module';
import { ExportsModule } from './exports/exports.module';
import { MonitoringModule } from './monitoring/monitoring.module';
import { OwnStatisticsModule } from './own-statistics/own-statistics.module';
import { ExperimentsModule } from './experiments/experiments.module';
import { RetentionModule } from './retention/retention.module';
import { RollupsModule } from './rollups/rollups.module';
import { UiEventsModule } from './ui-events/ui-events.module';

@Module({
  imports: [
    RollupsModule,
    EventsModule,
    ConsentsModule,
    UiEventsModule,
    ArchiveModule,
    BackupModule,
    ExperimentsModule,
    AlertsModule,
    AnomaliesModule,
    RetentionModule,
    OwnStatisticsModule,
    BoardsModule,
    ExportsModule,
    MonitoringModule,
    DemoModule,
  ],
})
export class AnalyticsModule {}
