import { Module } from '@nestjs/common';
import { CatalogueModule } from '../catalogue/catalogue.module';
import { LedgerModule } from '../ledger/ledger.module';
import { OrdersModule } from '../orders/orders.module';
import { InvoicesJobs } from './invoices.jobs';
import { InvoicesService } from './invoices.service';
import { ReceiptsService } from './receipts.service';
import { SavedMethodsService } from './saved-methods.service';

@Module({
  imports: [LedgerModule, CatalogueModule, OrdersModule],
  providers: [InvoicesService, InvoicesJobs, SavedMethodsService, ReceiptsService],
  exports: [InvoicesService, InvoicesJobs, SavedMethodsService, ReceiptsService],
})
export class InvoicesModule {}
