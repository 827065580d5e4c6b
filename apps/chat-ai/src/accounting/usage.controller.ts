import { Controller } from '@nestjs/common';
import { ReadUsage } from '@switchboard/contracts';
import { type AnswerOf, Implements, type RequestOf } from '@switchboard/service-kit';
import { UsageService } from './usage.service';

@Controller()
export class UsageController {
  constructor(private readonly usage: UsageService) {}

  @Implements(ReadUsage)
  async read({ query: { from, to } }: RequestOf<typeof ReadUsage>): Promise<AnswerOf<typeof ReadUsage>> {
    return { from, to, totals: await this.usage.totals(from, to) };
  }
}
