import { Controller, Get, Param, StreamableFile, UseGuards } from '@nestjs/common';
import { AllowServices, ServiceGuard } from '@switchboard/service-kit';
import { z } from 'zod';
import { MediaService } from './media.service';

@Controller('media')
@UseGuards(ServiceGuard)
@AllowServices('tts-worker', 'chat-ai')
export class MediaController {
  constructor(private readonly files: MediaService) {}

  /** The bytes of a file that came with a message. */
  @Get(':mediaId')
  async read(@Param('mediaId', { schema: z.uuid() }) mediaId: string): Promise<StreamableFile> {
    const { body, bytes, contentType } = await this.files.open(mediaId);
    return new StreamableFile(body, { type: contentType, length: bytes });
  }
}
