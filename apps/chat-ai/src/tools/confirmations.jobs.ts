import { Injectable } from '@nestjs/common';
import { defineJob, type JobRun, Jobs, type PayloadOf, Runs } from '@switchboard/service-kit';
import type { EntityManager } from 'typeorm';
import { z } from 'zod';
import { ConfirmationsService } from './confirmations.service';

const ExecuteConfirmed = defineJob('execute-confirmed', z.object({ confirmationId: z.uuid() }));

/** Tried for about a minute: the person waits. */
const MAX_ATTEMPTS = 5;

@Injectable()
export class ConfirmationsJobs {
  constructor(
    private readonly jobs: Jobs,
    private readonly confirmations: ConfirmationsService,
  ) {}

  async request(tx: EntityManager, confirmationId: string): Promise<void> {
    await this.jobs.add(
      tx,
      ExecuteConfirmed,
      { confirmationId },
      { key: `confirmation:${confirmationId}`, maxAttempts: MAX_ATTEMPTS },
    );
  }

  @Runs(ExecuteConfirmed)
  execute({ confirmationId }: PayloadOf<typeof ExecuteConfirmed>, run: JobRun): Promise<void> {
    return this.confirmations.execute(confirmationId, run);
  }
}
