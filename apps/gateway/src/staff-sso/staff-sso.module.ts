import { Module } from '@nestjs/common';
import { AccessModule } from '../access/access.module';
import { SessionsModule } from '../sessions/sessions.module';
import { StaffModule } from '../staff/staff.module';
import { SsoLogoutService } from './sso-logout.service';
import { SsoMembersService } from './sso-members.service';
import { SsoController } from './sso.controller';
import { SsoService } from './sso.service';

@Module({
  imports: [AccessModule, SessionsModule, StaffModule],
  controllers: [SsoController],
  providers: [SsoService, SsoMembersService, SsoLogoutService],
})
export class StaffSsoModule {}
