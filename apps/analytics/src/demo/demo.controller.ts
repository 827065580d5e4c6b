import { Controller } from '@nestjs/common';
import { RemoveDemoEvents, TakeDemoEvents, TakeDemoExperiment } from '@switchboard/contracts';
import { type AnswerOf, Implements, type RequestOf } from '@switchboard/service-kit';
import { DemoService } from './demo.service';

@Controller()
export class DemoController {
  constructor(private readonly demo: DemoService) {}

  @Implements(TakeDemoEvents)
  take({ body }: RequestOf<typeof TakeDemoEvents>): Promise<AnswerOf<typeof TakeDemoEvents>> {
    return this.demo.take(body.events);
  }

  @Implements(TakeDemoExperiment)
  experiment({ params, body }: RequestOf<typeof TakeDemoExperiment>): Promise<void> {
    return this.demo.takeExperiment(params.experimentId, body);
  }

  @Implements(RemoveDemoEvents)
  remove(): Promise<AnswerOf<typeof RemoveDemoEvents>> {
    return this.demo.remove();
  }
}
