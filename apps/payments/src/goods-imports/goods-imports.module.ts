import { Module } from '@nestjs/common';
import { GoodsModule } from '../goods/goods.module';
import { StockModule } from '../stock/stock.module';
import { GoodsExportService } from './goods-export.service';
import { GoodsImportsController } from './goods-imports.controller';
import { GoodsImportsJobs } from './goods-imports.jobs';
import { GoodsImportsService } from './goods-imports.service';
import { ImportPlanService } from './import-plan.service';

@Module({
  imports: [GoodsModule, StockModule],
  controllers: [GoodsImportsController],
  providers: [GoodsImportsService, ImportPlanService, GoodsImportsJobs, GoodsExportService],
})
export class GoodsImportsModule {}
