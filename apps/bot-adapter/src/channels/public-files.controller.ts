import { Controller } from '@nestjs/common';
import { ReadPublicFile } from '@switchboard/contracts';
import { type AnswerOf, Implements, type RequestOf } from '@switchboard/service-kit';
import { PublicFilesService } from './public-files.service';

@Controller()
export class PublicFilesController {
  constructor(private readonly files: PublicFilesService) {}

  @Implements(ReadPublicFile)
  read({ params, query }: RequestOf<typeof ReadPublicFile>): Promise<AnswerOf<typeof ReadPublicFile>> {
    return this.files.open(params.fileId, Number(query.until), query.signature);
  }
}
