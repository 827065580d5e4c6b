import { Inject, Injectable } from '@nestjs/common';
import {
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
import { BudgetExhausted, BudgetsService } from '../accounting/budgets.service';
import { RecordingTooLarge } from '../engines/engine-errors';
import { retryPolicy } from '../retry-policy';
import { RecordingGone, Recordings, RecordingTooLargeToFetch, RecordingUnreachable } from './recordings';
import { TranscriptionProvider } from './transcription-provider';
import type { Transcription, TranscriptionFailure } from './transcription.entity';
import { TranscriptionsService } from './transcriptions.service';

/** Turns one voice message into words. */
const Transcribe = defineJob('transcribe', z.object({ messageId: z.uuid() }));
const FailLostTranscriptions = defineJob('fail-lost-transcriptions', Slot);

const keyOf = (messageId: string) => `transcribe:${messageId}`;

@Injectable()
export class TranscriptionsJobs {
  constructor(
    private readonly db: DataSource,
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
    const options = { key: keyOf(messageId), maxAttempts: retryPolicy.maxAttempts };
    await this.jobs.add(tx, Transcribe, { messageId }, options);
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
      if ((isRetryable && !retryPolicy.isLastTry(error, run)) || retryPolicy.isInterruption(error, run)) throw error;
      const reason = reasonOf(error);
      this.log.warn({ err: error, messageId, reason }, 'transcription failed');
      await this.transcriptions.fail(waiting, reason);
    }
  }

  /** The last try of a job may die with its process; then a message waits, and no job will answer it. */
  @Scheduled('* * * * *', FailLostTranscriptions, {
    purpose: 'Answers voice messages whose transcription was given up without a word.',
    timeoutMs: 60_000,
    missed: 'skip',
  })
  async failLost(): Promise<void> {
    // Both by one snapshot: a message that is answered between the two would be taken for lost.
    const { waiting, alive } = await this.db.transaction('REPEATABLE READ', async (tx) => {
      const waiting = await this.transcriptions.allWaiting(tx);
      const keys = waiting.map(({ messageId }) => keyOf(messageId));
      return { waiting, alive: await this.jobs.alive(tx, keys) };
    });
    for (const message of waiting) {
      const { messageId } = message;
      if (alive.has(keyOf(messageId))) continue;
      this.log.error({ messageId }, 'a transcription was lost');
      await this.transcriptions.fail(message, 'engine_failed');
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
