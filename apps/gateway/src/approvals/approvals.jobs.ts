import { Injectable } from '@nestjs/common';
import { Clock, defineJob, Scheduled, Slot } from '@switchboard/service-kit';
import { ApprovalsService } from './approvals.service';

const ForgetOld = defineJob('forget-old-approvals', Slot);
const KEPT_MS = 30 * 86_400_000;

@Injectable()
export class ApprovalsJobs {
  constructor(
    private readonly approvals: ApprovalsService,
    private readonly clock: Clock,
  ) {}

  @Scheduled('41 3 * * *', ForgetOld, {
    purpose: 'Deletes what had to be approved by a second person, with what exactly was asked for, a month later.',
    timeoutMs: 60_000,
  })
  async forgetOld(): Promise<void> {
    await this.approvals.forgetExpiredBefore(new Date(this.clock.now().getTime() - KEPT_MS));
  }
}
