import { Controller, Inject } from '@nestjs/common';
import { CheckBot } from '@switchboard/contracts';
import { BotsRegistry } from './bots-registry';
import { type AnswerOf, Implements, type RequestOf } from './http/route.decorators';

/** What this service has against the description of a bot, before anybody saves it. */
@Controller()
export class BotsController {
  constructor(@Inject(BotsRegistry) private readonly bots: BotsRegistry) {}

  @Implements(CheckBot)
  check({ body }: RequestOf<typeof CheckBot>): AnswerOf<typeof CheckBot> {
    return this.bots.examine(body);
  }
}
