import { Module } from '@nestjs/common';
import { CatalogueService } from './catalogue.service';
import { OffersController } from './offers.controller';
import { OffersService } from './offers.service';

@Module({
  controllers: [OffersController],
  providers: [CatalogueService, OffersService],
  exports: [CatalogueService],
})
export class CatalogueModule {}
