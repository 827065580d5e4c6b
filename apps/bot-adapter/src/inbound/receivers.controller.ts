import { Controller } from '@nestjs/common';
import { CheckChannel } from '@switchboard/contracts';
import { type AnswerOf, Implements, type RequestOf } from '@switchboard/service-kit';
import { ReceiversService } from './receivers.service';

/** Credentials of a channel, before a bot is given them. */
@Controller()
export class ReceiversController {
  constructor(private readonly receivers: ReceiversService) {}

  @Implements(CheckChannel)
  check({ body }: RequestOf<typeof CheckChannel>): Promise<AnswerOf<typeof CheckChannel>> {
    return this.receivers.inspect(body.botId, body.channel, body.secrets);
  }
}
