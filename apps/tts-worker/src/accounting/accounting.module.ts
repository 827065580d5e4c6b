import { Module } from '@nestjs/common';
import { BudgetsService } from './budgets.service';
import { PricesService } from './prices.service';

@Module({ providers: [BudgetsService, PricesService], exports: [BudgetsService] })
export class AccountingModule {}
