import { Module } from '@nestjs/common';
import { AllowancesHandlers } from './allowances.handlers';
import { AllowancesService } from './allowances.service';
import { BudgetsService } from './budgets.service';
import { PricesService } from './prices.service';
import { UsageController } from './usage.controller';
import { UsageJobs } from './usage.jobs';
import { UsageService } from './usage.service';

/** What calls of models cost: prices, budgets, usage. */
@Module({
  controllers: [AllowancesHandlers, UsageController],
  providers: [AllowancesService, BudgetsService, PricesService, UsageJobs, UsageService],
  exports: [BudgetsService, PricesService, UsageService],
})
export class AccountingModule {}
