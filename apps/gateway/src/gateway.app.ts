import { defineApp } from '@switchboard/service-kit';
import { gatewayConfig } from './gateway.config';
import { gatewayDataMap } from './gateway.data-map';
import { GatewayModule } from './gateway.module';

export const gatewayApp = defineApp({
  name: 'gateway',
  module: GatewayModule,
  config: gatewayConfig,
  entities: [],
  migrations: [],
  dataMap: gatewayDataMap,
  port: 4100,
});
