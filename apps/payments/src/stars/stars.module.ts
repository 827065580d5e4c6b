import { Module } from '@nestjs/common';
import { CatalogueModule } from '../catalogue/catalogue.module';
import { InvoicesModule } from '../invoices/invoices.module';
import { OrdersModule } from '../orders/orders.module';
import { SubscriptionsModule } from '../subscriptions/subscriptions.module';
import { StarsController } from './stars.controller';
import { StarsHandlers } from './stars.handlers';
import { StarsJobs } from './stars.jobs';
import { StarsService } from './stars.service';

@Module({
  imports: [CatalogueModule, SubscriptionsModule, OrdersModule, InvoicesModule],
  controllers: [StarsController, StarsHandlers],
  providers: [StarsService, StarsJobs],
})
export class StarsModule {}
