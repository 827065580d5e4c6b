import { Module } from '@nestjs/common';
import { AlertsModule } from '../alerts/alerts.module';
import { BackupModule } from '../backup/backup.module';
import { BusinessMetrics } from './business.metrics';
import { StatisticsMetrics } from './statistics.metrics';

@Module({ imports: [AlertsModule, BackupModule], providers: [BusinessMetrics, StatisticsMetrics] })
export class MonitoringModule {}
