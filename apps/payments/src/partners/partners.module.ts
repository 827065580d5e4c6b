import { Module } from '@nestjs/common';
import { ReferralsModule } from '../referrals/referrals.module';
import { TermsModule } from '../terms/terms.module';
import { PartnersController } from './partners.controller';
import { PartnersService } from './partners.service';

@Module({
  imports: [TermsModule, ReferralsModule],
  controllers: [PartnersController],
  providers: [PartnersService],
})
export class PartnersModule {}
