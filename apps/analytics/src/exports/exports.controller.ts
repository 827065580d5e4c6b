import { Controller } from '@nestjs/common';
import { DownloadExport, ListExports, OpenExport, ReadExport } from '@switchboard/contracts';
import { type AnswerOf, Implements, type RequestOf } from '@switchboard/service-kit';
import { EntityManager } from 'typeorm';
import { ExportsService } from './exports.service';

@Controller()
export class ExportsController {
  constructor(private readonly exports: ExportsService) {}

  @Implements(OpenExport)
  open(request: RequestOf<typeof OpenExport>, tx: EntityManager): Promise<AnswerOf<typeof OpenExport>> {
    return this.exports.open(tx, request);
  }

  @Implements(ListExports)
  list(request: RequestOf<typeof ListExports>): Promise<AnswerOf<typeof ListExports>> {
    return this.exports.list(request);
  }

  @Implements(ReadExport)
  read(request: RequestOf<typeof ReadExport>): Promise<AnswerOf<typeof ReadExport>> {
    return this.exports.read(request);
  }

  @Implements(DownloadExport)
  download(request: RequestOf<typeof DownloadExport>): Promise<AnswerOf<typeof DownloadExport>> {
    return this.exports.download(request);
  }
}
