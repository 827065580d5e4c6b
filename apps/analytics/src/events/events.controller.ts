import { Controller } from '@nestjs/common';
import { ListQuarantinedEvents, ReplayQuarantinedEvents } from '@switchboard/contracts';
import { type AnswerOf, Cursors, Implements, type RequestOf } from '@switchboard/service-kit';
import { EventsService } from './events.service';

@Controller()
export class EventsController {
  constructor(
    private readonly events: EventsService,
    private readonly cursors: Cursors,
  ) {}

  @Implements(ListQuarantinedEvents)
  async list(request: RequestOf<typeof ListQuarantinedEvents>): Promise<AnswerOf<typeof ListQuarantinedEvents>> {
    const { query } = request;
    const rows = await this.events.quarantined(query, this.cursors.position(request), query.limit + 1);
    const { data, page } = this.cursors.page(request, rows, ({ id }) => [id]);
    return { data: data.map((row) => ({ ...row, replayable: row.event !== null })), page };
  }

  @Implements(ReplayQuarantinedEvents)
  replay({ body }: RequestOf<typeof ReplayQuarantinedEvents>): Promise<AnswerOf<typeof ReplayQuarantinedEvents>> {
    return this.events.replay(body);
  }
}
