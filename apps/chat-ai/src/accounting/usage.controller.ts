import { Controller } from '@nestjs/common';
import { ReadUsage, ReadUsageSeries } from '@switchboard/contracts';
import { type AnswerOf, Implements, type RequestOf } from '@switchboard/service-kit';
import { UsageService } from './usage.service';

@Controller()
export class UsageController {
  constructor(private readonly usage: UsageService) {}

  @Implements(ReadUsage)
  async read({ query: { from, to }, actor }: RequestOf<typeof ReadUsage>): Promise<AnswerOf<typeof ReadUsage>> {
    return { from, to, totals: await this.usage.totals(from, to, actor.bots) };
  }

  @Implements(ReadUsageSeries)
  async series({ query, actor }: RequestOf<typeof ReadUsageSeries>): Promise<AnswerOf<typeof ReadUsageSeries>> {
    const { from, to } = query;
    return { from, to, points: await this.usage.series(query, actor.bots) };
  }
}
