import { Inject, Injectable } from '@nestjs/common';
import { defineJob, type JobRun, Jobs, LOG, type Log, type PayloadOf, Runs } from '@switchboard/service-kit';
import type { EntityManager } from 'typeorm';
import { z } from 'zod';
import { RecordingTooLarge } from '../engines/engine-errors';
import { retryPolicy } from '../retry-policy';
import { RecordingGone, Recordings, RecordingTooLargeToFetch, RecordingUnreachable } from './recordings';
import { TranscriptionProvider } from './transcription-provider';
import type { TranscriptionFailure } from './transcription.entity';
import { TranscriptionsService } from './transcriptions.service';

/** Turns one voice message into words. */
const Transcribe = defineJob('transcribe', z.object({ messageId: z.uuid() }));

@Injectable()
export class TranscriptionsJobs {
  constructor(
    private readonly jobs: Jobs,
    private readonly transcriptions: TranscriptionsService,
    private readonly recordings: Recordings,
    private readonly provider: TranscriptionProvider,
    @Inject(LOG) private readonly log: Log,
  ) {}

  /** Undefined: there is nothing to transcribe. */
  async enqueue(tx: EntityManager, messageId: string | undefined): Promise<void> {
    if (messageId === undefined) return;
    await this.jobs.add(
      tx,
      Transcribe,
      { messageId },
      { key: `transcribe:${messageId}`, maxAttempts: retryPolicy.maxAttempts },
    );
  }

  @Runs(Transcribe)
  async transcribe({ messageId }: PayloadOf<typeof Transcribe>, run: JobRun): Promise<void> {
    const waiting = await this.transcriptions.findWaiting(messageId);
    if (!waiting) return;
    // Switched off since the message came.
    if (!this.provider.isConfigured) return this.transcriptions.fail(waiting, 'not_configured');
    let transcript;
    try {
      transcript = await this.provider.transcribe(await this.recordings.fetch(waiting), run.signal);
    } catch (error) {
      const isRetryable = retryPolicy.isRetryable(error) || error instanceof RecordingUnreachable;
      if ((isRetryable && !retryPolicy.isLastTry(run)) || retryPolicy.isInterruption(error, run)) throw error;
      const reason = reasonOf(error);
      this.log.warn({ err: error, messageId, reason }, 'transcription failed');
      return this.transcriptions.fail(waiting, reason);
    }
    if (!transcript.text) return this.transcriptions.fail(waiting, 'nothing_heard');
    await this.transcriptions.complete(waiting, transcript);
  }
}

function reasonOf(error: unknown): TranscriptionFailure {
  if (error instanceof RecordingGone || error instanceof RecordingUnreachable) return 'media_gone';
  if (error instanceof RecordingTooLarge || error instanceof RecordingTooLargeToFetch) return 'too_large';
  return 'engine_failed';
}
