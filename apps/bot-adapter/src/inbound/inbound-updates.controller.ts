import { Controller } from '@nestjs/common';
import { ListQuarantinedUpdates, ReplayQuarantinedUpdates } from '@switchboard/contracts';
import { type AnswerOf, Implements, type RequestOf } from '@switchboard/service-kit';
import { InboundUpdatesService } from './inbound-updates.service';
import { QuarantineService } from './quarantine.service';

/** Updates that could not be processed, for the operator. */
@Controller()
export class InboundUpdatesController {
  constructor(
    private readonly updates: InboundUpdatesService,
    private readonly quarantine: QuarantineService,
  ) {}

  @Implements(ListQuarantinedUpdates)
  async list(): Promise<AnswerOf<typeof ListQuarantinedUpdates>> {
    return { bots: await this.quarantine.summary() };
  }

  @Implements(ReplayQuarantinedUpdates)
  replay({ query }: RequestOf<typeof ReplayQuarantinedUpdates>): Promise<AnswerOf<typeof ReplayQuarantinedUpdates>> {
    return this.updates.replay({ botId: query.bot });
  }
}
