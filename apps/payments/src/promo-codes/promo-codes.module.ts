import { Module } from '@nestjs/common';
import { PromoCodeOffersService } from './promo-code-offers.service';
import { PromoCodesController } from './promo-codes.controller';
import { PromoCodesService } from './promo-codes.service';

@Module({
  controllers: [PromoCodesController],
  providers: [PromoCodesService, PromoCodeOffersService],
  exports: [PromoCodesService, PromoCodeOffersService],
})
export class PromoCodesModule {}
