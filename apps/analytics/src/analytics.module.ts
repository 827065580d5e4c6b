import { Module } from '@nestjs/common';
import { ArchiveModule } from './archive/archive.module';
import { BackupModule } from './backup/backup.module';
import { ConsentsModule } from './consents/consents.module';
import { EventsModule } from './events/events.module';
import { RetentionModule } from './retention/retention.module';
import { RollupsModule } from './rollups/rollups.module';
import { UiEventsModule } from './ui-events/ui-events.module';

@Module({
  imports: [RollupsModule, EventsModule, ConsentsModule, UiEventsModule, ArchiveModule, BackupModule, RetentionModule],
})
export class AnalyticsModule {}
