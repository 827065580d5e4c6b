import { Module } from '@nestjs/common';
import { InvoicesModule } from '../invoices/invoices.module';
import { ReconciliationController } from './reconciliation.controller';
import { ReconciliationJobs } from './reconciliation.jobs';
import { ReconciliationService } from './reconciliation.service';

@Module({
  imports: [InvoicesModule],
  controllers: [ReconciliationController],
  providers: [ReconciliationService, ReconciliationJobs],
})
export class ReconciliationModule {}
