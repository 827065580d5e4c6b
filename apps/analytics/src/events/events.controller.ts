import { Controller } from '@nestjs/common';
import { ListQuarantinedEvents, ReplayQuarantinedEvents } from '@switchboard/contracts';
import { type AnswerOf, Implements, type RequestOf } from '@switchboard/service-kit';
import { EventsService } from './events.service';

@Controller()
export class EventsController {
  constructor(private readonly events: EventsService) {}

  @Implements(ListQuarantinedEvents)
  async list(request: RequestOf<typeof ListQuarantinedEvents>): Promise<AnswerOf<typeof ListQuarantinedEvents>> {
    const { data, page } = await this.events.quarantined(request);
    return { data: data.map((row) => ({ ...row, replayable: row.event !== null })), page };
  }

  @Implements(ReplayQuarantinedEvents)
  replay({ body }: RequestOf<typeof ReplayQuarantinedEvents>): Promise<AnswerOf<typeof ReplayQuarantinedEvents>> {
    return this.events.replay(body);
  }
}
