import { Controller, Inject } from '@nestjs/common';
import { CheckBot } from '@switchboard/contracts';
import { BotsRegistry } from './bots-registry';
import { type AnswerOf, Implements, type RequestOf } from './http/route.decorators';

/** What this service has against the description of a bot, before anybody saves it. */
@Controller()
export class BotsController {
  constructor(@Inject(BotsRegistry) private readonly bots: BotsRegistry) {}

  @Implements(CheckBot)
  async check({ body }: RequestOf<typeof CheckBot>): Promise<AnswerOf<typeof CheckBot>> {
    const report = this.bots.examine(body);
    const isSaid = new Set(report.errors.map(({ pointer }) => pointer));
    const ofServers = await this.bots.mistakesInServers(body.description);
    return { ...report, errors: [...report.errors, ...ofServers.filter(({ pointer }) => !isSaid.has(pointer))] };
  }
}
