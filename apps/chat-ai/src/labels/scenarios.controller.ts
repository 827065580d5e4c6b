import { Controller } from '@nestjs/common';
import { DeleteScenario, ListScenarios, SetScenario } from '@switchboard/contracts';
import { type AnswerOf, Implements, type RequestOf } from '@switchboard/service-kit';
import { ScenariosService } from './scenarios.service';

/** What messages may be about, for those who write prompts. */
@Controller()
export class ScenariosController {
  constructor(private readonly scenarios: ScenariosService) {}

  @Implements(ListScenarios)
  async list({ params }: RequestOf<typeof ListScenarios>): Promise<AnswerOf<typeof ListScenarios>> {
    return { data: await this.scenarios.list(params.botId) };
  }

  @Implements(SetScenario)
  set({ params, body, actor }: RequestOf<typeof SetScenario>): Promise<AnswerOf<typeof SetScenario>> {
    return this.scenarios.set(params.botId, params.key, body, actor);
  }

  @Implements(DeleteScenario)
  delete({ params, actor }: RequestOf<typeof DeleteScenario>): Promise<void> {
    return this.scenarios.delete(params.botId, params.key, actor);
  }
}
