import { Module } from '@nestjs/common';
import { LedgerArchive } from './ledger-archive.service';
import { LedgerMonthsController } from './ledger-months.controller';
import { LedgerService } from './ledger.service';
import { LedgerJobs } from './ledger.jobs';
import { LedgerReports } from './ledger-reports.service';
import { LedgerPartitions } from './ledger-partitions';

@Module({
  controllers: [LedgerMonthsController],
  providers: [LedgerService, LedgerReports, LedgerPartitions, LedgerArchive, LedgerJobs],
  exports: [LedgerService, LedgerReports],
})
export class LedgerModule {}
