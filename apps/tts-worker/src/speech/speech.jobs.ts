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
  UpstreamUnavailable,
} from '@switchboard/service-kit';
import { DataSource, type EntityManager } from 'typeorm';
import { z } from 'zod';
import { BudgetExhausted } from '../accounting/budgets.service';
import { EngineError, NothingToSay } from '../engines/engine-errors';
import { retryPolicy } from '../retry-policy';
import { AudioLibrary, NotStored, StorageAway } from './audio-library';
import { SpeechEngines } from './speech-engines';
import type { SpeechFailure } from './speech-request.entity';
import { SpeechMetrics } from './speech.metrics';
import { SpeechService, type WaitingRequest } from './speech.service';

/** Makes one audio and answers everyone who waits for it. */
const Synthesize = defineJob('synthesize', z.object({ audioId: z.string() }));
const FailLostSpeech = defineJob('fail-lost-speech', Slot);

const keyOf = (audioId: string) => `audio:${audioId}`;

@Injectable()
export class SpeechJobs {
  constructor(
    private readonly db: DataSource,
    private readonly jobs: Jobs,
    private readonly speech: SpeechService,
    private readonly engines: SpeechEngines,
    private readonly library: AudioLibrary,
    private readonly metrics: SpeechMetrics,
    @Inject(LOG) private readonly log: Log,
  ) {}

  /** One job per audio, for however many requests; undefined: there is nothing to make. */
  async enqueue(tx: EntityManager, audioId: string | undefined): Promise<void> {
    if (audioId === undefined) return;
    // The key joins requests that come together; the queue makes one that comes while the audio is made wait for it.
    const name = keyOf(audioId);
    await this.jobs.add(tx, Synthesize, { audioId }, { key: name, queue: name, maxAttempts: retryPolicy.maxAttempts });
  }

  @Runs(Synthesize)
  async synthesize({ audioId }: PayloadOf<typeof Synthesize>, run: JobRun): Promise<void> {
    const waiting = await this.speech.firstWaiting(audioId);
    // The job before this one answered everyone, or they were erased while it made the audio.
    if (!waiting) return this.library.removeUnclaimed(audioId);
    let audio;
    try {
      audio = await this.makeAudio(waiting, run);
    } catch (error) {
      if (error instanceof BudgetExhausted) {
        await this.speech.failOne(waiting.speechId, 'budget_exhausted');
        return this.synthesize({ audioId }, run); // the next one who waits may be able to pay
      }
      const retry =
        (retryPolicy.isRetryable(error) || error instanceof StorageAway) && !retryPolicy.isLastTry(error, run);
      if (retry || retryPolicy.isInterruption(error, run)) throw error;
      const reason = reasonOf(error);
      this.log.warn({ err: error, audioId, reason }, 'speech synthesis failed');
      return this.speech.failWaiting(audioId, reason);
    }
    if (!(await this.speech.completeWaiting(audioId, audio))) await this.library.removeUnclaimed(audio.id);
  }

  /** The last try of a job may die with its process; then there are requests that wait, and no job that will answer them. */
  @Scheduled('* * * * *', FailLostSpeech, {
    purpose: 'Answers requests for speech whose synthesis was given up without a word.',
    timeoutMs: 60_000,
    missed: 'skip',
  })
  async failLost(): Promise<void> {
    // Both by one snapshot: a request that is answered between the two would be taken for lost.
    const { waiting, alive } = await this.db.transaction('REPEATABLE READ', async (tx) => {
      const waiting = await this.speech.allWaiting(tx);
      const keys = waiting.map(({ audioId }) => keyOf(audioId));
      return { waiting, alive: await this.jobs.alive(tx, keys) };
    });
    for (const { speechId, audioId } of waiting) {
      if (alive.has(keyOf(audioId))) continue;
      this.log.error({ speechId, audioId }, 'a speech synthesis was lost');
      // Not all who wait for the audio: somebody may have asked for it since, with a new job.
      await this.speech.failOne(speechId, 'engine_failed');
    }
  }

  /** By the primary engine; by the fallback when that refuses, is known to be down, or has failed for the last time. */
  private async makeAudio({ request, payer }: WaitingRequest, run: JobRun): Promise<{ id: string; made: boolean }> {
    const { primary, fallback } = this.engines;
    try {
      return await this.library.ensure(primary, request, payer, run.signal);
    } catch (error) {
      const isEngineFailure =
        (error instanceof EngineError && !(error instanceof NothingToSay)) || retryPolicy.isRetryable(error);
      const retry =
        retryPolicy.isRetryable(error) && !(error instanceof UpstreamUnavailable) && !retryPolicy.isLastTry(error, run);
      if (!fallback || !isEngineFailure || retry || run.signal.aborted) throw error;
      this.log.warn({ err: error, engine: primary.id, fallback: fallback.id }, 'speech engine failed, using fallback');
      this.metrics.fallbacks.inc();
      return await this.library.ensure(fallback, request, payer, run.signal);
    }
  }
}

function reasonOf(error: unknown): SpeechFailure {
  if (error instanceof NothingToSay) return 'nothing_to_say';
  return error instanceof NotStored || error instanceof StorageAway ? 'storage_failed' : 'engine_failed';
}
