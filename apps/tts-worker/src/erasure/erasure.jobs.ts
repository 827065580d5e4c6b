import { Injectable } from '@nestjs/common';
import { Outbox } from '@switchboard/bus';
import { TtsWorkerPersonErased } from '@switchboard/contracts';
import { ErasePerson, ErasePersonAgain, Erasure, type JobRun, type PayloadOf, Runs } from '@switchboard/service-kit';
import { AudioLibrary } from '../speech/audio-library';

@Injectable()
export class ErasureJobs {
  constructor(
    private readonly erasure: Erasure,
    private readonly outbox: Outbox,
    library: AudioLibrary,
  ) {
    erasure.add({
      before: (userId) => library.removeAskedForOnlyBy(userId),
      // What they were answered with since; afterwards no row tells that it was theirs.
      rows: (tx, userId) => library.removeAskedForOnlyByIn(tx, userId),
    });
  }

  @Runs(ErasePerson)
  erase(asked: PayloadOf<typeof ErasePerson>, { signal }: JobRun): Promise<void> {
    return this.erasure.erase(asked, signal, (tx) => this.outbox.add(tx, TtsWorkerPersonErased(asked)));
  }

  @Runs(ErasePersonAgain)
  eraseAgain(asked: PayloadOf<typeof ErasePersonAgain>, { signal }: JobRun): Promise<void> {
    return this.erasure.eraseAgain(asked, signal);
  }
}
