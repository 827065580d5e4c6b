import { Module } from '@nestjs/common';
import { AccountingJobs } from './accounting.jobs';
import { BudgetsService } from './budgets.service';
import { PricesService } from './prices.service';

@Module({ providers: [BudgetsService, PricesService, AccountingJobs], exports: [BudgetsService] })
export class AccountingModule {}
