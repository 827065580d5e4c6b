import { Controller } from '@nestjs/common';
import {
  DeleteKnowledgeDocument,
  ListKnowledgeDocuments,
  ListKnowledgePassages,
  ReadKnowledgeDocument,
  RestoreKnowledgeDocument,
  SearchKnowledge,
} from '@switchboard/contracts';
import { type AnswerOf, Cursors, Implements, type RequestOf } from '@switchboard/service-kit';
import { DataSource } from 'typeorm';
import { KnowledgeDocumentsService } from './knowledge-documents.service';
import { KnowledgeService } from './knowledge.service';

/** For those who look after a knowledge base. */
@Controller()
export class KnowledgeController {
  constructor(
    private readonly db: DataSource,
    private readonly cursors: Cursors,
    private readonly knowledge: KnowledgeService,
    private readonly documents: KnowledgeDocumentsService,
  ) {}

  @Implements(SearchKnowledge)
  async search({ params, body }: RequestOf<typeof SearchKnowledge>): Promise<AnswerOf<typeof SearchKnowledge>> {
    return { passages: await this.knowledge.find(params.botId, body.query) };
  }

  @Implements(ListKnowledgeDocuments)
  async list(request: RequestOf<typeof ListKnowledgeDocuments>): Promise<AnswerOf<typeof ListKnowledgeDocuments>> {
    const { params, query } = request;
    const position = this.cursors.position(request);
    const rows = await this.documents.list(params.botId, query, query.locale, position, query.limit + 1);
    return this.cursors.page(request, rows, ({ source, id }) => [source, id]);
  }

  @Implements(ReadKnowledgeDocument)
  read({ params, query }: RequestOf<typeof ReadKnowledgeDocument>): Promise<AnswerOf<typeof ReadKnowledgeDocument>> {
    return this.documents.read(this.db.manager, params.botId, params.documentId, query.locale);
  }

  @Implements(ListKnowledgePassages)
  async passages(request: RequestOf<typeof ListKnowledgePassages>): Promise<AnswerOf<typeof ListKnowledgePassages>> {
    const { params, query } = request;
    const position = this.cursors.position(request);
    const rows = await this.documents.passages(params.botId, params.documentId, position, query.limit + 1);
    return this.cursors.page(request, rows, (row) => [row.language, row.position]);
  }

  @Implements(DeleteKnowledgeDocument)
  delete({
    params,
    query,
    actor,
  }: RequestOf<typeof DeleteKnowledgeDocument>): Promise<AnswerOf<typeof DeleteKnowledgeDocument>> {
    const { botId, documentId } = params;
    return this.db.transaction(async (tx) => {
      await this.documents.delete(tx, botId, documentId, actor);
      return this.documents.read(tx, botId, documentId, query.locale);
    });
  }

  @Implements(RestoreKnowledgeDocument)
  restore({
    params,
    query,
    actor,
  }: RequestOf<typeof RestoreKnowledgeDocument>): Promise<AnswerOf<typeof RestoreKnowledgeDocument>> {
    const { botId, documentId } = params;
    return this.db.transaction(async (tx) => {
      await this.documents.restore(tx, botId, documentId, actor);
      return this.documents.read(tx, botId, documentId, query.locale);
    });
  }
}
