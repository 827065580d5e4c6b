import { Module } from '@nestjs/common';
import { BoardsModule } from '../boards/boards.module';
import { MetricsModule } from '../metrics/metrics.module';
import { ExportWriterService } from './export-writer.service';
import { ExportsController } from './exports.controller';
import { ExportsJobs } from './exports.jobs';
import { ExportsService } from './exports.service';
import { ReportTablesService } from './report-tables.service';

@Module({
  imports: [BoardsModule, MetricsModule],
  controllers: [ExportsController],
  providers: [ExportsJobs, ExportsService, ExportWriterService, ReportTablesService],
})
export class ExportsModule {}
