import { defineApp } from '@switchboard/service-kit';
import { analyticsConfig } from './analytics.config';
import { analyticsDataMap } from './analytics.data-map';
import { AnalyticsModule } from './analytics.module';

export const analyticsApp = defineApp({
  name: 'analytics',
  module: AnalyticsModule,
  config: analyticsConfig,
  entities: [],
  migrations: [],
  dataMap: analyticsDataMap,
  port: 4107,
});
