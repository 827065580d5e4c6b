import { Consumer, Handles } from '@switchboard/bus';
import { AllowanceChangeRequested, type EventOf } from '@switchboard/contracts';
import { EntityManager } from 'typeorm';
import { AllowancesService } from './allowances.service';

@Consumer('allowances')
export class AllowancesHandlers {
  constructor(private readonly allowances: AllowancesService) {}

  @Handles(AllowanceChangeRequested)
  changed(event: EventOf<typeof AllowanceChangeRequested>, tx: EntityManager): Promise<void> {
    return this.allowances.change(tx, event);
  }
}
