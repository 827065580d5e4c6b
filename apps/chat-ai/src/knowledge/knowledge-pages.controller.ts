import { Controller } from '@nestjs/common';
import { AddKnowledgePage, ChangeKnowledgePage, RereadKnowledgePage } from '@switchboard/contracts';
import { type AnswerOf, Implements, type RequestOf } from '@switchboard/service-kit';
import { DataSource, type EntityManager } from 'typeorm';
import { KnowledgeDocumentsService } from './knowledge-documents.service';
import { KnowledgePagesService } from './knowledge-pages.service';

@Controller()
export class KnowledgePagesController {
  constructor(
    private readonly db: DataSource,
    private readonly pages: KnowledgePagesService,
    private readonly documents: KnowledgeDocumentsService,
  ) {}

  @Implements(AddKnowledgePage)
  async add(
    { params: { botId }, query, body, actor }: RequestOf<typeof AddKnowledgePage>,
    tx: EntityManager,
  ): Promise<AnswerOf<typeof AddKnowledgePage>> {
    const id = await this.pages.add(tx, botId, body, actor);
    return this.documents.read(tx, botId, id, query.locale);
  }

  @Implements(ChangeKnowledgePage)
  change({
    params,
    query,
    body,
    ifMatch,
    actor,
  }: RequestOf<typeof ChangeKnowledgePage>): Promise<AnswerOf<typeof ChangeKnowledgePage>> {
    return this.db.transaction(async (tx) => {
      await this.pages.change(tx, params, body, { seen: ifMatch, actor });
      return this.documents.read(tx, params.botId, params.documentId, query.locale);
    });
  }

  @Implements(RereadKnowledgePage)
  reread({ params, query }: RequestOf<typeof RereadKnowledgePage>): Promise<AnswerOf<typeof RereadKnowledgePage>> {
    return this.db.transaction(async (tx) => {
      await this.pages.reread(tx, params.botId, params.documentId);
      return this.documents.read(tx, params.botId, params.documentId, query.locale);
    });
  }
}
