import { Controller } from '@nestjs/common';
import { SearchKnowledge } from '@switchboard/contracts';
import { type AnswerOf, Implements, type RequestOf } from '@switchboard/service-kit';
import { KnowledgeService } from './knowledge.service';

/** For operators who try out what their knowledge base finds. */
@Controller()
export class KnowledgeController {
  constructor(private readonly knowledge: KnowledgeService) {}

  @Implements(SearchKnowledge)
  async search({ params, body }: RequestOf<typeof SearchKnowledge>): Promise<AnswerOf<typeof SearchKnowledge>> {
    return { passages: await this.knowledge.search(params.botId, body.query) };
  }
}
