import { Module } from '@nestjs/common';
import { CatalogueModule } from '../catalogue/catalogue.module';
import { InvoicesModule } from '../invoices/invoices.module';
import { OrdersModule } from '../orders/orders.module';
import { SubscriptionsModule } from '../subscriptions/subscriptions.module';
import { UsageBillingModule } from '../usage-billing/usage-billing.module';
import { RenewalsHandlers } from './renewals.handlers';
import { RenewalsJobs } from './renewals.jobs';
import { RenewalsService } from './renewals.service';

@Module({
  imports: [CatalogueModule, UsageBillingModule, SubscriptionsModule, OrdersModule, InvoicesModule],
  controllers: [RenewalsHandlers],
  providers: [RenewalsService, RenewalsJobs],
})
export class RenewalsModule {}
