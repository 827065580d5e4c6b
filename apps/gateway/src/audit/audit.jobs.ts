import { Inject, Injectable } from '@nestjs/common';
import {
  Clock,
  defineJob,
  type JobRun,
  Jobs,
  LOG,
  type Log,
  type PayloadOf,
  Runs,
  Scheduled,
  Slot,
} from '@switchboard/service-kit';
import { DataSource, type EntityManager } from 'typeorm';
import { z } from 'zod';
import { AuditCopiesService, AuditCopiesDiffer } from './audit-copies.service';
import { AuditVerificationsService, VerifyAudit } from './audit-verifications.service';
import { AuditService } from './audit.service';

const SignAudit = defineJob('sign-audit-log', Slot);
const VerifyAuditNightly = defineJob('verify-audit-log-nightly', Slot);
const CopyAudit = defineJob('copy-audit-signatures', z.object({}));
const ForgetAudit = defineJob('forget-audit-entries', Slot);

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const VERIFICATIONS_MS = 90 * 24 * HOUR_MS;
const VERIFIED_WITHIN_MS = 4 * HOUR_MS;

@Injectable()
export class AuditJobs {
  constructor(
    private readonly db: DataSource,
    private readonly jobs: Jobs,
    private readonly clock: Clock,
    private readonly audit: AuditService,
    private readonly copies: AuditCopiesService,
    private readonly verifications: AuditVerificationsService,
    @Inject(LOG) private readonly log: Log,
  ) {}

  @Scheduled('*/10 * * * *', SignAudit, {
    purpose: 'Signs what was written to the audit log, and puts a copy of the signature elsewhere.',
    timeoutMs: 5 * MINUTE_MS,
  })
  async sign(_slot: PayloadOf<typeof SignAudit>, { signal }: JobRun): Promise<void> {
    await this.copies.sign();
    await this.write(signal);
  }

  /** Somebody has found out why copies are missing, and has them made again. */
  @Runs(CopyAudit)
  copyAll(_payload: PayloadOf<typeof CopyAudit>, { signal }: JobRun): Promise<void> {
    return this.write(signal, { all: true });
  }

  @Scheduled('40 2 * * *', VerifyAuditNightly, {
    purpose: 'Has the whole audit log verified: hashes, signatures and their copies.',
    timeoutMs: MINUTE_MS,
  })
  async verifyNightly(): Promise<void> {
    await this.db.transaction((tx) => this.verifications.request(tx));
    await this.verifications.forgetBefore(new Date(this.clock.now().getTime() - VERIFICATIONS_MS));
  }

  @Runs(VerifyAudit)
  async verify({ verificationId }: PayloadOf<typeof VerifyAudit>, { signal, isLastAttempt }: JobRun): Promise<void> {
    const inTime = new AbortController();
    const timer = setTimeout(() => inTime.abort(new Error('it took longer than four hours')), VERIFIED_WITHIN_MS);
    try {
      await this.verifications.verify(verificationId, AbortSignal.any([signal, inTime.signal]));
    } catch (error) {
      // One that is stopped with its process runs again; what takes too long would do so once more.
      if (!signal.aborted && (isLastAttempt || inTime.signal.aborted))
        await this.verifications.giveUp(verificationId, (error as Error).message);
      if (!inTime.signal.aborted) throw error;
      this.log.error({ err: error, verificationId }, 'the audit log was not verified');
    } finally {
      clearTimeout(timer);
    }
  }

  @Scheduled('20 4 * * *', ForgetAudit, {
    purpose:
      'Deletes entries of the audit log after two years, those about money after seven, by what was signed together.',
    timeoutMs: HOUR_MS,
  })
  forget(_slot: PayloadOf<typeof ForgetAudit>, { signal }: JobRun): Promise<void> {
    return this.audit.forgetOld(signal);
  }

  async requestCopies(tx: EntityManager): Promise<void> {
    await this.jobs.add(tx, CopyAudit, {}, { key: 'copy-audit-signatures', maxAttempts: 3 });
  }

  /** What keeps copies from being made is looked at as a whole, so that there is an alarm that says what it is. */
  private async write(signal: AbortSignal, which?: { all: boolean }): Promise<void> {
    try {
      await this.copies.write(signal, which);
    } catch (err) {
      if (!(err instanceof AuditCopiesDiffer)) throw err;
      this.log.error({ err }, 'signatures of the audit log are not copied');
      if (!(await this.verifications.hasFindings())) await this.db.transaction((tx) => this.verifications.request(tx));
    }
  }
}
