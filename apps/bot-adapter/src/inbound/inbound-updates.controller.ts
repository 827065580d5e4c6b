import { Controller } from '@nestjs/common';
import {
  DiscardQuarantinedUpdate,
  ListQuarantinedUpdates,
  ReadQuarantinedUpdate,
  ReplayQuarantinedUpdate,
  ReplayQuarantinedUpdates,
  SummarizeQuarantinedUpdates,
} from '@switchboard/contracts';
import { type AnswerOf, Cursors, Implements, type RequestOf } from '@switchboard/service-kit';
import { DataSource } from 'typeorm';
import { InboundUpdatesService } from './inbound-updates.service';
import { QuarantineService } from './quarantine.service';

/** Updates that could not be processed, for whoever mends what was wrong. */
@Controller()
export class InboundUpdatesController {
  constructor(
    private readonly db: DataSource,
    private readonly cursors: Cursors,
    private readonly updates: InboundUpdatesService,
    private readonly quarantine: QuarantineService,
  ) {}

  @Implements(ListQuarantinedUpdates)
  async list(request: RequestOf<typeof ListQuarantinedUpdates>): Promise<AnswerOf<typeof ListQuarantinedUpdates>> {
    const { query, actor } = request;
    const filter = { botId: query.botId, bots: actor.bots };
    const rows = await this.quarantine.list(filter, this.cursors.position(request), query.limit + 1);
    return this.cursors.page(request, rows, ({ seq }) => [seq]);
  }

  @Implements(SummarizeQuarantinedUpdates)
  async summarize({
    actor,
  }: RequestOf<typeof SummarizeQuarantinedUpdates>): Promise<AnswerOf<typeof SummarizeQuarantinedUpdates>> {
    return { bots: await this.quarantine.summary(actor.bots) };
  }

  @Implements(ReadQuarantinedUpdate)
  read({ params }: RequestOf<typeof ReadQuarantinedUpdate>): Promise<AnswerOf<typeof ReadQuarantinedUpdate>> {
    return this.quarantine.read(params);
  }

  @Implements(ReplayQuarantinedUpdates)
  replay({
    query,
    actor,
  }: RequestOf<typeof ReplayQuarantinedUpdates>): Promise<AnswerOf<typeof ReplayQuarantinedUpdates>> {
    return this.updates.replay({ botId: query.botId, bots: actor.bots });
  }

  @Implements(ReplayQuarantinedUpdate)
  replayOne({ params }: RequestOf<typeof ReplayQuarantinedUpdate>): Promise<AnswerOf<typeof ReplayQuarantinedUpdate>> {
    return this.updates.replaySingle(params);
  }

  @Implements(DiscardQuarantinedUpdate)
  discard({ params, body, actor }: RequestOf<typeof DiscardQuarantinedUpdate>): Promise<void> {
    return this.db.transaction((tx) => this.quarantine.discard(tx, params, body.why, actor));
  }
}
