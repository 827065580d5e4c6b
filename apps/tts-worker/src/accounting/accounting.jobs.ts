import { Injectable } from '@nestjs/common';
import { Clock, defineJob, Scheduled, Slot } from '@switchboard/service-kit';
import { BudgetsService } from './budgets.service';

const CloseReservations = defineJob('close-reservations', Slot);

/** Longer than all tries of a job with the longest deadline: nobody tries that call again. */
const ABANDONED_AFTER_MS = 24 * 3_600_000;

@Injectable()
export class AccountingJobs {
  constructor(
    private readonly clock: Clock,
    private readonly budgets: BudgetsService,
  ) {}

  @Scheduled('41 * * * *', CloseReservations, {
    purpose: 'Records calls of engines whose process was killed and that nobody has tried again.',
    timeoutMs: 10 * 60_000,
  })
  closeReservations(): Promise<void> {
    return this.budgets.chargeAbandonedBefore(new Date(this.clock.now().getTime() - ABANDONED_AFTER_MS));
  }
}
