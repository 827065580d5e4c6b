import { Controller } from '@nestjs/common';
import { TryPrompt } from '@switchboard/contracts';
import { type AnswerOf, Implements, type RequestOf } from '@switchboard/service-kit';
import { TryOutsService } from './try-outs.service';

@Controller()
export class TryOutsController {
  constructor(private readonly tryOuts: TryOutsService) {}

  @Implements(TryPrompt)
  tryPrompt({ params, body, signal }: RequestOf<typeof TryPrompt>): Promise<AnswerOf<typeof TryPrompt>> {
    return this.tryOuts.begin(params.botId, body, signal);
  }
}
