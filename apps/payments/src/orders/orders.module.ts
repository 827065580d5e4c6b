import { Module } from '@nestjs/common';
import { CatalogueModule } from '../catalogue/catalogue.module';
import { LedgerModule } from '../ledger/ledger.module';
import { PromoCodesModule } from '../promo-codes/promo-codes.module';
import { SubscriptionsModule } from '../subscriptions/subscriptions.module';
import { UsageBillingModule } from '../usage-billing/usage-billing.module';
import { OrdersHandlers } from './orders.handlers';
import { OrdersJobs } from './orders.jobs';
import { OrdersService } from './orders.service';
import { QuotesService } from './quotes.service';

@Module({
  imports: [LedgerModule, CatalogueModule, PromoCodesModule, UsageBillingModule, SubscriptionsModule],
  controllers: [OrdersHandlers],
  providers: [OrdersService, OrdersJobs, QuotesService],
  exports: [OrdersService, QuotesService],
})
export class OrdersModule {}
