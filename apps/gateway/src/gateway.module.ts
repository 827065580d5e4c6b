import { Module } from '@nestjs/common';
import { GatewayPersonErased } from '@switchboard/contracts';
import { PersonErasureModule } from '@switchboard/service-kit';
import { EdgeModule } from './edge/edge.module';

@Module({ imports: [EdgeModule, PersonErasureModule.saying(GatewayPersonErased)] })
export class GatewayModule {}
