import { Module } from '@nestjs/common';
import { CatalogueModule } from '../catalogue/catalogue.module';
import { InvoicesModule } from '../invoices/invoices.module';
import { LedgerModule } from '../ledger/ledger.module';
import { OrdersModule } from '../orders/orders.module';
import { ReferralsModule } from '../referrals/referrals.module';
import { SubscriptionsModule } from '../subscriptions/subscriptions.module';
import { ClaimsService } from './claims.service';
import { GuestsController } from './guests.controller';
import { GuestsHandlers } from './guests.handlers';
import { GuestsJobs } from './guests.jobs';
import { GuestsService } from './guests.service';

@Module({
  imports: [LedgerModule, CatalogueModule, SubscriptionsModule, OrdersModule, InvoicesModule, ReferralsModule],
  controllers: [GuestsController, GuestsHandlers],
  providers: [GuestsService, ClaimsService, GuestsJobs],
})
export class GuestsModule {}
