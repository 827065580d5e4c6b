import { Module } from '@nestjs/common';
import { Erasure } from '@switchboard/service-kit';
import { AuditModule } from '../audit/audit.module';
import { BotsModule } from '../bots/bots.module';
import { LimitsModule } from '../limits/limits.module';
import { MailModule } from '../mail/mail.module';
import { PeopleModule } from '../people/people.module';
import { ProofOfWorkModule } from '../proof-of-work/proof-of-work.module';
import { SessionsModule } from '../sessions/sessions.module';
import { SignInProviders } from './providers/sign-in-providers';
import { SignInAttempts } from './sign-in-attempts';
import { SignInLinks } from './sign-in-links';
import { SignInLinksService } from './sign-in-links.service';
import { SignInController } from './sign-in.controller';
import { SignInJobs } from './sign-in.jobs';
import { SignInService } from './sign-in.service';
import { SupabaseSignInService } from './supabase-sign-in.service';
import { WebAppSignInService } from './web-app-sign-in.service';

@Module({
  imports: [AuditModule, BotsModule, LimitsModule, MailModule, PeopleModule, ProofOfWorkModule, SessionsModule],
  controllers: [SignInController],
  providers: [
    SignInProviders,
    SignInAttempts,
    SignInLinks,
    SignInJobs,
    SignInService,
    SignInLinksService,
    SupabaseSignInService,
    WebAppSignInService,
  ],
})
export class SignInModule {
  constructor(erasure: Erasure, links: SignInLinks) {
    erasure.add({ rows: (tx, userId) => links.forgetOf(tx, userId) });
  }
}
