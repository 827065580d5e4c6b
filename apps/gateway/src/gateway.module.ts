import { Module } from '@nestjs/common';
import { GatewayPersonErased } from '@switchboard/contracts';
import { PersonErasureModule } from '@switchboard/service-kit';
import { EdgeModule } from './edge/edge.module';
import { StaffModule } from './staff/staff.module';

@Module({ imports: [EdgeModule, StaffModule, PersonErasureModule.saying(GatewayPersonErased)] })
export class GatewayModule {}
