import { Consumer, Handles } from '@switchboard/bus';
import { ErasureRequested, type EventOf } from '@switchboard/contracts';
import { Erasure } from '@switchboard/service-kit';
import type { EntityManager } from 'typeorm';

@Consumer('erasure')
export class ErasureHandlers {
  constructor(private readonly erasure: Erasure) {}

  @Handles(ErasureRequested)
  requested({ data }: EventOf<typeof ErasureRequested>, tx: EntityManager): Promise<void> {
    return this.erasure.request(tx, data);
  }
}
