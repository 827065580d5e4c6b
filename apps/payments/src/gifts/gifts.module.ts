import { Module } from '@nestjs/common';
import { CatalogueModule } from '../catalogue/catalogue.module';
import { OrdersModule } from '../orders/orders.module';
import { RefundsModule } from '../refunds/refunds.module';
import { SubscriptionsModule } from '../subscriptions/subscriptions.module';
import { TermsModule } from '../terms/terms.module';
import { GiftsController } from './gifts.controller';
import { GiftsHandlers } from './gifts.handlers';
import { GiftsJobs } from './gifts.jobs';
import { GiftsService } from './gifts.service';

@Module({
  imports: [CatalogueModule, TermsModule, SubscriptionsModule, OrdersModule, RefundsModule],
  controllers: [GiftsController, GiftsHandlers],
  providers: [GiftsService, GiftsJobs],
  exports: [GiftsService],
})
export class GiftsModule {}
