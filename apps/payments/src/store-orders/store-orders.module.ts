import { Module } from '@nestjs/common';
import { CartsModule } from '../carts/carts.module';
import { InvoicesModule } from '../invoices/invoices.module';
import { OrdersModule } from '../orders/orders.module';
import { RefundsModule } from '../refunds/refunds.module';
import { StockModule } from '../stock/stock.module';
import { FulfilmentService } from './fulfilment.service';
import { ReturnsService } from './returns.service';
import { StoreOrderViews } from './store-order-views.service';
import { StoreOrdersController } from './store-orders.controller';
import { StoreOrdersHandlers } from './store-orders.handlers';
import { StoreOrdersJobs } from './store-orders.jobs';
import { StoreOrdersService } from './store-orders.service';

@Module({
  imports: [OrdersModule, InvoicesModule, RefundsModule, StockModule, CartsModule],
  controllers: [StoreOrdersController, StoreOrdersHandlers],
  providers: [StoreOrdersService, StoreOrderViews, FulfilmentService, ReturnsService, StoreOrdersJobs],
  exports: [StoreOrdersService, StoreOrderViews],
})
export class StoreOrdersModule {}
