import { Module } from '@nestjs/common';
import { LedgerModule } from '../ledger/ledger.module';
import { RefundsModule } from '../refunds/refunds.module';
import { SubscriptionsModule } from '../subscriptions/subscriptions.module';
import { BackOfficeController } from './back-office.controller';
import { SalesBoardService } from './sales-board.service';
import { SalesMetrics } from './sales-metrics';
import { SalesService } from './sales.service';
import { SubscribersService } from './subscribers.service';

@Module({
  imports: [LedgerModule, SubscriptionsModule, RefundsModule],
  controllers: [BackOfficeController],
  providers: [SalesService, SalesBoardService, SubscribersService, SalesMetrics],
})
export class BackOfficeModule {}
