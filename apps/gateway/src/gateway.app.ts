import { defineApp } from '@switchboard/service-kit';
import { CreateBots1764100000000 } from '../migrations/1764100000000-create-bots';
import { BotRevisionRow } from './bots/bot-revision.entity';
import { BotSecretRow } from './bots/bot-secret.entity';
import { BotRow } from './bots/bot.entity';
import { CreateAccess1764300000000 } from '../migrations/1764300000000-create-access';
import { CreateApiKeys1764300100000 } from '../migrations/1764300100000-create-api-keys';
import { Grant } from './access/grant.entity';
import { Role } from './access/role.entity';
import { ApiKey } from './api-keys/api-key.entity';
import { EdgeService } from './edge/edge.service';
import { gatewayConfig } from './gateway.config';
import { gatewayDataMap } from './gateway.data-map';
import { GatewayModule } from './gateway.module';
import { CountReplicas } from './limits/limits.service';
import { Session } from './sessions/session.entity';
import { Staff, STAFF_PLACES } from './staff/staff.entity';

export const gatewayApp = defineApp({
  name: 'gateway',
  module: GatewayModule,
  config: gatewayConfig,
  entities: [BotRow, BotRevisionRow, BotSecretRow, ApiKey, Grant, Role, Session, Staff],
  encrypted: ['bot_secrets.value', ...STAFF_PLACES],
  migrations: [CreateBots1764100000000, CreateAccess1764300000000, CreateApiKeys1764300100000],
  dataMap: gatewayDataMap,
  tasks: [CountReplicas],
  publicFront: EdgeService,
  port: 4100,
  publicPort: 4080,
});
