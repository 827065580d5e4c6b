import { Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { Clock, CONFIG, defineJob, Jobs, LOG, type Log, Runs } from '@switchboard/service-kit';
import { DataSource } from 'typeorm';
import { z } from 'zod';
import { AudioLibrary } from '../speech/audio-library';
import { SpeechService } from '../speech/speech.service';
import { TranscriptionsService } from '../transcriptions/transcriptions.service';
import type { TtsWorkerConfig } from '../tts-worker.config';

const Clean = defineJob('clean', z.object({}));

const DAY_MS = 86_400_000;

/** Once a day, and at each start, removes audio nobody asks for any more and forgets requests answered long ago. */
@Injectable()
export class RetentionJob implements OnApplicationBootstrap {
  constructor(
    private readonly db: DataSource,
    private readonly jobs: Jobs,
    private readonly clock: Clock,
    private readonly library: AudioLibrary,
    private readonly speech: SpeechService,
    private readonly transcriptions: TranscriptionsService,
    @Inject(CONFIG) private readonly config: TtsWorkerConfig,
    @Inject(LOG) private readonly log: Log,
  ) {}

  onApplicationBootstrap(): Promise<void> {
    return this.plan();
  }

  @Runs(Clean)
  async clean(): Promise<void> {
    const now = this.clock.now().getTime();
    // First the next one, so that a day on which it fails does not end the series.
    await this.plan(DAY_MS);
    const before = new Date(now - this.config.TTS_WORKER_KEEP_DAYS * DAY_MS);
    await this.speech.forgetAnsweredBefore(before);
    await this.transcriptions.forgetAnsweredBefore(before);
    const removed = await this.library.removeUnusedSince(before);
    if (removed > 0) this.log.info({ removed }, 'unused audio was removed');
  }

  private plan(delayMs = 0): Promise<void> {
    return this.db.transaction((tx) => this.jobs.add(tx, Clean, {}, { key: 'clean', delayMs }));
  }
}
