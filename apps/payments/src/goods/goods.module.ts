import { Module } from '@nestjs/common';
import { GoodsController } from './goods.controller';
import { GoodsService } from './goods.service';
import { ProductChangesService } from './product-changes.service';

@Module({
  controllers: [GoodsController],
  providers: [GoodsService, ProductChangesService],
  exports: [GoodsService],
})
export class GoodsModule {}
