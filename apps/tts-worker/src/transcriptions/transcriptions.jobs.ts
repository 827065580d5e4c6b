import { Inject, Injectable } from '@nestjs/common';
import { defineJob, type JobRun, Jobs, LOG, type Log, type PayloadOf, Runs } from '@switchboard/service-kit';
import type { EntityManager } from 'typeorm';
import { z } from 'zod';
import { BudgetExhausted, BudgetsService } from '../accounting/budgets.service';
import { RecordingTooLarge } from '../engines/engine-errors';
import { retryPolicy } from '../retry-policy';
import { RecordingGone, Recordings, RecordingTooLargeToFetch, RecordingUnreachable } from './recordings';
import { TranscriptionProvider } from './transcription-provider';
import type { Transcription, TranscriptionFailure } from './transcription.entity';
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
    private readonly budgets: BudgetsService,
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
    if (!this.provider.isConfiguredFor(waiting.botId)) return this.transcriptions.fail(waiting, 'not_configured');
    try {
      await this.transcribeWaiting(waiting, run.signal);
    } catch (error) {
      const isRetryable = retryPolicy.isRetryable(error) || error instanceof RecordingUnreachable;
      if ((isRetryable && !retryPolicy.isLastTry(run)) || retryPolicy.isInterruption(error, run)) throw error;
      const reason = reasonOf(error);
      this.log.warn({ err: error, messageId, reason }, 'transcription failed');
      await this.transcriptions.fail(waiting, reason);
    }
  }

  private async transcribeWaiting(waiting: Transcription, signal: AbortSignal): Promise<void> {
    const recording = await this.recordings.fetch(waiting, signal);
    const { botId, userId, messageId } = waiting;
    const { name: engine } = this.provider;
    const model = this.provider.pricedModelFor(botId);
    const amount = { characters: 0, audioMs: recording.durationMs };
    await this.budgets.charged(
      {
        payer: { botId, userId },
        job: `transcription:${messageId}`,
        purpose: 'transcription',
        engine,
        model,
        ...amount,
      },
      (meter) => this.provider.transcribe(botId, recording, signal, meter),
      (tx, transcript) => this.transcriptions.complete(tx, waiting, transcript),
    );
  }
}

function reasonOf(error: unknown): TranscriptionFailure {
  if (error instanceof RecordingGone || error instanceof RecordingUnreachable) return 'media_gone';
  if (error instanceof RecordingTooLarge || error instanceof RecordingTooLargeToFetch) return 'too_large';
  return error instanceof BudgetExhausted ? 'budget_exhausted' : 'engine_failed';
}
