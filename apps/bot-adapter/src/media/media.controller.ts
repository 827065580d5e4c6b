import { Controller } from '@nestjs/common';
import { ReadMedia } from '@switchboard/contracts';
import { type AnswerOf, Implements, type RequestOf } from '@switchboard/service-kit';
import { MediaFiles } from './media-files.service';

@Controller()
export class MediaController {
  constructor(private readonly files: MediaFiles) {}

  @Implements(ReadMedia)
  read({ params }: RequestOf<typeof ReadMedia>): Promise<AnswerOf<typeof ReadMedia>> {
    return this.files.open(params.mediaId);
  }
}
