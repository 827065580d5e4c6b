import { type DynamicModule, Module } from '@nestjs/common';
import type { ProviderDefinition } from './payment-provider';
import type { z } from 'zod';
import { PAYMENTS_SECTION, PROVIDERS, ProvidersService } from './providers.service';

/** Known everywhere: there is one set of providers. */
@Module({})
export class ProvidersModule {
  static with(providers: readonly ProviderDefinition[], section: z.ZodType): DynamicModule {
    return {
      global: true,
      module: ProvidersModule,
      providers: [
        { provide: PROVIDERS, useValue: providers },
        { provide: PAYMENTS_SECTION, useValue: section },
        ProvidersService,
      ],
      exports: [ProvidersService],
    };
  }
}
