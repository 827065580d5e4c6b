import { Controller, Inject } from '@nestjs/common';
import { DeadLetters } from '@switchboard/bus';
import { DiscardDeadLetters, ListDeadLetters, ReplayDeadLetters, SummarizeDeadLetters } from '@switchboard/contracts';
import { Cursors } from './cursors';
import { type AnswerOf, Implements, type RequestOf } from './route.decorators';

/** Events this service gave up, for operators: seen, tried again, or given up for good. */
@Controller()
export class DeadLettersController {
  constructor(
    @Inject(DeadLetters) private readonly deadLetters: DeadLetters,
    @Inject(Cursors) private readonly cursors: Cursors,
  ) {}

  @Implements(ListDeadLetters)
  async list(request: RequestOf<typeof ListDeadLetters>): Promise<AnswerOf<typeof ListDeadLetters>> {
    const { after: _, limit, ...which } = request.query;
    const [after] = this.cursors.position(request)?.key ?? [];
    const rows = await this.deadLetters.list({ ...which, limit: limit + 1, ...(after && { after: String(after) }) });
    const { data, page } = this.cursors.page(request, rows, ({ id }) => [id]);
    // They are read in the order they died, and only that way.
    return { data, page: { ...page, prev: null } };
  }

  @Implements(SummarizeDeadLetters)
  async summarize(): Promise<AnswerOf<typeof SummarizeDeadLetters>> {
    return { groups: await this.deadLetters.summary() };
  }

  @Implements(ReplayDeadLetters)
  async replay({ body }: RequestOf<typeof ReplayDeadLetters>): Promise<AnswerOf<typeof ReplayDeadLetters>> {
    const { perSecond, ...which } = body;
    return { replayed: await this.deadLetters.replay(which, { perSecond }) };
  }

  @Implements(DiscardDeadLetters)
  async discard({ body, actor }: RequestOf<typeof DiscardDeadLetters>): Promise<AnswerOf<typeof DiscardDeadLetters>> {
    const { why, ...which } = body;
    return { discarded: await this.deadLetters.discard(which, { by: `${actor.kind}:${actor.id}`, why }) };
  }
}
