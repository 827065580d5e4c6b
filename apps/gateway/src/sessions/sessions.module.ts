import { Module } from '@nestjs/common';
import { AuditModule } from '../audit/audit.module';
import { AccessTokens } from './access-tokens.service';
import { AppSessionsService } from './app-sessions.service';
import { SessionsJobs } from './sessions.jobs';
import { SessionsService } from './sessions.service';
import { SigningKeys } from './signing-keys.service';
import { TokensController } from './tokens.controller';
import { WellKnownService } from './well-known.service';

@Module({
  imports: [AuditModule],
  controllers: [TokensController],
  providers: [SessionsService, AppSessionsService, AccessTokens, SigningKeys, WellKnownService, SessionsJobs],
  exports: [SessionsService, AppSessionsService, WellKnownService],
})
export class SessionsModule {}
