import { type DynamicModule, Module } from '@nestjs/common';
import type { CloudDefinition } from './cloud';
import { CLOUDS, CloudsService } from './clouds.service';

/** Known everywhere: there is one set of clouds. */
@Module({})
export class CloudsModule {
  static with(clouds: readonly CloudDefinition[]): DynamicModule {
    return {
      global: true,
      module: CloudsModule,
      providers: [{ provide: CLOUDS, useValue: clouds }, CloudsService],
      exports: [CloudsService],
    };
  }
}
