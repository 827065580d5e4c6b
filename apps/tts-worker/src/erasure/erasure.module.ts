import { Module } from '@nestjs/common';
import { TtsWorkerPersonErased } from '@switchboard/contracts';
import { Erasure, PersonErasureModule } from '@switchboard/service-kit';
import { AudioLibrary } from '../speech/audio-library';
import { SpeechModule } from '../speech/speech.module';

/** What the erasure of a person takes here besides the entries of the data map. */
@Module({ imports: [SpeechModule, PersonErasureModule.saying(TtsWorkerPersonErased)] })
export class ErasureModule {
  constructor(erasure: Erasure, library: AudioLibrary) {
    erasure.add({
      before: (userId) => library.removeAskedForOnlyBy(userId),
      // What they were answered with since; afterwards no row tells that it was theirs.
      rows: (tx, userId) => library.removeAskedForOnlyByIn(tx, userId),
    });
  }
}
