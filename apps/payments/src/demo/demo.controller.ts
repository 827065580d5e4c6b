import { Controller } from '@nestjs/common';
import { RemoveDemoSales, TakeDemoSales } from '@switchboard/contracts';
import { type AnswerOf, Implements, type RequestOf } from '@switchboard/service-kit';
import { DemoService } from './demo.service';

@Controller()
export class DemoController {
  constructor(private readonly demo: DemoService) {}

  @Implements(TakeDemoSales)
  async take(request: RequestOf<typeof TakeDemoSales>): Promise<AnswerOf<typeof TakeDemoSales>> {
    return { taken: await this.demo.take(request) };
  }

  @Implements(RemoveDemoSales)
  async remove(): Promise<AnswerOf<typeof RemoveDemoSales>> {
    return { removed: await this.demo.remove() };
  }
}
