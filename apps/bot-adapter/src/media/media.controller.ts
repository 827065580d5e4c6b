import { Controller } from '@nestjs/common';
import { ReadMedia } from '@switchboard/contracts';
import { type AnswerOf, Implements, type RequestOf } from '@switchboard/service-kit';
import { MediaService } from './media.service';

@Controller()
export class MediaController {
  constructor(private readonly files: MediaService) {}

  @Implements(ReadMedia)
  read({ params }: RequestOf<typeof ReadMedia>): Promise<AnswerOf<typeof ReadMedia>> {
    return this.files.open(params.mediaId);
  }
}
