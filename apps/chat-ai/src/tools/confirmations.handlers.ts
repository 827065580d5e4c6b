import { Consumer, Handles } from '@switchboard/bus';
import { ConfirmationDecideRequested, type EventOf } from '@switchboard/contracts';
import { EntityManager } from 'typeorm';
import { ConfirmationsJobs } from './confirmations.jobs';
import { ConfirmationsService } from './confirmations.service';

@Consumer('confirmations')
export class ConfirmationsHandlers {
  constructor(
    private readonly confirmations: ConfirmationsService,
    private readonly jobs: ConfirmationsJobs,
  ) {}

  @Handles(ConfirmationDecideRequested)
  async decided({ data }: EventOf<typeof ConfirmationDecideRequested>, tx: EntityManager): Promise<void> {
    if (await this.confirmations.decide(tx, data)) await this.jobs.request(tx, data.confirmationId);
  }
}
