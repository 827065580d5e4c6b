import { Module } from '@nestjs/common';
import { GatewayPersonErased } from '@switchboard/contracts';
import { PersonErasureModule } from '@switchboard/service-kit';
import { BotsModule } from './bots/bots.module';
import { EdgeModule } from './edge/edge.module';
import { PagesModule } from './pages/pages.module';
import { PeopleModule } from './people/people.module';
import { SignInModule } from './sign-in/sign-in.module';
import { StaffModule } from './staff/staff.module';

@Module({
  imports: [
    BotsModule,
    EdgeModule,
    PagesModule,
    PeopleModule,
    SignInModule,
    StaffModule,
    PersonErasureModule.saying(GatewayPersonErased),
  ],
})
export class GatewayModule {}
