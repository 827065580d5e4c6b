import { type DynamicModule, Module } from '@nestjs/common';
import type { PanelDefinition } from './panel';
import { PANELS, PanelsService } from './panels.service';

/** Known everywhere: there is one set of panels. */
@Module({})
export class PanelsModule {
  static with(panels: readonly PanelDefinition[]): DynamicModule {
    return {
      global: true,
      module: PanelsModule,
      providers: [{ provide: PANELS, useValue: panels }, PanelsService],
      exports: [PanelsService],
    };
  }
}
