import { Consumer, HandlesBatch } from '@switchboard/bus';
import { type EventOf, ExposureRecorded } from '@switchboard/contracts';
import type { EntityManager } from 'typeorm';
import { ExposuresService } from './exposures.service';

@Consumer('experiments')
export class ExperimentsHandlers {
  constructor(private readonly exposures: ExposuresService) {}

  @HandlesBatch(ExposureRecorded)
  exposed(events: EventOf<typeof ExposureRecorded>[], tx: EntityManager): Promise<void> {
    return this.exposures.record(tx, events);
  }
}
