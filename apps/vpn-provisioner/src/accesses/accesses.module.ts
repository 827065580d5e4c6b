import { Module } from '@nestjs/common';
import { TrafficModule } from '../traffic/traffic.module';
import { AccessErasure } from './access-erasure';
import { AccessMetrics } from './access-metrics';
import { AccessQueue } from './access-queue';
import { AccessesHandlers } from './accesses.handlers';
import { AccessesJobs } from './accesses.jobs';
import { AccessesService } from './accesses.service';
import { KeySyncService } from './key-sync.service';
import { KeysService } from './keys.service';
import { PanelNames } from './panel-names';
import { PlacementsService } from './placements.service';

@Module({
  imports: [TrafficModule],
  controllers: [AccessesHandlers],
  providers: [
    AccessErasure,
    AccessMetrics,
    AccessQueue,
    AccessesJobs,
    AccessesService,
    KeySyncService,
    KeysService,
    PanelNames,
    PlacementsService,
  ],
  exports: [AccessQueue, AccessesService, KeySyncService, PanelNames, PlacementsService],
})
export class AccessesModule {}
