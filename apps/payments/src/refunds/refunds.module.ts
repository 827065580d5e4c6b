import { Module } from '@nestjs/common';
import { InvoicesModule } from '../invoices/invoices.module';
import { LedgerModule } from '../ledger/ledger.module';
import { OrdersModule } from '../orders/orders.module';
import { PromoCodesModule } from '../promo-codes/promo-codes.module';
import { SubscriptionsModule } from '../subscriptions/subscriptions.module';
import { RefundsJobs } from './refunds.jobs';
import { RefundsService } from './refunds.service';

@Module({
  imports: [LedgerModule, PromoCodesModule, SubscriptionsModule, OrdersModule, InvoicesModule],
  providers: [RefundsService, RefundsJobs],
  exports: [RefundsService, RefundsJobs],
})
export class RefundsModule {}
