import { type DynamicModule, Module, type Provider } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { Bus, DeadLetters, Outbox, Signals } from '@switchboard/bus';
import { Registry } from 'prom-client';
import { DataSource } from 'typeorm';
import { Clock } from './clock';
import { CONFIG } from './config';
import { DeadLettersController } from './dead-letters.controller';
import { FieldCipher } from './field-cipher';
import { HEALTH_CHECKS, type HealthCheck, HealthController } from './health.controller';
import { Jobs } from './jobs';
import { LOG, type Log } from './log';
import { ServiceClient } from './service-client';
import { ServiceIdentity } from './service-identity';
import { MEDIA_STORAGE } from './media';
import { PersonalData } from './personal-data';
import type { MediaStorage } from './storage/media-storage';

export interface KitParts {
  config: unknown;
  log: Log;
  clock: Clock;
  registry: Registry;
  db: DataSource;
  bus: Bus;
  jobs: Jobs;
  cipher: FieldCipher;
  personal: PersonalData;
  identity: ServiceIdentity;
  client: ServiceClient;
  media: MediaStorage;
  checks: HealthCheck[];
}

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
      { provide: FieldCipher, useValue: parts.cipher },
      { provide: PersonalData, useValue: parts.personal },
      { provide: ServiceIdentity, useValue: parts.identity },
      { provide: ServiceClient, useValue: parts.client },
      { provide: MEDIA_STORAGE, useValue: parts.media },
      { provide: HEALTH_CHECKS, useValue: parts.checks },
    ];
    return {
      module: KitModule,
      global: true,
      imports: [DiscoveryModule],
      controllers: [HealthController, DeadLettersController],
      providers,
      exports: [DiscoveryModule, ...providers.map((provider) => (provider as { provide: symbol }).provide)],
    };
  }
}
