import { Controller } from '@nestjs/common';
import { AddFaq, ChangeFaq, ListFaq, ReadFaq } from '@switchboard/contracts';
import { type AnswerOf, Implements, type RequestOf } from '@switchboard/service-kit';
import { DataSource, type EntityManager } from 'typeorm';
import { FaqService } from './faq.service';

@Controller()
export class FaqController {
  constructor(
    private readonly db: DataSource,
    private readonly faq: FaqService,
  ) {}

  @Implements(ListFaq)
  list(request: RequestOf<typeof ListFaq>): Promise<AnswerOf<typeof ListFaq>> {
    return this.faq.list(this.db.manager, request);
  }

  @Implements(AddFaq)
  add({ params, body, actor }: RequestOf<typeof AddFaq>, tx: EntityManager): Promise<AnswerOf<typeof AddFaq>> {
    return this.faq.add(tx, params.botId, body.texts, actor);
  }

  @Implements(ReadFaq)
  read({ params }: RequestOf<typeof ReadFaq>): Promise<AnswerOf<typeof ReadFaq>> {
    return this.faq.read(this.db.manager, params.botId, params.documentId);
  }

  @Implements(ChangeFaq)
  change({ params, body, ifMatch, actor }: RequestOf<typeof ChangeFaq>): Promise<AnswerOf<typeof ChangeFaq>> {
    return this.db.transaction((tx) => this.faq.change(tx, params, body.texts, { seen: ifMatch, actor }));
  }
}
