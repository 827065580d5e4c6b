import { defineApp } from '@switchboard/service-kit';
import { CreateBots1764100000000 } from '../migrations/1764100000000-create-bots';
import { BotRevisionRow } from './bots/bot-revision.entity';
import { BotSecretRow } from './bots/bot-secret.entity';
import { BotRow } from './bots/bot.entity';
import { gatewayConfig } from './gateway.config';
import { gatewayDataMap } from './gateway.data-map';
import { GatewayModule } from './gateway.module';

export const gatewayApp = defineApp({
  name: 'gateway',
  module: GatewayModule,
  config: gatewayConfig,
  entities: [BotRow, BotRevisionRow, BotSecretRow],
  migrations: [CreateBots1764100000000],
  dataMap: gatewayDataMap,
  encrypted: ['bot_secrets.value'],
  port: 4100,
});
