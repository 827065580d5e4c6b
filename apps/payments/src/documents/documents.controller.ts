import { Controller } from '@nestjs/common';
import { MakeOrderDocument, ReadOrderDocument } from '@switchboard/contracts';
import { type AnswerOf, Implements, type RequestOf } from '@switchboard/service-kit';
import { EntityManager } from 'typeorm';
import { DocumentsJobs } from './documents.jobs';
import { DocumentsService } from './documents.service';

@Controller()
export class DocumentsController {
  constructor(
    private readonly documents: DocumentsService,
    private readonly jobs: DocumentsJobs,
  ) {}

  @Implements(MakeOrderDocument)
  async make(
    request: RequestOf<typeof MakeOrderDocument>,
    tx: EntityManager,
  ): Promise<AnswerOf<typeof MakeOrderDocument>> {
    const asked = await this.documents.ask(tx, request);
    await this.jobs.make(tx, asked.id);
    return asked;
  }

  @Implements(ReadOrderDocument)
  read(request: RequestOf<typeof ReadOrderDocument>): Promise<AnswerOf<typeof ReadOrderDocument>> {
    return this.documents.read(request);
  }
}
