import { Injectable } from '@nestjs/common';
import { Clock, defineJob, type JobRun, Jobs, type PayloadOf, Runs, Scheduled, Slot } from '@switchboard/service-kit';
import { DataSource, type EntityManager } from 'typeorm';
import { z } from 'zod';
import { AuditRootsService } from './audit-roots.service';
import { AuditVerificationsService } from './audit-verifications.service';
import { AuditService } from './audit.service';

const SignAudit = defineJob('sign-audit-log', Slot);
const VerifyAuditNightly = defineJob('verify-audit-log-nightly', Slot);
const VerifyAudit = defineJob('verify-audit-log', z.object({ verificationId: z.uuid() }));
const ForgetAudit = defineJob('forget-audit-entries', Slot);

const HOUR_MS = 60 * 60_000;
const VERIFICATIONS_MS = 90 * 24 * HOUR_MS;

@Injectable()
export class AuditJobs {
  constructor(
    private readonly db: DataSource,
    private readonly jobs: Jobs,
    private readonly clock: Clock,
    private readonly audit: AuditService,
    private readonly roots: AuditRootsService,
    private readonly verifications: AuditVerificationsService,
  ) {}

  @Scheduled('*/10 * * * *', SignAudit, {
    purpose: 'Signs what was written to the audit log, and puts a copy of the signature elsewhere.',
    timeoutMs: 5 * 60_000,
  })
  async sign(_slot: PayloadOf<typeof SignAudit>, { signal }: JobRun): Promise<void> {
    await this.roots.sign();
    await this.roots.copy(signal);
  }

  @Scheduled('40 2 * * *', VerifyAuditNightly, {
    purpose: 'Verifies the whole audit log: hashes, signatures and their copies.',
    timeoutMs: 4 * HOUR_MS,
  })
  async verifyNightly(): Promise<void> {
    await this.db.transaction((tx) => this.requestVerification(tx));
    await this.verifications.forgetBefore(new Date(this.clock.now().getTime() - VERIFICATIONS_MS));
  }

  @Runs(VerifyAudit)
  verify({ verificationId }: PayloadOf<typeof VerifyAudit>, { signal }: JobRun): Promise<void> {
    return this.verifications.verify(verificationId, signal);
  }

  @Scheduled('20 4 * * *', ForgetAudit, {
    purpose:
      'Deletes entries of the audit log after two years, those about money after seven, by what was signed together.',
    timeoutMs: HOUR_MS,
  })
  forget(_slot: PayloadOf<typeof ForgetAudit>, { signal }: JobRun): Promise<void> {
    return this.audit.forgetOld(signal);
  }

  async requestVerification(tx: EntityManager): Promise<string> {
    const verificationId = await this.verifications.request(tx);
    // One at a time: each reads the whole log.
    await this.jobs.add(tx, VerifyAudit, { verificationId }, { queue: 'verify-audit-log' });
    return verificationId;
  }
}
