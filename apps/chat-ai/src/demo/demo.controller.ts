import { Controller } from '@nestjs/common';
import { RemoveDemoTurns, TakeDemoTurns } from '@switchboard/contracts';
import { type AnswerOf, Implements, type RequestOf } from '@switchboard/service-kit';
import { DemoService } from './demo.service';

@Controller()
export class DemoController {
  constructor(private readonly demo: DemoService) {}

  @Implements(TakeDemoTurns)
  async take({ body }: RequestOf<typeof TakeDemoTurns>): Promise<AnswerOf<typeof TakeDemoTurns>> {
    return { taken: await this.demo.take(body.turns) };
  }

  @Implements(RemoveDemoTurns)
  async remove(): Promise<AnswerOf<typeof RemoveDemoTurns>> {
    return { removed: await this.demo.remove() };
  }
}
