import { defineApp } from '@switchboard/service-kit';
import { CreateEvents1764100000000 } from '../migrations/1764100000000-create-events';
import { CreateMeasures1764100100000 } from '../migrations/1764100100000-create-measures';
import { CreateConsents1764100200000 } from '../migrations/1764100200000-create-consents';
import { CreateArchives1764100300000 } from '../migrations/1764100300000-create-archives';
import { CreateExperiments1764102000000 } from '../migrations/1764102000000-create-experiments';
import { CreateAlerts1764102100000 } from '../migrations/1764102100000-create-alerts';
import { AlertSettings } from './alerts/alert-settings.entity';
import { Alert } from './alerts/alert.entity';
import { analyticsConfig } from './analytics.config';
import { analyticsDataMap } from './analytics.data-map';
import { AnalyticsModule } from './analytics.module';
import { KnownPeriodRow } from './anomalies/known-period.entity';
import { ArchivedDay } from './archive/archived-day.entity';
import { Consent } from './consents/consent.entity';
import { QuarantinedEvent } from './events/quarantined-event.entity';
import { StoredEvent } from './events/stored-event.entity';
import { Experiment } from './experiments/experiment.entity';
import { Exposure } from './experiments/exposure.entity';
import { ActivePerson } from './rollups/active-person.entity';
import { Measure } from './rollups/measure.entity';
import { Person } from './rollups/person.entity';

export const analyticsApp = defineApp({
  name: 'analytics',
  module: AnalyticsModule,
  config: analyticsConfig,
  entities: [
    StoredEvent,
    QuarantinedEvent,
    Measure,
    ActivePerson,
    Person,
    Consent,
    ArchivedDay,
    Experiment,
    Exposure,
    Alert,
    AlertSettings,
    KnownPeriodRow,
  ],
  migrations: [
    CreateEvents1764100000000,
    CreateMeasures1764100100000,
    CreateConsents1764100200000,
    CreateArchives1764100300000,
    CreateExperiments1764102000000,
    CreateAlerts1764102100000,
  ],
  dataMap: analyticsDataMap,
  port: 4107,
});
