import { Module } from '@nestjs/common';
import { DeliveryModule } from '../delivery/delivery.module';
import { InvoicesModule } from '../invoices/invoices.module';
import { OrdersModule } from '../orders/orders.module';
import { CartsController } from './carts.controller';
import { CartsJobs } from './carts.jobs';
import { CartsService } from './carts.service';
import { StorefrontService } from './storefront.service';

@Module({
  imports: [OrdersModule, InvoicesModule, DeliveryModule],
  controllers: [CartsController],
  providers: [StorefrontService, CartsService, CartsJobs],
  exports: [CartsService],
})
export class CartsModule {}
