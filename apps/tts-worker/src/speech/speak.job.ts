import { Inject, Injectable } from '@nestjs/common';
import { type JobRun, LOG, type Log, type PayloadOf, Runs, ThirdPartyUnavailable } from '@switchboard/service-kit';
import { EngineError, NothingToSay } from '../engines/engine-errors';
import type { SpeechRequest as EngineRequest } from '../engines/speech-engine';
import { isLastTry, mayPass, wasInterrupted } from '../tries';
import { AudioLibrary, NotStored } from './audio-library';
import { Speak } from './speak.definition';
import { Speakers } from './speakers';
import type { SpeechFailure } from './speech-request.entity';
import { SpeechMetrics } from './speech.metrics';
import { SpeechService } from './speech.service';

@Injectable()
export class SpeakJob {
  constructor(
    private readonly speech: SpeechService,
    private readonly speakers: Speakers,
    private readonly library: AudioLibrary,
    private readonly metrics: SpeechMetrics,
    @Inject(LOG) private readonly log: Log,
  ) {}

  @Runs(Speak)
  async speak({ audioId }: PayloadOf<typeof Speak>, run: JobRun): Promise<void> {
    const wish = await this.speech.wishFor(audioId);
    if (!wish) return; // the job before this one answered everyone
    let got;
    try {
      got = await this.get(wish, run);
    } catch (error) {
      const triesAgain = (mayPass(error) || error instanceof NotStored) && !isLastTry(run);
      if (triesAgain || wasInterrupted(error, run)) throw error;
      const reason = reasonOf(error);
      this.log.warn({ err: error, audioId, reason }, 'a text could not be spoken');
      return this.speech.failWaiting(audioId, reason);
    }
    await this.speech.completeWaiting(audioId, got);
  }

  /** By the preferred engine; by the other one when that refuses, is known to be down, or has failed for the last time. */
  private async get(wish: EngineRequest, run: JobRun): Promise<{ id: string; made: boolean }> {
    const { preferred, fallback } = this.speakers;
    try {
      return await this.library.ensure(preferred, wish, run.signal);
    } catch (error) {
      const isTheEngine = (error instanceof EngineError && !(error instanceof NothingToSay)) || mayPass(error);
      const waits = mayPass(error) && !(error instanceof ThirdPartyUnavailable) && !isLastTry(run);
      if (!fallback || !isTheEngine || waits || run.signal.aborted) throw error;
      this.log.warn({ err: error, engine: preferred.id }, 'the offline engine speaks instead');
      this.metrics.fallbacks.inc();
      return await this.library.ensure(fallback, wish, run.signal);
    }
  }
}

function reasonOf(error: unknown): SpeechFailure {
  if (error instanceof NothingToSay) return 'nothing_to_say';
  return error instanceof NotStored ? 'storage_failed' : 'engine_failed';
}
