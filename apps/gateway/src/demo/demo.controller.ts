import { Controller } from '@nestjs/common';
import { ReadDemo, RemoveDemoPeople, TakeDemoPeople } from '@switchboard/contracts';
import { type AnswerOf, Implements, type RequestOf } from '@switchboard/service-kit';
import { DemoService } from './demo.service';

@Controller()
export class DemoController {
  constructor(private readonly demo: DemoService) {}

  @Implements(ReadDemo)
  async read(): Promise<AnswerOf<typeof ReadDemo>> {
    return { isThere: await this.demo.isThere() };
  }

  @Implements(TakeDemoPeople)
  async take({ body }: RequestOf<typeof TakeDemoPeople>): Promise<AnswerOf<typeof TakeDemoPeople>> {
    return { taken: await this.demo.take(body.people) };
  }

  @Implements(RemoveDemoPeople)
  async remove(): Promise<AnswerOf<typeof RemoveDemoPeople>> {
    return { removed: await this.demo.remove() };
  }
}
