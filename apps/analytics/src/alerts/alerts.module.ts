import { Module } from '@nestjs/common';
import { EventsModule } from '../events/events.module';
import { AlertNoticesService } from './alert-notices.service';
import { AlertSettingsService } from './alert-settings.service';
import { AlertsController } from './alerts.controller';
import { AlertsJobs } from './alerts.jobs';
import { AlertsService } from './alerts.service';

@Module({
  imports: [EventsModule],
  controllers: [AlertsController],
  providers: [AlertNoticesService, AlertSettingsService, AlertsJobs, AlertsService],
  exports: [AlertSettingsService, AlertsService],
})
export class AlertsModule {}
