import { Module } from '@nestjs/common';
import { AccessModule } from '../access/access.module';
import { LimitsModule } from '../limits/limits.module';
import { SessionsModule } from '../sessions/sessions.module';
import { FirstOwner } from './first-owner';
import { StaffSignInController } from './staff-sign-in.controller';
import { StaffSignInService } from './staff-sign-in.service';
import { StaffController } from './staff.controller';
import { StaffService } from './staff.service';

@Module({
  imports: [AccessModule, LimitsModule, SessionsModule],
  controllers: [StaffController, StaffSignInController],
  providers: [StaffService, StaffSignInService, FirstOwner],
})
export class StaffModule {}
