import { Module } from '@nestjs/common';
import { ModelsService } from './models.service';
import { PricesService } from './prices.service';

@Module({ providers: [ModelsService, PricesService], exports: [ModelsService, PricesService] })
export class ModelsModule {}
