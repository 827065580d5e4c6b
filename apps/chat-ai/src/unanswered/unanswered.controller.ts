import { Controller } from '@nestjs/common';
import {
  AnswerUnanswered,
  ListUnanswered,
  ListUnansweredQuestions,
  ReadUnanswered,
  ResolveUnanswered,
} from '@switchboard/contracts';
import { type AnswerOf, Cursors, Implements, type RequestOf } from '@switchboard/service-kit';
import { DataSource, type EntityManager } from 'typeorm';
import { UnansweredService } from './unanswered.service';

/** Questions that have found no answer, for those who look after the knowledge base. */
@Controller()
export class UnansweredController {
  constructor(
    private readonly db: DataSource,
    private readonly cursors: Cursors,
    private readonly unanswered: UnansweredService,
  ) {}

  @Implements(ListUnanswered)
  async list(request: RequestOf<typeof ListUnanswered>): Promise<AnswerOf<typeof ListUnanswered>> {
    const { params, query } = request;
    const position = this.cursors.position(request);
    const rows = await this.unanswered.list(params.botId, query, position, query.limit + 1);
    return this.cursors.page(request, rows, ({ times, id }) => [times, id]);
  }

  @Implements(ReadUnanswered)
  read({ params }: RequestOf<typeof ReadUnanswered>): Promise<AnswerOf<typeof ReadUnanswered>> {
    return this.unanswered.read(params.botId, params.groupId);
  }

  @Implements(ListUnansweredQuestions)
  questions(request: RequestOf<typeof ListUnansweredQuestions>): Promise<AnswerOf<typeof ListUnansweredQuestions>> {
    return this.unanswered.questions(request);
  }

  @Implements(ResolveUnanswered)
  resolve({
    params,
    body,
    ifMatch,
    actor,
  }: RequestOf<typeof ResolveUnanswered>): Promise<AnswerOf<typeof ResolveUnanswered>> {
    return this.db.transaction((tx) => this.unanswered.resolve(tx, params, body.state, { seen: ifMatch, actor }));
  }

  @Implements(AnswerUnanswered)
  answer(
    { params, body, actor }: RequestOf<typeof AnswerUnanswered>,
    tx: EntityManager,
  ): Promise<AnswerOf<typeof AnswerUnanswered>> {
    return this.unanswered.answer(tx, params, body.texts, actor);
  }
}
