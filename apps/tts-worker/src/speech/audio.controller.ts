import { Controller, Get, Param, Res, StreamableFile, UseGuards } from '@nestjs/common';
import { AllowServices, DomainError, ServiceGuard } from '@switchboard/service-kit';
import type { Response } from 'express';
import { z } from 'zod';
import { AudioLibrary } from './audio-library';

const AudioAddress = z.object({ audioId: z.string().regex(/^[0-9a-f]{64}$/) });

class AudioNotFound extends DomainError {
  constructor(audioId: string) {
    super('tts-worker.audio_not_found', 'There is no such audio, or no longer', 404, { audioId });
  }
}

/** The audio of completed speech, for the services that bring it to people. */
@Controller('audio')
@UseGuards(ServiceGuard)
@AllowServices('bot-adapter', 'gateway')
export class AudioController {
  constructor(private readonly library: AudioLibrary) {}

  @Get(':audioId')
  async read(
    @Param({ schema: AudioAddress }) { audioId }: z.output<typeof AudioAddress>,
    @Res({ passthrough: true }) response: Response,
  ): Promise<StreamableFile> {
    const file = await this.library.open(audioId);
    if (!file) throw new AudioNotFound(audioId);
    // Not with @Header, which would be sent with the 404 as well.
    response.setHeader('cache-control', 'private, max-age=31536000, immutable');
    return new StreamableFile(file.body, { type: 'audio/ogg', length: file.bytes });
  }
}
