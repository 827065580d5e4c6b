import { Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { Bus } from '@switchboard/bus';
import { DataSource } from 'typeorm';
import { Clock } from './clock';
import { Idempotency } from './http/idempotency';
import { defineJob, type JobRun, Jobs, type PayloadOf } from './jobs';
import { KeyRotation } from './key-rotation';
import { LOG, type Log } from './log';
import { MEDIA_STORAGE } from './media';
import { Scheduled, Slot } from './scheduled.decorator';
import type { MediaStorage } from './storage/media-storage';

const KeepInboxPartitions = defineJob('keep-inbox-partitions', Slot);
const ForgetGivenUpJobs = defineJob('forget-given-up-jobs', Slot);
const ForgetDeadLetters = defineJob('forget-dead-letters', Slot);
const ForgetIdempotencyKeys = defineJob('forget-idempotency-keys', Slot);
const RemovePartialFiles = defineJob('remove-partial-files', Slot);
const RotateKeys = defineJob('rotate-keys', Slot);

/** Time to look at them: docs/runbooks/jobs-failed.md. */
const GIVEN_UP_JOBS_DAYS = 30;
/** Time to mend what they died of: docs/runbooks/dead-letters.md. They hold what people wrote. */
const DEAD_LETTERS_DAYS = 60;
/** So long is a repeated request answered as before: docs/http.md. */
const IDEMPOTENCY_KEYS_MS = 86_400_000;

/** What every service has to look after, whatever it does. */
@Injectable()
export class HousekeepingJobs implements OnApplicationBootstrap {
  constructor(
    private readonly bus: Bus,
    private readonly db: DataSource,
    private readonly jobs: Jobs,
    private readonly rotation: KeyRotation,
    private readonly idempotency: Idempotency,
    private readonly clock: Clock,
    @Inject(MEDIA_STORAGE) private readonly media: MediaStorage,
    @Inject(LOG) private readonly log: Log,
  ) {}

  /** Nobody waits for it: most of what a service does needs no files. */
  onApplicationBootstrap(): void {
    void this.media.problems().then((problems) => {
      for (const problem of problems) this.log.warn({ problem }, 'the storage of files is not as it should be');
    });
  }

  @Scheduled('5 * * * *', KeepInboxPartitions, {
    purpose: 'Makes the inbox partitions of the coming days and drops those that are too old.',
    timeoutMs: 60_000,
  })
  keepInboxPartitions(): Promise<void> {
    return this.bus.keepPartitions();
  }

  @Scheduled('35 3 * * *', ForgetGivenUpJobs, {
    purpose: 'Deletes jobs that were given up 30 days ago.',
    timeoutMs: 60_000,
  })
  forgetGivenUpJobs(): Promise<void> {
    return this.jobs.forgetGivenUp(this.db.manager, GIVEN_UP_JOBS_DAYS);
  }

  @Scheduled('45 3 * * *', ForgetDeadLetters, {
    purpose: 'Deletes events that were given up 60 days ago, also discarded ones.',
    timeoutMs: 10 * 60_000,
  })
  forgetDeadLetters(): Promise<void> {
    return this.bus.deadLetters.forget(DEAD_LETTERS_DAYS);
  }

  @Scheduled('55 * * * *', ForgetIdempotencyKeys, {
    purpose: 'Deletes answers of idempotent routes that are a day old.',
    timeoutMs: 60_000,
  })
  async forgetIdempotencyKeys(): Promise<void> {
    await this.idempotency.forgetBefore(new Date(this.clock.now().getTime() - IDEMPOTENCY_KEYS_MS));
  }

  @Scheduled('15 * * * *', RemovePartialFiles, {
    purpose: 'Removes files that killed processes have left half written a day ago.',
    timeoutMs: 10 * 60_000,
  })
  removePartialFiles(): Promise<void> {
    return this.media.removeAbandoned();
  }

  @Scheduled('25 * * * *', RotateKeys, {
    purpose: 'Writes anew what an older key has encrypted, while ENCRYPTION_KEYS names more than one.',
    timeoutMs: 60 * 60_000,
    missed: 'skip',
  })
  rotateKeys(_slot: PayloadOf<typeof RotateKeys>, { signal }: JobRun): Promise<void> {
    return this.rotation.pass(signal);
  }
}
