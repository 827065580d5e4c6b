import { Module } from '@nestjs/common';
import { LedgerService } from './ledger.service';
import { LedgerJobs } from './ledger.jobs';
import { LedgerReports } from './ledger-reports.service';
import { LedgerPartitions } from './ledger-partitions';

@Module({
  providers: [LedgerService, LedgerReports, LedgerPartitions, LedgerJobs],
  exports: [LedgerService, LedgerReports],
})
export class LedgerModule {}
