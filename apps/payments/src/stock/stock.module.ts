import { Module } from '@nestjs/common';
import { StockController } from './stock.controller';
import { StockJobs } from './stock.jobs';
import { StockService } from './stock.service';

@Module({ controllers: [StockController], providers: [StockService, StockJobs], exports: [StockService] })
export class StockModule {}
