import { defineApp } from '@switchboard/service-kit';
import { CreateAccess1764300000000 } from '../migrations/1764300000000-create-access';
import { Grant } from './access/grant.entity';
import { Role } from './access/role.entity';
import { EdgeService } from './edge/edge.service';
import { gatewayConfig } from './gateway.config';
import { gatewayDataMap } from './gateway.data-map';
import { GatewayModule } from './gateway.module';
import { CountReplicas } from './limits/limits.service';
import { Session } from './sessions/session.entity';

export const gatewayApp = defineApp({
  name: 'gateway',
  module: GatewayModule,
  config: gatewayConfig,
  entities: [Grant, Role, Session],
  migrations: [CreateAccess1764300000000],
  dataMap: gatewayDataMap,
  tasks: [CountReplicas],
  publicFront: EdgeService,
  port: 4100,
});
