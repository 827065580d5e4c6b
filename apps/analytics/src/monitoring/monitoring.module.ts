import { Module } from '@nestjs/common';
import { BackupModule } from '../backup/backup.module';
import { BusinessMetrics } from './business.metrics';
import { StatisticsMetrics } from './statistics.metrics';

@Module({ imports: [BackupModule], providers: [BusinessMetrics, StatisticsMetrics] })
export class MonitoringModule {}
