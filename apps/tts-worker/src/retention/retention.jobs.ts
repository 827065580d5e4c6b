import { Inject, Injectable } from '@nestjs/common';
import { Clock, CONFIG, defineJob, LOG, type Log, Scheduled, Slot } from '@switchboard/service-kit';
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
  async forgetOld(): Promise<void> {
    const before = new Date(this.clock.now().getTime() - this.config.TTS_WORKER_KEEP_DAYS * DAY_MS);
    await this.speech.forgetAnsweredBefore(before);
    await this.transcriptions.forgetAnsweredBefore(before);
    await this.budgets.forgetSpendingBefore(before);
    const dayAgo = new Date(this.clock.now().getTime() - DAY_MS);
    const abandoned = await this.library.removeAbandoned(dayAgo);
    if (abandoned > 0) this.log.info({ removed: abandoned }, 'audio that was never handed out was removed');
    const removed = await this.library.removeUnusedSince(before);
    if (removed > 0) this.log.info({ removed }, 'unused audio was removed');
  }
}
