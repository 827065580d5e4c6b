import { type DynamicModule, Module, type Provider } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { Bus, busTasks, DeadLetters, Outbox, type PeriodicTask, PeriodicTasks, Signals } from '@switchboard/bus';
import { Registry } from 'prom-client';
import { DataSource } from 'typeorm';
import { BackupJobs } from './backup/backup.jobs';
import { BackupParts } from './backup/backup-parts';
import { BackupsController } from './backup/backups.controller';
import { BlindIndex } from './blind-index';
import { ReadBots } from './bots-folder';
import { BotsController } from './bots.controller';
import { BotsRegistry } from './bots-registry';
import { Clock } from './clock';
import { CONFIG } from './config';
import type { AppDefinition } from './define-app';
import { Entitlements } from './entitlements';
import { Erasure } from './erasure';
import { Experiments } from './experiments';
import { FieldCipher } from './field-cipher';
import { BOTS_KEEPER, FollowGatewayBots, GatewayBots, GatewayBotsModule } from './gateway-bots';
import { HousekeepingJobs } from './housekeeping.jobs';
import { Approvals } from './http/approvals';
import { Cursors } from './http/cursors';
import { DeadLettersController } from './http/dead-letters.controller';
import { HEALTH_CHECKS, type HealthCheck, HealthController } from './http/health.controller';
import { Idempotency } from './http/idempotency';
import { OPEN_API, OpenApiController } from './http/openapi.controller';
import { ServiceClient } from './http/service-client';
import { ServiceIdentity } from './http/service-identity';
import { RenewJobLeases } from './job-leases';
import { Jobs } from './jobs';
import { ElectLeaders, LeaderElection } from './leader-election';
import { LOG, type Log } from './log';
import { MEDIA_STORAGE } from './media';
import { KeyRotation } from './key-rotation';
import { PersonalData } from './personal-data';
import { type Schedule, schedulesIn, schedulesOfClass } from './scheduled.decorator';
import { LookForSlots, Schedules } from './schedules';
import type { MediaStorage } from './storage/media-storage';
import { SystemController } from './system.controller';

export interface KitParts {
  config: unknown;
  log: Log;
  clock: Clock;
  registry: Registry;
  db: DataSource;
  bus: Bus;
  jobs: Jobs;
  schedules: Schedules;
  tasks: PeriodicTasks;
  election: LeaderElection;
  cipher: FieldCipher;
  personal: PersonalData;
  rotation: KeyRotation;
  index: BlindIndex;
  erasure: Erasure;
  experiments: Experiments;
  entitlements: Entitlements;
  bots: BotsRegistry;
  /** Absent in the gateway itself. */
  gatewayBots: GatewayBots | undefined;
  identity: ServiceIdentity;
  client: ServiceClient;
  media: MediaStorage;
  backups: BackupParts;
  checks: HealthCheck[];
  cursors: Cursors;
  idempotency: Idempotency;
  approvals: Approvals;
  openApi: () => object;
}

/** All that is run by the clock in a service, read from its modules without starting it. */
export const schedulesOf = (app: AppDefinition): Schedule[] => [
  ...schedulesIn(app.module),
  ...schedulesOfClass(HousekeepingJobs),
];

/** What every process of a service does again and again, besides its schedules. */
export const periodicTasksOf = ({ name, tasks = [] }: AppDefinition): PeriodicTask[] => [
  ...busTasks,
  ...[ElectLeaders, LookForSlots, ReadBots, RenewJobLeases],
  ...(name === BOTS_KEEPER ? [] : [FollowGatewayBots]),
  ...tasks,
];

/** Gives every feature of a service what the kit has made for it. */
@Module({})
export class KitModule {
  static with(parts: KitParts): DynamicModule {
    const providers: Provider[] = [
      { provide: CONFIG, useValue: parts.config },
      { provide: LOG, useValue: parts.log },
      { provide: Clock, useValue: parts.clock },
      { provide: Registry, useValue: parts.registry },
      { provide: DataSource, useValue: parts.db },
      { provide: Outbox, useValue: parts.bus.outbox },
      { provide: Signals, useValue: parts.bus.signals },
      { provide: DeadLetters, useValue: parts.bus.deadLetters },
      { provide: Jobs, useValue: parts.jobs },
      { provide: BotsRegistry, useValue: parts.bots },
      ...(parts.gatewayBots ? [{ provide: GatewayBots, useValue: parts.gatewayBots }] : []),
      { provide: Schedules, useValue: parts.schedules },
      { provide: PeriodicTasks, useValue: parts.tasks },
      { provide: LeaderElection, useValue: parts.election },
      { provide: FieldCipher, useValue: parts.cipher },
      { provide: PersonalData, useValue: parts.personal },
      { provide: BlindIndex, useValue: parts.index },
      { provide: Erasure, useValue: parts.erasure },
      { provide: Experiments, useValue: parts.experiments },
      { provide: Entitlements, useValue: parts.entitlements },
      { provide: ServiceIdentity, useValue: parts.identity },
      { provide: ServiceClient, useValue: parts.client },
      { provide: MEDIA_STORAGE, useValue: parts.media },
      { provide: HEALTH_CHECKS, useValue: parts.checks },
      { provide: Cursors, useValue: parts.cursors },
      { provide: Idempotency, useValue: parts.idempotency },
      { provide: Approvals, useValue: parts.approvals },
      { provide: OPEN_API, useValue: parts.openApi },
    ];
    return {
      module: KitModule,
      global: true,
      imports: [DiscoveryModule, ...(parts.gatewayBots ? [GatewayBotsModule] : [])],
      controllers: [
        HealthController,
        OpenApiController,
        DeadLettersController,
        BotsController,
        SystemController,
        BackupsController,
      ],
      providers: [
        ...providers,
        { provide: Bus, useValue: parts.bus },
        { provide: KeyRotation, useValue: parts.rotation },
        { provide: BackupParts, useValue: parts.backups },
        BackupJobs,
        HousekeepingJobs,
      ],
      exports: [DiscoveryModule, ...providers.map((provider) => (provider as { provide: symbol }).provide)],
    };
  }
}
