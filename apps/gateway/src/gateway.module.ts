import { Module } from '@nestjs/common';
import { GatewayPersonErased } from '@switchboard/contracts';
import { PersonErasureModule } from '@switchboard/service-kit';
import { AuditModule } from './audit/audit.module';
import { ApprovalsModule } from './approvals/approvals.module';
import { BackupsModule } from './backups/backups.module';
import { BotsModule } from './bots/bots.module';
import { BrowserErrorsModule } from './browser-errors/browser-errors.module';
import { DemoModule } from './demo/demo.module';
import { EdgeModule } from './edge/edge.module';
import { PeopleModule } from './people/people.module';
import { SignInModule } from './sign-in/sign-in.module';
import { StaffModule } from './staff/staff.module';
import { StaffSsoModule } from './staff-sso/staff-sso.module';
import { WebhooksModule } from './webhooks/webhooks.module';

@Module({
  imports: [
    AuditModule,
    ApprovalsModule,
    BackupsModule,
    BotsModule,
    BrowserErrorsModule,
    DemoModule,
    EdgeModule,
    PeopleModule,
    SignInModule,
    StaffModule,
    StaffSsoModule,
    WebhooksModule,
    PersonErasureModule.saying(GatewayPersonErased),
  ],
})
export class GatewayModule {}
