import { defineApp } from '@switchboard/service-kit';
import { CreateEvents1764100000000 } from '../migrations/1764100000000-create-events';
import { CreateMeasures1764100100000 } from '../migrations/1764100100000-create-measures';
import { CreateConsents1764100200000 } from '../migrations/1764100200000-create-consents';
import { CreateArchives1764100300000 } from '../migrations/1764100300000-create-archives';
import { CreateRates1764101000000 } from '../migrations/1764101000000-create-rates';
import { CreateChurnModels1764101100000 } from '../migrations/1764101100000-create-churn-models';
import { CreateSurveyAsks1764101200000 } from '../migrations/1764101200000-create-survey-asks';
import { CreateExports1764101300000 } from '../migrations/1764101300000-create-exports';
import { CreateExperiments1764102000000 } from '../migrations/1764102000000-create-experiments';
import { CreateAlerts1764102100000 } from '../migrations/1764102100000-create-alerts';
import { AlertSettings } from './alerts/alert-settings.entity';
import { Alert } from './alerts/alert.entity';
import { analyticsConfig } from './analytics.config';
import { analyticsDataMap } from './analytics.data-map';
import { AnalyticsModule } from './analytics.module';
import { KnownPeriodRow } from './anomalies/known-period.entity';
import { ArchivedDay } from './archive/archived-day.entity';
import { ChurnModel } from './churn/churn-model.entity';
import { Consent } from './consents/consent.entity';
import { QuarantinedEvent } from './events/quarantined-event.entity';
import { StoredEvent } from './events/stored-event.entity';
import { Export } from './exports/export.entity';
import { Rate } from './metrics/rate.entity';
import { Experiment } from './experiments/experiment.entity';
import { Exposure } from './experiments/exposure.entity';
import { ActivePerson } from './rollups/active-person.entity';
import { Measure } from './rollups/measure.entity';
import { Person } from './rollups/person.entity';
import { SurveyAsk } from './surveys/survey-ask.entity';

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
    Rate,
    ChurnModel,
    SurveyAsk,
    Export,
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
    CreateRates1764101000000,
    CreateChurnModels1764101100000,
    CreateSurveyAsks1764101200000,
    CreateExports1764101300000,
    CreateExperiments1764102000000,
    CreateAlerts1764102100000,
  ],
  dataMap: analyticsDataMap,
  // Backups of their own, of which no backup is needed.
  backup: { withoutFiles: ['statistics/'] },
  port: 4107,
});
