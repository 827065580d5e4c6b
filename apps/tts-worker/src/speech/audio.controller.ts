import { Controller } from '@nestjs/common';
import { ReadAudio } from '@switchboard/contracts';
import { type AnswerOf, DomainError, Implements, type RequestOf } from '@switchboard/service-kit';
import { AudioLibrary } from './audio-library';

class AudioNotFound extends DomainError {
  constructor(audioId: string) {
    super('tts-worker.audio_not_found', 'There is no such audio, or no longer', 404, { audioId });
  }
}

/** The audio of completed speech, for the services that bring it to people. */
@Controller()
export class AudioController {
  constructor(private readonly library: AudioLibrary) {}

  @Implements(ReadAudio)
  async read({ params: { audioId } }: RequestOf<typeof ReadAudio>): Promise<AnswerOf<typeof ReadAudio>> {
    const file = await this.library.open(audioId);
    if (!file) throw new AudioNotFound(audioId);
    return { ...file, cacheControl: 'private, max-age=31536000, immutable' };
  }
}
