import { Module } from '@nestjs/common';
import { AccessModule } from '../access/access.module';
import { ApiKeysModule } from '../api-keys/api-keys.module';
import { AuditModule } from '../audit/audit.module';
import { LimitsModule } from '../limits/limits.module';
import { MailModule } from '../mail/mail.module';
import { ProofOfWorkModule } from '../proof-of-work/proof-of-work.module';
import { SessionsModule } from '../sessions/sessions.module';
import { FirstOwner } from './first-owner';
import { LocalSignIn } from './local-sign-in';
import { PasskeysController } from './passkeys.controller';
import { PasskeysService } from './passkeys.service';
import { SignInAudit } from './sign-in-audit';
import { StaffCipher } from './staff-cipher';
import { StaffNoticesJobs } from './staff-notices.jobs';
import { StaffSignInController } from './staff-sign-in.controller';
import { StaffSignInService } from './staff-sign-in.service';
import { StaffAttempts } from './staff-attempts';
import { StaffTickets } from './staff-tickets';
import { StaffController } from './staff.controller';
import { StaffKeysService } from './staff-keys.service';
import { StaffNames } from './staff-names';
import { StaffService } from './staff.service';

@Module({
  imports: [AccessModule, ApiKeysModule, AuditModule, LimitsModule, MailModule, ProofOfWorkModule, SessionsModule],
  controllers: [PasskeysController, StaffController, StaffSignInController],
  providers: [
    ...[StaffService, StaffSignInService, StaffTickets, PasskeysService, FirstOwner, StaffAttempts],
    ...[LocalSignIn, SignInAudit, StaffCipher, StaffKeysService, StaffNames, StaffNoticesJobs],
  ],
  exports: [SignInAudit, StaffCipher, StaffService, StaffTickets],
})
export class StaffModule {}
