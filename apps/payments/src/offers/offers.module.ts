import { Module } from '@nestjs/common';
import { PromoCodesModule } from '../promo-codes/promo-codes.module';
import { SegmentsModule } from '../segments/segments.module';
import { PersonalOffersController } from './offers.controller';
import { OffersOfStaffService } from './offers-of-staff.service';
import { PersonalOffersService } from './personal-offers.service';

@Module({
  imports: [PromoCodesModule, SegmentsModule],
  controllers: [PersonalOffersController],
  providers: [OffersOfStaffService, PersonalOffersService],
})
export class OffersModule {}
