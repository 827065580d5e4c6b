import { defineApp } from '@switchboard/service-kit';
import { CreateBots1764100000000 } from '../migrations/1764100000000-create-bots';
import { BotRevisionRow } from './bots/bot-revision.entity';
import { BotSecretRow } from './bots/bot-secret.entity';
import { BotRow } from './bots/bot.entity';
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
  entities: [BotRow, BotRevisionRow, BotSecretRow, Grant, Role, Session],
  migrations: [CreateBots1764100000000, CreateAccess1764300000000],
  dataMap: gatewayDataMap,
  encrypted: ['bot_secrets.value'],
  tasks: [CountReplicas],
  publicFront: EdgeService,
  port: 4100,
});
