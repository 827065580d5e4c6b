import { Inject, Injectable } from '@nestjs/common';
import {
  Clock,
  CONFIG,
  defineJob,
  type JobRun,
  LOG,
  type Log,
  type PayloadOf,
  Scheduled,
  Slot,
} from '@switchboard/service-kit';
import { BudgetsService } from '../accounting/budgets.service';
import { AudioLibrary } from '../speech/audio-library';
import { SpeechService } from '../speech/speech.service';
import { TranscriptionsService } from '../transcriptions/transcriptions.service';
import type { TtsWorkerConfig } from '../tts-worker.config';

const ForgetOld = defineJob('forget-old', Slot);

const DAY_MS = 86_400_000;

/** Forgets requests answered long ago, and audio that nobody asks for any more. */
@Injectable()
export class RetentionJobs {
  constructor(
    private readonly clock: Clock,
    private readonly budgets: BudgetsService,
    private readonly library: AudioLibrary,
    private readonly speech: SpeechService,
    private readonly transcriptions: TranscriptionsService,
    @Inject(CONFIG) private readonly config: TtsWorkerConfig,
    @Inject(LOG) private readonly log: Log,
  ) {}

  @Scheduled('23 2 * * *', ForgetOld, {
    purpose:
      'Removes audio that nobody has asked for in TTS_WORKER_KEEP_DAYS, requests answered before, and files without a row.',
    timeoutMs: 60 * 60_000,
  })
  async forgetOld(_slot: PayloadOf<typeof ForgetOld>, { signal }: JobRun): Promise<void> {
    const before = this.daysAgo(this.config.TTS_WORKER_KEEP_DAYS);
    const yesterday = this.daysAgo(1);
    const steps: (() => Promise<void>)[] = [
      () => this.speech.forgetAnsweredBefore(before),
      () => this.transcriptions.forgetAnsweredBefore(before),
      () => this.budgets.forgetSpendingBefore(before),
      async () => this.told(await this.library.removeAbandoned(yesterday, signal), 'audio nobody was answered with'),
      async () => this.told(await this.library.removeDrafts(yesterday, signal), 'audio files without a row'),
      async () => this.told(await this.library.removeUnusedSince(before, signal), 'unused audio'),
    ];
    const errors: unknown[] = [];
    for (const step of steps) {
      signal.throwIfAborted();
      // One that fails keeps none of the others from being done.
      await step().catch((error: unknown) => errors.push(error));
    }
    signal.throwIfAborted();
    if (errors.length > 0)
      throw new AggregateError(errors, `${errors.length} of ${steps.length} steps have failed`, { cause: errors[0] });
  }

  private told(removed: number, what: string): void {
    if (removed > 0) this.log.info({ removed, what }, 'audio was removed');
  }

  private daysAgo(days: number): Date {
    return new Date(this.clock.now().getTime() - days * DAY_MS);
  }
}
