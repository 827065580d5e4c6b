import { Module } from '@nestjs/common';
import { AlertsModule } from './alerts/alerts.module';
import { AnomaliesModule } from './anomalies/anomalies.module';
import { ConsentsModule } from './consents/consents.module';
import { EventsModule } from './events/events.module';
import { ExperimentsModule } from './experiments/experiments.module';
import { RollupsModule } from './rollups/rollups.module';

@Module({ imports: [RollupsModule, EventsModule, ConsentsModule, ExperimentsModule, AlertsModule, AnomaliesModule] })
export class AnalyticsModule {}
