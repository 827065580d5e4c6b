import { Module } from '@nestjs/common';
import { GatewayPersonErased } from '@switchboard/contracts';
import { PersonErasureModule } from '@switchboard/service-kit';
import { AuditModule } from './audit/audit.module';
import { EdgeModule } from './edge/edge.module';

@Module({ imports: [AuditModule, EdgeModule, PersonErasureModule.saying(GatewayPersonErased)] })
export class GatewayModule {}
