import { Inject, Injectable } from '@nestjs/common';
import { type JobRun, LOG, type Log, type PayloadOf, Runs } from '@switchboard/service-kit';
import { RecordingTooLarge } from '../engines/engine-errors';
import { isLastTry, mayPass, wasInterrupted } from '../tries';
import { Listener } from './listener';
import { RecordingGone, Recordings, RecordingTooLargeToFetch, RecordingUnreachable } from './recordings';
import { Transcribe } from './transcribe.definition';
import type { TranscriptionFailure } from './transcription.entity';
import { TranscriptionService } from './transcription.service';

@Injectable()
export class TranscribeJob {
  constructor(
    private readonly transcriptions: TranscriptionService,
    private readonly recordings: Recordings,
    private readonly listener: Listener,
    @Inject(LOG) private readonly log: Log,
  ) {}

  @Runs(Transcribe)
  async transcribe({ messageId }: PayloadOf<typeof Transcribe>, run: JobRun): Promise<void> {
    const waiting = await this.transcriptions.waiting(messageId);
    if (!waiting) return;
    const { engine } = this.listener;
    if (!engine) return this.transcriptions.fail(waiting, 'not_configured'); // switched off since the message came
    let transcript;
    try {
      transcript = await engine.transcribe(await this.recordings.fetch(waiting), run.signal);
    } catch (error) {
      const triesAgain = (mayPass(error) || error instanceof RecordingUnreachable) && !isLastTry(run);
      if (triesAgain || wasInterrupted(error, run)) throw error;
      const reason = reasonOf(error);
      this.log.warn({ err: error, messageId, reason }, 'a voice message could not be transcribed');
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
