import { Controller } from '@nestjs/common';
import { ListKnowledgeDocuments, SearchKnowledge } from '@switchboard/contracts';
import { type AnswerOf, Implements, type RequestOf } from '@switchboard/service-kit';
import { KnowledgeService } from './knowledge.service';

/** For operators who look after a knowledge base. */
@Controller()
export class KnowledgeController {
  constructor(private readonly knowledge: KnowledgeService) {}

  @Implements(SearchKnowledge)
  async search({ params, body }: RequestOf<typeof SearchKnowledge>): Promise<AnswerOf<typeof SearchKnowledge>> {
    return { passages: await this.knowledge.find(params.botId, body.query) };
  }

  @Implements(ListKnowledgeDocuments)
  async documents({
    params,
    query,
  }: RequestOf<typeof ListKnowledgeDocuments>): Promise<AnswerOf<typeof ListKnowledgeDocuments>> {
    return { documents: await this.knowledge.documents(params.botId, query.locale) };
  }
}
